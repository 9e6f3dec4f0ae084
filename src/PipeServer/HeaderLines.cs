using System.Text;
using PipeServer.Http;

namespace PipeServer;

/// <summary>
/// Response fields that are validated and encoded once and added to many responses, by <see cref="HeaderCollection.AddLines"/>: one copy, and nothing
/// is allocated. Immutable; any number of threads may use it at once.
/// </summary>
public sealed class HeaderLines
{
    private readonly byte[] _bytes;
    private readonly HeaderField[] _fields;

    /// <summary>Validates and encodes fields.</summary>
    /// <param name="fields">Names and values, in the order in which they are sent. A name may come more than once.</param>
    /// <exception cref="ArgumentException">
    /// A name is not a token, or a value holds a control character or one beyond U+00FF, which a header cannot carry.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A field is set by the server for each response: Content-Length, Connection, Date, Transfer-Encoding.
    /// </exception>
    public HeaderLines(IEnumerable<KeyValuePair<string, string>> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        var lines = new StringBuilder();
        var slices = new List<HeaderField>();
        foreach (var (name, value) in fields)
        {
            var known = HeaderCollection.Validate(name, value);
            var trimmed = value.Trim(' ', '\t');
            slices.Add(new HeaderField(lines.Length, name.Length, lines.Length + name.Length + 2, trimmed.Length, known));
            lines.Append(name).Append(": ").Append(trimmed).Append("\r\n");
            HasContentType |= known == KnownHeader.ContentType;
        }

        _fields = [.. slices];
        _bytes = Encoding.Latin1.GetBytes(lines.ToString());
    }

    /// <summary>How many field lines there are.</summary>
    public int Count => _fields.Length;

    /// <summary>There is a Content-Type among them.</summary>
    internal bool HasContentType { get; }

    /// <summary>The lines with their line ends.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Where names and values lie in them.</summary>
    internal ReadOnlySpan<HeaderField> Fields => _fields;

    /// <summary>The lines as they are sent.</summary>
    public override string ToString() => Encoding.Latin1.GetString(_bytes);
}
