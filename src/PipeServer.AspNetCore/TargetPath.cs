using System.Buffers;
using System.Globalization;
using System.Text;

namespace PipeServer.AspNetCore;

/// <summary>
/// A request's path as ASP.NET Core has it: decoded, but for encoded slashes and bytes that are not UTF-8, which stay as the client has written them. The
/// server's own path has those in capitals (RFC 3986 §6.2.2.1).
/// </summary>
internal static class TargetPath
{
    private const byte EncodedSlash = 0; // no escape that the server lets through stands for it

    private static readonly SearchValues<byte> SmallLetters = SearchValues.Create("abcdef"u8);

    /// <summary>The path of a request; empty where it asks about the server as a whole, by <c>*</c> (RFC 9112 §3.2.4).</summary>
    public static string Of(HttpRequest request)
    {
        var target = request.TargetBytes;
        if (target is not [(byte)'/', ..])
        {
            return target is [(byte)'*'] ? "" : request.Path;
        }

        var end = target.IndexOf((byte)'?');
        var path = end < 0 ? target : target[..end];
        return HasSmallEscape(path) && !MayHaveDotSegment(path) ? Decode(path) : request.Path;
    }

    // Else nothing can be written in another way than it was sent. Every escape is whole, or the server had refused the target.
    private static bool HasSmallEscape(ReadOnlySpan<byte> path)
    {
        while (path.IndexOf((byte)'%') is >= 0 and var at)
        {
            if (path.Slice(at + 1, 2).ContainsAny(SmallLetters))
            {
                return true;
            }

            path = path[(at + 3)..];
        }

        return false;
    }

    // What becomes of them is the server's business.
    private static bool MayHaveDotSegment(ReadOnlySpan<byte> path) =>
        path.IndexOf("/."u8) >= 0 || path.IndexOf("%2e"u8) >= 0 || path.IndexOf("%2E"u8) >= 0;

    private static string Decode(ReadOnlySpan<byte> path)
    {
        var (bytes, places) = (new byte[path.Length], new int[path.Length]); // a decoded byte, and where it stands in the path
        var count = 0;
        for (var at = 0; at < path.Length; count++)
        {
            var isEscape = path[at] == (byte)'%';
            var value = isEscape ? byte.Parse(path.Slice(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : path[at];
            (bytes[count], places[count]) = (isEscape && value == (byte)'/' ? EncodedSlash : value, at);
            at += isEscape ? 3 : 1;
        }

        var text = new StringBuilder(path.Length);
        for (var next = 0; next < count;)
        {
            var isValid = Rune.DecodeFromUtf8(bytes.AsSpan(next, count - next), out var rune, out var length) == OperationStatus.Done;
            if (isValid && bytes[next] != EncodedSlash)
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (var place in places.AsSpan(next, length))
                {
                    text.Append(Encoding.ASCII.GetString(path.Slice(place, 3)));
                }
            }

            next += length;
        }

        return text.ToString();
    }
}
