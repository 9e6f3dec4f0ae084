using System.Buffers;
using System.Collections.Frozen;
using System.Text;

namespace PipeServer.Http;

/// <summary>The trailer section of a response (RFC 9112 §7.1.2): what may stand in it, and how it is written. Pure.</summary>
internal static class ResponseTrailers
{
    // RFC 9110 §6.5.1 and, name by name, RFC 7230 §4.1.2: beside what a request's trailers may not have, what controls the response (caching,
    // redirects, authentication), and what a recipient has to know before the content. Digests of the content are what trailers are for. In lower case.
    private static readonly FrozenSet<string> Forbidden = FrozenSet.ToFrozenSet(
        [
            "age", "alt-svc", "expires", "location", "retry-after", "vary", "warning", "www-authenticate", "proxy-authenticate", "allow",
            "accept-ranges", "content-disposition", "content-language", "content-location", "content-security-policy", "strict-transport-security",
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>True when a field must not be sent as a trailer.</summary>
    public static bool IsForbidden(ReadOnlySpan<byte> name) =>
        TrailerFields.IsForbidden(name) || Forbidden.Contains(Encoding.Latin1.GetString(name));

    /// <summary>Writes the last chunk and the trailers behind it, which the caller has validated.</summary>
    public static void WriteEnd(IBufferWriter<byte> output, HeaderFields trailers)
    {
        output.Write("0\r\n"u8);
        if (trailers.TryGetLines(out var lines))
        {
            output.Write(lines);
        }
        else
        {
            for (var index = 0; index < trailers.Count; index++)
            {
                output.Write(trailers.Name(index));
                output.Write(": "u8);
                output.Write(trailers.Value(index));
                output.Write("\r\n"u8);
            }
        }

        output.Write("\r\n"u8);
    }
}
