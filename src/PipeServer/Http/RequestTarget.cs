using System.Runtime.CompilerServices;
using System.Text;

namespace PipeServer.Http;

/// <summary>
/// The request target, understood once: its form, where path and query lie, and the path that everything else goes by,
/// decoded once and free of dot segments. Reused from request to request.
/// </summary>
internal sealed class RequestTarget
{
    /// <summary>
    /// Stands in <see cref="Path"/> for a slash that was sent as <c>%2F</c>: it is a character of its segment and must
    /// never become a separator. NUL is free for that because <c>%00</c> is refused.
    /// </summary>
    public const byte EncodedSlash = 0;

    private byte[] _decoded = [];
    private int _decodedLength = -1; // -1: the path as sent needs no decoding
    private int _pathStart;
    private int _pathLength;
    private int _queryStart;
    private int _queryLength;

    public TargetForm Form { get; private set; }

    /// <summary>True in absolute form (RFC 9112 §3.2.2), which names host and port itself.</summary>
    public bool HasAuthority => AuthorityLength > 0;

    /// <summary>Where host and port of an absolute target begin in it.</summary>
    public int AuthorityStart { get; private set; }

    /// <summary>How long they are; 0 in the other forms.</summary>
    public int AuthorityLength { get; private set; }

    /// <summary>What is wrong with the target of a request whose framing is right; the connection stays usable.</summary>
    public RequestError PathError { get; private set; }

    /// <summary>True when there is a <c>?</c>, even with nothing after it.</summary>
    public bool HasQuery => _queryStart >= 0;

    /// <summary>The decoded path without dot segments, always starting with a slash; see <see cref="EncodedSlash"/>.</summary>
    /// <param name="target">The target's bytes, wherever they are now.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Path(ReadOnlySpan<byte> target) =>
        _decodedLength < 0 && _pathLength > 0 ? target.Slice(_pathStart, _pathLength) : OtherPath();

    /// <summary>The query as it was sent, without its <c>?</c>.</summary>
    /// <param name="target">The target's bytes, wherever they are now.</param>
    public ReadOnlySpan<byte> Query(ReadOnlySpan<byte> target) =>
        HasQuery ? target.Slice(_queryStart, _queryLength) : default;

    /// <summary>
    /// Takes a target apart.
    /// request-target = origin-form / absolute-form / authority-form / asterisk-form
    /// </summary>
    /// <param name="target">The bytes between the two spaces of the request line; not empty.</param>
    /// <param name="method">Two of the forms belong to one method each.</param>
    /// <returns>An error that ends the connection, or none; <see cref="PathError"/> has the other kind.</returns>
    public RequestError Parse(ReadOnlySpan<byte> target, RequestMethod method)
    {
        PathError = RequestError.None;
        Form = TargetForm.Origin;
        (_pathStart, _pathLength, _queryStart, _queryLength, _decodedLength) = (0, 0, -1, 0, -1);
        AuthorityLength = 0;
        if (target.ContainsAnyExcept(HttpCharacters.Target))
        {
            return RequestError.BadTarget;
        }

        if (method == RequestMethod.Connect)
        {
            Form = TargetForm.Authority;
            return Authority.TryParse(target, out var end) && end.Port != Authority.NoPort
                ? RequestError.None
                : RequestError.BadTarget;
        }

        if (target[0] == (byte)'/')
        {
            return SetPathAndQuery(target, 0);
        }

        if (target[0] == (byte)'*')
        {
            Form = TargetForm.Asterisk;
            return target.Length == 1 && method == RequestMethod.Options ? RequestError.None : RequestError.BadTarget;
        }

        return ParseAbsolute(target, method);
    }

