using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace PipeServer.Http;

/// <summary>The path of <see cref="RequestTarget.Path"/>, which is bytes, as text. Thread-safe.</summary>
internal static class RequestPath
{
    // RFC 3986 §3.3: pchar = unreserved / pct-encoded / sub-delims / ":" / "@"
    private static readonly SearchValues<byte> Unescaped =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/"u8);

    /// <summary>
    /// As text to read. Bytes that are not UTF-8 stay percent-encoded, each by itself: so nothing becomes a character that it is not, least of
    /// all an overlong form of a slash or a dot.
    /// </summary>
    /// <param name="path">The decoded bytes.</param>
    /// <param name="slash">What stands for a slash that was sent encoded.</param>
    public static string ToText(ReadOnlySpan<byte> path, string slash)
    {
        if (Utf8.IsValid(path))
        {
            var text = Encoding.UTF8.GetString(path);
            return path.Contains(RequestTarget.EncodedSlash) ? text.Replace("\0", slash, StringComparison.Ordinal) : text;
        }

        var builder = new StringBuilder(path.Length + 16);
        while (!path.IsEmpty)
        {
            var isValid = Rune.DecodeFromUtf8(path, out var rune, out var length) == OperationStatus.Done;
            if (path[0] == RequestTarget.EncodedSlash)
            {
                builder.Append(slash);
            }
            else if (isValid)
            {
                builder.Append(rune.ToString());
            }
            else
            {
                foreach (var value in path[..length])
                {
                    Escape(builder, value);
                }
            }

            path = path[length..];
        }

        return builder.ToString();
    }

    /// <summary>Percent-encoded again, in one spelling: nothing is lost, and equal paths are equal texts.</summary>
    public static string ToEscaped(ReadOnlySpan<byte> path)
    {
        if (!path.ContainsAnyExcept(Unescaped))
        {
            return Encoding.ASCII.GetString(path);
        }

        var builder = new StringBuilder(path.Length + 16);
        foreach (var value in path)
        {
            if (Unescaped.Contains(value))
            {
                builder.Append((char)value);
            }
            else
            {
                Escape(builder, value == RequestTarget.EncodedSlash ? (byte)'/' : value);
            }
        }

        return builder.ToString();
    }

    private static void Escape(StringBuilder builder, byte value) =>
        builder.Append('%').Append("0123456789ABCDEF"[value >> 4]).Append("0123456789ABCDEF"[value & 15]);
}
