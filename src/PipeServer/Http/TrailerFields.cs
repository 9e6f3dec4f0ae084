using System.Text;

namespace PipeServer.Http;

/// <summary>
/// The trailer section of a chunked body: its lines, gathered byte by byte, as fields of their own that are never merged
/// into the header fields. Reused from request to request.
/// </summary>
internal sealed class TrailerFields
{
    // Trailers are rare and short: what a long line has needed is not kept.
    private const int KeptLineBytes = 1024;

    // RFC 9110 §6.5.1: fields that are needed before the body, because they frame it, route or authenticate the request,
    // or change how it is to be handled. In lower case.
    private static readonly HashSet<string> Forbidden = new(StringComparer.Ordinal)
    {
        "content-length", "transfer-encoding", "content_length", "transfer_encoding", "trailer", "te", "connection",
        "keep-alive", "proxy-connection", "upgrade", "expect", "host", "forwarded", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-proto", "x-real-ip", "via", "max-forwards", "authorization", "proxy-authorization", "cookie",
        "set-cookie", "content-encoding", "content-type", "content-range", "range", "if-match", "if-none-match",
        "if-modified-since", "if-unmodified-since", "if-range", "cache-control", "pragma", "date", "server",
        "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-server", "x-http-method-override", "origin", "early-data", "http2-settings",
        "age", "expires", "location", "retry-after", "vary", "www-authenticate", "proxy-authenticate",
    };

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> ForbiddenBySpan =
        Forbidden.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly int LongestForbidden = Forbidden.Max(static name => name.Length);

    private byte[] _line = [];
    private int _length;
    private int _nameLength;

    /// <summary>The fields that may be used; those that RFC 9110 §6.5.1 forbids here have been discarded.</summary>
    public HeaderFields Fields { get; } = new();

    public void Clear()
    {
        Fields.Clear();
        _length = 0;
        if (_line.Length > KeptLineBytes)
        {
            _line = [];
        }
    }

    /// <summary>Forgets all, and gives back what it has needed.</summary>
    public void Release()
    {
        Clear();
        Fields.Release();
    }

    /// <summary>Adds a byte of the name or the value.</summary>
    public void Append(byte value)
    {
        if (_length == _line.Length)
        {
            Array.Resize(ref _line, Math.Max(64, _length * 2));
        }

        _line[_length++] = value;
    }

    /// <summary>The name has ended.</summary>
    public void EndName() => _nameLength = _length;

    /// <summary>The value, and with it the line, has ended.</summary>
    public void EndLine()
    {
        var name = _line.AsSpan(0, _nameLength);
        if (!IsForbidden(name))
        {
            Fields.Append(name, HttpCharacters.TrimOws(_line.AsSpan(_nameLength, _length - _nameLength)));
        }

        _length = 0;
    }

    /// <summary>True for a field that has no meaning behind a body.</summary>
    public static bool IsForbidden(ReadOnlySpan<byte> name)
    {
        if (name.Length > LongestForbidden)
        {
            return false;
        }

        Span<char> lower = stackalloc char[LongestForbidden];
        return Ascii.ToLower(name, lower, out var length) == System.Buffers.OperationStatus.Done
            && ForbiddenBySpan.Contains(lower[..length]);
    }
}