    /// <summary>Notes a target in origin form, all of whose bytes may stand there, and whose path stands as it was sent.</summary>
    /// <param name="pathLength">The length of the path, at the target's start.</param>
    /// <param name="targetLength">The target's length; with a query it is longer than the path.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetPlain(int pathLength, int targetLength)
    {
        PathError = RequestError.None;
        Form = TargetForm.Origin;
        AuthorityLength = 0;
        _decodedLength = -1;
        _pathStart = 0;
        _pathLength = pathLength;
        var hasQuery = targetLength > pathLength;
        _queryStart = hasQuery ? pathLength + 1 : -1;
        _queryLength = hasQuery ? targetLength - pathLength - 1 : 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ReadOnlySpan<byte> OtherPath() => _decodedLength >= 0 ? _decoded.AsSpan(0, _decodedLength) : "/"u8;

    // absolute-form = absolute-URI, of which an origin server takes "http" and "https" (RFC 9110 §4.2)
    private RequestError ParseAbsolute(ReadOnlySpan<byte> target, RequestMethod method)
    {
        Form = TargetForm.Absolute;
        int start;
        if (target.Length > 7 && Ascii.EqualsIgnoreCase(target[..7], "http://"u8))
        {
            start = 7;
        }
        else if (target.Length > 8 && Ascii.EqualsIgnoreCase(target[..8], "https://"u8))
        {
            start = 8;
        }
        else
        {
            return RequestError.BadTarget;
        }

        var length = target[start..].IndexOfAny((byte)'/', (byte)'?');
        var end = length < 0 ? target.Length : start + length;
        if (!Authority.TryParse(target[start..end], out _))
        {
            return RequestError.BadTarget;
        }

        (AuthorityStart, AuthorityLength) = (start, end - start);

        if (end == target.Length && method == RequestMethod.Options)
        {
            Form = TargetForm.Asterisk;
            return RequestError.None;
        }

        return SetPathAndQuery(target, end);
    }

    // query: data, whatever its escapes stand for, and whether they are escapes. Nothing here decodes it, so nothing here can be misled.
    private RequestError SetPathAndQuery(ReadOnlySpan<byte> target, int start)
    {
        _pathStart = start;
        var question = target[start..].IndexOf((byte)'?');
        _pathLength = question < 0 ? target.Length - start : question;
        if (question >= 0)
        {
            _queryStart = start + question + 1;
            _queryLength = target.Length - _queryStart;
        }

        var path = target.Slice(start, _pathLength);
        var hasSpecial = path.ContainsAny((byte)'%', (byte)'\\');
        if (hasSpecial && path.Contains((byte)'\\'))
        {
            return RequestError.BadTarget; // some proxies take it for a slash, and browsers never send it here
        }

        if (hasSpecial || path.IndexOf("/."u8) >= 0)
        {
            PathError = Normalize(path);
        }

        return RequestError.None;
    }

    /// <summary>Gives back what the decoding of a long path has needed.</summary>
    public void Release(int keptBytes)
    {
        if (_decoded.Length > keptBytes)
        {
            _decoded = [];
            (_decodedLength, _pathLength) = (-1, 0); // the last request's path went with it
        }
    }

    // Decodes each segment once, then removes dot segments (RFC 3986 §5.2.4) in the same pass. A "%2e" is a dot by
    // §6.2.2.2, so "%2e%2e" counts as "..".
    private RequestError Normalize(ReadOnlySpan<byte> path)
    {
        if (_decoded.Length < path.Length + 1)
        {
            _decoded = new byte[Math.Max(256, path.Length + 1)];
        }

        var length = 0;
        var at = 0;
        while (at < path.Length)
        {
            at++; // the slash that starts the segment
            var slash = path[at..].IndexOf((byte)'/');
            var end = slash < 0 ? path.Length : at + slash;
            var segmentStart = length;
            _decoded[length++] = (byte)'/';
            var error = Decode(path[at..end], ref length);
            if (error != RequestError.None)
            {
                return error;
            }

            var segment = _decoded.AsSpan((segmentStart + 1)..length);
            var isDot = segment.SequenceEqual("."u8);
            var isDotDot = segment.SequenceEqual(".."u8);
            if (isDot || isDotDot)
            {
                length = segmentStart;
                if (isDotDot)
                {
                    if (length == 0)
                    {
                        return RequestError.PathAboveRoot;
                    }

                    length = _decoded.AsSpan(0, length).LastIndexOf((byte)'/');
                }

                if (end == path.Length)
                {
                    _decoded[length++] = (byte)'/';
                }
            }

            at = end;
        }

        _decodedLength = length;

        // Not necessarily UTF-8: a file's name need not be. Nothing is made of an overlong form, so it is two bytes of a name, not a slash.
        return RequestError.None;
    }

    private RequestError Decode(ReadOnlySpan<byte> segment, ref int length)
    {
        for (var at = 0; at < segment.Length; at++)
        {
            var value = segment[at];
            if (value == (byte)'%')
            {
                if (!PercentEncoding.TryDecode(segment[at..], out value))
                {
                    return RequestError.BadPercentEncoding;
                }

                at += 2;
                if (value == (byte)'/')
                {
                    value = EncodedSlash;
                }
            }

            _decoded[length++] = value;
        }

        return RequestError.None;
    }
}
