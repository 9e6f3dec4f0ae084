using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace PipeServer;

/// <summary>
/// The permissions of a unix socket's file: a <see cref="UnixFileMode"/> that has a text form, octal as chmod(1) writes it, <c>660</c> or
/// <c>0660</c>. Configuration binds it from that; in code a <see cref="UnixFileMode"/> does. Immutable.
/// </summary>
/// <remarks>A type of its own, because a binder reads the digits of an enumeration as decimal: <c>440</c> would be <c>rw-rwx---</c>.</remarks>
[TypeConverter(typeof(SocketFileModeConverter))]
public sealed class SocketFileMode : IParsable<SocketFileMode>, IEquatable<SocketFileMode>
{
    private SocketFileMode(UnixFileMode value) => Value = value;

    /// <summary>The permissions.</summary>
    public UnixFileMode Value { get; }

    /// <summary>Permissions as they are.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    public static implicit operator SocketFileMode?(UnixFileMode? value) => FromUnixFileMode(value);

    /// <summary>The permissions.</summary>
    public static implicit operator UnixFileMode?(SocketFileMode? mode) => mode?.Value;

    /// <summary>Whether two are the same permissions.</summary>
    public static bool operator ==(SocketFileMode? left, SocketFileMode? right) => Equals(left, right);

    /// <summary>Whether two are different permissions.</summary>
    public static bool operator !=(SocketFileMode? left, SocketFileMode? right) => !Equals(left, right);

    /// <summary>Permissions as they are; null for null.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    public static SocketFileMode? FromUnixFileMode(UnixFileMode? value) => value is { } mode ? new SocketFileMode(mode) : null;

    /// <summary>Reads the text form; the names of <see cref="UnixFileMode"/> with commas in between do as well.</summary>
    /// <exception cref="FormatException">The text is neither; the message says what is expected.</exception>
    public static SocketFileMode Parse(string s) => TryParse(s, provider: null, out var mode)
        ? mode
        : throw new FormatException($"'{s}' is not the mode of a socket's file: it must be octal, from 0 to 777, like 660.");

    /// <inheritdoc cref="Parse(string)"/>
    public static SocketFileMode Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out SocketFileMode result)
    {
        result = s is null ? null
            : HttpEndpointText.TryReadMode(s, out var mode) ? new SocketFileMode(mode)
            : s.AsSpan().IndexOfAnyInRange('0', '9') < 0 && Enum.TryParse<UnixFileMode>(s, ignoreCase: true, out mode) ? new SocketFileMode(mode)
            : null;
        return result is not null;
    }

    /// <inheritdoc/>
    public bool Equals(SocketFileMode? other) => other is not null && Value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SocketFileMode);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Value;

    /// <summary>The text form.</summary>
    public override string ToString() => HttpEndpointText.WriteMode(Value);
}
