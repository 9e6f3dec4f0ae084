using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace PipeServer;

/// <summary>
/// An address to listen on: an <see cref="IPAddress"/> that has a text form, <c>127.0.0.1</c>, <c>0.0.0.0</c>, <c>::1</c>, <c>::</c> or
/// <c>localhost</c>, which is every loopback address that there is, with one port for all. Configuration binds it from that; in code an
/// <see cref="IPAddress"/> does. Immutable.
/// </summary>
/// <remarks>A type of its own, because <see cref="IPAddress"/> has no <see cref="TypeConverter"/>: a binder ignores it without a word.</remarks>
[TypeConverter(typeof(BindAddressConverter))]
public sealed class BindAddress : IParsable<BindAddress>, IEquatable<BindAddress>
{
    private BindAddress(IPAddress value, bool isLocalhost = false) => (Value, IsLocalhost) = (value, isLocalhost);

    /// <summary>Every loopback address that localhost names, normally 127.0.0.1 and ::1; see <see cref="HttpEndpoint.Localhost"/>.</summary>
    public static BindAddress Localhost { get; } = new(IPAddress.Loopback, isLocalhost: true);

    /// <summary>The address; 127.0.0.1 for <see cref="Localhost"/>.</summary>
    public IPAddress Value { get; }

    /// <summary>True for <see cref="Localhost"/>, which may be several addresses.</summary>
    public bool IsLocalhost { get; }

    /// <summary>An address as it is.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    public static implicit operator BindAddress?(IPAddress? value) => FromIPAddress(value);

    /// <summary>The address.</summary>
    [return: NotNullIfNotNull(nameof(address))]
    public static implicit operator IPAddress?(BindAddress? address) => address?.Value;

    /// <summary>Whether two are the same address.</summary>
    public static bool operator ==(BindAddress? left, BindAddress? right) => Equals(left, right);

    /// <summary>Whether two are different addresses.</summary>
    public static bool operator !=(BindAddress? left, BindAddress? right) => !Equals(left, right);

    /// <summary>An address as it is; null for null.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    public static BindAddress? FromIPAddress(IPAddress? value) => value is null ? null : new BindAddress(value);

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is not an address to listen on; the message says what is expected.</exception>
    public static BindAddress Parse(string s) => TryParse(s, provider: null, out var address)
        ? address
        : throw new FormatException($"'{s}' is not an address to listen on: it must be an IPv4 or IPv6 address without a port, or localhost; "
            + "0.0.0.0 or :: for all.");

    /// <inheritdoc cref="Parse(string)"/>
    public static BindAddress Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out BindAddress result)
    {
        result = null;
        if (string.Equals(s, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            result = Localhost;
        }
        else if (IPAddress.TryParse(s, out var address)
            && (address.AddressFamily == AddressFamily.InterNetwork ? address.ToString() == s : !s!.StartsWith('[')))
        {
            // Only what comes out as it was written: 8080 would be read as 0.0.31.144, and of [::1]:8080 the port would be lost.
            result = new BindAddress(address);
        }

        return result is not null;
    }

    /// <inheritdoc/>
    public bool Equals(BindAddress? other) => other is not null && Value.Equals(other.Value) && IsLocalhost == other.IsLocalhost;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as BindAddress);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode();

    /// <summary>The text form.</summary>
    public override string ToString() => IsLocalhost ? "localhost" : Value.ToString();
}
