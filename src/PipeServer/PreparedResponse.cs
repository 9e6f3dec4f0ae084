using System.Globalization;
using System.Text;
using PipeServer.Http;
using PipeServer.Http.Hpack;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>
/// A response that is encoded once and sent many times, by <see cref="HttpResponse.Send"/>, which allocates nothing. Immutable;
/// any number of threads may send it at once.
/// </summary>
public sealed class PreparedResponse
{
    // From here on it is cheaper to have the system collect a body from where it lies than to copy it behind the head.
    private const int PinnedFrom = 16 * 1024;

    /// <summary>The longest body that a source may have, in bytes: 64 KiB, which a connection holds until its client has taken them.</summary>
    public const int MaxSourceBytes = 64 * 1024;

    private readonly byte[] _encoded; // the field lines, the empty line, and the body unless it is pinned
    private readonly int _fieldsLength;

    /// <summary>Encodes a response.</summary>
    /// <param name="statusCode">200 to 999.</param>
    /// <param name="headers">Its header fields, Content-Type among them; not those that are the server's own.</param>
    /// <param name="body">Its body, which is copied.</param>
    /// <exception cref="ArgumentOutOfRangeException">The status is not a final one.</exception>
    /// <exception cref="ArgumentException">
    /// A name is not a token, a value holds a control character, or there is a body with a status that has none (204, 205, 304).
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A field is set by the server: Content-Length, Connection, Date, Transfer-Encoding.
    /// </exception>
    public PreparedResponse(int statusCode, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlyMemory<byte> body = default)
        : this(statusCode, headers, body, body.Length)
    {
    }

    private PreparedResponse(int statusCode, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlyMemory<byte> body, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, 999);
        ArgumentNullException.ThrowIfNull(headers);
        var allowsBody = StatusLine.AllowsBody(statusCode);
        if (!allowsBody && length > 0)
        {
            throw new ArgumentException($"A response with status {statusCode} has no body.", nameof(body));
        }

        var fields = new StringBuilder();
        if (allowsBody || statusCode == 205)
        {
            fields.Append(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n");
        }

        foreach (var (name, value) in headers)
        {
            if (name.Equals("Last-Modified", StringComparison.OrdinalIgnoreCase)
                && DateTimeOffset.TryParseExact(
                    value.Trim(' ', '\t'), "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var modified))
            {
                LastModified = Math.Max(LastModified, modified.ToUnixTimeSeconds());
            }

            HasStrictTransport |= name.Equals("Strict-Transport-Security", StringComparison.OrdinalIgnoreCase);
            HasServer |= HeaderCollection.Validate(name, value) == KnownHeader.Server;
            fields.Append(CultureInfo.InvariantCulture, $"{name}: {value.Trim(' ', '\t')}\r\n");
        }

        (StatusCode, BodyLength) = (statusCode, length);
        Pinned = body.Length >= PinnedFrom ? new PinnedBytes(body.Span) : null;
        var lines = fields.Append("\r\n").ToString();
        _fieldsLength = lines.Length - 2;
        _encoded = new byte[lines.Length + (Pinned is null ? body.Length : 0)];
        Encoding.Latin1.GetBytes(lines, _encoded);
        if (Pinned is null)
        {
            body.CopyTo(_encoded.AsMemory(lines.Length));
        }

        Body = Pinned?.Memory ?? _encoded.AsMemory(lines.Length);
    }

    /// <summary>The status code.</summary>
    public int StatusCode { get; }

    /// <summary>The body; not sent to HEAD. Empty where there is a <see cref="Source"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Where the body comes from, if it is not kept in memory; or null.</summary>
    public IBodySource? Source { get; private init; }

    /// <summary>How much memory it takes, about: the body and the encoded head.</summary>
    public int Size => Body.Length + _fieldsLength + 2;

    /// <summary>How many bytes the body has, wherever it comes from; as the head says.</summary>
    internal int BodyLength { get; }

    /// <summary>The body, where it can be sent from where it lies.</summary>
    internal PinnedBytes? Pinned { get; }

    /// <summary>There is a Server field, which goes instead of the server's own.</summary>
    internal bool HasServer { get; }

    /// <summary>There is a Strict-Transport-Security field, which goes instead of the server's own.</summary>
    internal bool HasStrictTransport { get; }

    /// <summary>The Last-Modified field in seconds since 1970, which no Date may be earlier than; without one 0.</summary>
    internal long LastModified { get; }

    /// <summary>The field lines with their line ends, Content-Length first.</summary>
    internal ReadOnlySpan<byte> Fields => _encoded.AsSpan(0, _fieldsLength);

    /// <summary>The same fields as HTTP/2 has them; made by whoever asks first.</summary>
    internal byte[] Http2Fields => field ??= ResponseBlock.EncodeLines(Fields);

    /// <summary>The lines with the empty line that ends the head.</summary>
    internal ReadOnlySpan<byte> HeadEnd => _encoded.AsSpan(0, _fieldsLength + 2);

    /// <summary>The same with the body behind it, unless it is <see cref="Pinned"/>.</summary>
    internal ReadOnlySpan<byte> HeadEndAndBody => _encoded;

    /// <summary>Encodes a response whose body is fetched from elsewhere each time; for <see cref="HttpResponse.TrySend"/>.</summary>
    /// <param name="statusCode">200 to 999.</param>
    /// <param name="headers">Its header fields, as for a response with its body in memory.</param>
    /// <param name="source">Where its body comes from.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The status is not a final one, or the body is longer than <see cref="MaxSourceBytes"/>.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// A name is not a token, a value holds a control character, or there is a body with a status that has none (204, 205, 304).
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// A field is set by the server: Content-Length, Connection, Date, Transfer-Encoding.
    /// </exception>
    public static PreparedResponse WithSource(int statusCode, IEnumerable<KeyValuePair<string, string>> headers, IBodySource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(source.Length, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, MaxSourceBytes, nameof(source));
        return new PreparedResponse(statusCode, headers, body: default, source.Length) { Source = source };
    }
}
