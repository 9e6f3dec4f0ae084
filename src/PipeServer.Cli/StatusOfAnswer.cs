using System.Buffers.Text;

namespace PipeServer.Cli;

/// <summary>What the beginning of an answer says of its status (RFC 9112 §4).</summary>
/// <param name="Final">The status of the answer itself, behind interim ones (1xx, RFC 9110 §15.2); null when it is not there yet.</param>
/// <param name="IsMalformed">It is no answer of HTTP/1.0 or 1.1, whatever may follow.</param>
internal readonly record struct StatusOfAnswer(int? Final, bool IsMalformed)
{
    private const int LineBytes = 13; // "HTTP/1.1 200" and what ends the number

    private static ReadOnlySpan<byte> Version => "HTTP/1."u8;

    private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;

    /// <summary>Reads what has come so far.</summary>
    public static StatusOfAnswer In(ReadOnlySpan<byte> answer)
    {
        while (true)
        {
            if (answer.Length < LineBytes)
            {
                return new StatusOfAnswer(null, !Version.StartsWith(answer[..Math.Min(answer.Length, Version.Length)]));
            }

            if (!answer.StartsWith(Version) || answer[7] is not ((byte)'0' or (byte)'1') || answer[8] != ' '
                || !Utf8Parser.TryParse(answer[9..12], out int status, out var digits) || digits != 3 || status is < 100 or > 599
                || answer[12] is not ((byte)' ' or (byte)'\r'))
            {
                return new StatusOfAnswer(null, IsMalformed: true);
            }

            if (status is >= 200 or 101)
            {
                return new StatusOfAnswer(status, IsMalformed: false);
            }

            var end = answer.IndexOf(EndOfHead);
            if (end < 0)
            {
                return default;
            }

            answer = answer[(end + EndOfHead.Length)..];
        }
    }
}
