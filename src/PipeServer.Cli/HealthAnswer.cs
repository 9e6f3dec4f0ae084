using System.Buffers.Text;
using System.Text;

namespace PipeServer.Cli;

/// <summary>
/// What has come of an answer so far: its status, and whether that is all of it (RFC 9112 §4 and §6.3). A line may end with LF alone (§2.2): what
/// is asked can be any server.
/// </summary>
/// <param name="Status">The status of the answer itself, behind interim ones (1xx, RFC 9110 §15.2); null before the end of its head.</param>
/// <param name="IsWhole">Nothing more belongs to it; null for an answer that ends with its connection.</param>
/// <param name="IsMalformed">It is no answer of HTTP/1.0 or 1.1, whatever may follow.</param>
internal readonly record struct HealthAnswer(int? Status, bool? IsWhole, bool IsMalformed)
{
    private const int StatusEnd = 12; // "HTTP/1.1 200"

    private static readonly HealthAnswer Malformed = new(null, IsWhole: false, IsMalformed: true);
    private static readonly HealthAnswer Unfinished = new(null, IsWhole: false, IsMalformed: false);

    private static ReadOnlySpan<byte> Version => "HTTP/1."u8;

    /// <summary>200 to 399, which is what Kubernetes takes for healthy too.</summary>
    public bool IsHealthy => Status is >= 200 and < 400;

    /// <summary>Reads what has come so far.</summary>
    public static HealthAnswer In(ReadOnlySpan<byte> answer)
    {
        while (true)
        {
            var begin = answer[..Math.Min(answer.Length, Version.Length)];
            if (!Version.StartsWith(begin))
            {
                return Malformed;
            }

            if (!TryReadLine(ref answer, out var line))
            {
                return Unfinished;
            }

            if (line.Length < StatusEnd || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' '
                || !Utf8Parser.TryParse(line[9..StatusEnd], out int status, out var digits) || digits != 3 || status is < 100 or > 599
                || (line.Length > StatusEnd && line[StatusEnd] != ' '))
            {
                return Malformed;
            }

            var fields = answer;
            if (!TrySkipFields(ref answer))
            {
                return Unfinished;
            }

            if (status is >= 200 or 101)
            {
                return Finish(status, fields, answer);
            }
        }
    }

    private static HealthAnswer Finish(int status, ReadOnlySpan<byte> fields, ReadOnlySpan<byte> body)
    {
        if (status is 101 or 204 or 304)
        {
            return new HealthAnswer(status, IsWhole: true, IsMalformed: false);
        }

        long? length = null;
        var (isCoded, isChunked) = (false, false);
        while (TryReadLine(ref fields, out var line) && !line.IsEmpty)
        {
            if (TryGetValue(line, "Content-Length"u8, out var value))
            {
                if (!Utf8Parser.TryParse(value, out long bytes, out var digits) || digits != value.Length || value[0] is < (byte)'0' or > (byte)'9')
                {
                    return Malformed;
                }

                length = bytes;
            }
            else if (TryGetValue(line, "Transfer-Encoding"u8, out value))
            {
                isCoded = true;
                isChunked = Ascii.EqualsIgnoreCase(value[^Math.Min(value.Length, "chunked".Length)..], "chunked"u8); // the last coding
            }
        }

        if (isChunked)
        {
            return OfChunks(status, body);
        }

        return new HealthAnswer(status, !isCoded && length is { } whole ? body.Length >= whole : null, IsMalformed: false);
    }

    private static HealthAnswer OfChunks(int status, ReadOnlySpan<byte> body)
    {
        var unfinished = new HealthAnswer(status, IsWhole: false, IsMalformed: false);
        while (TryReadLine(ref body, out var line))
        {
            if (!Utf8Parser.TryParse(line, out long size, out _, 'x') || size < 0)
            {
                return Malformed;
            }

            if (size == 0)
            {
                return unfinished with { IsWhole = TrySkipFields(ref body) }; // trailers
            }

            if (body.Length <= size)
            {
                return unfinished;
            }

            body = body[(int)size..];
            if (!TryReadLine(ref body, out line))
            {
                return unfinished;
            }

            if (!line.IsEmpty)
            {
                return Malformed;
            }
        }

        return unfinished;
    }

    // Goes behind the empty line that ends fields.
    private static bool TrySkipFields(ref ReadOnlySpan<byte> rest)
    {
        while (TryReadLine(ref rest, out var line))
        {
            if (line.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryReadLine(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> line)
    {
        var end = rest.IndexOf((byte)'\n');
        if (end < 0)
        {
            line = default;
            return false;
        }

        line = rest[..(end > 0 && rest[end - 1] == '\r' ? end - 1 : end)];
        rest = rest[(end + 1)..];
        return true;
    }

    private static bool TryGetValue(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var isIt = line.Length > name.Length && line[name.Length] == ':' && Ascii.EqualsIgnoreCase(line[..name.Length], name);
        value = isIt ? line[(name.Length + 1)..].Trim(" \t"u8) : default;
        return isIt;
    }
}
