using System.Buffers.Text;

namespace PipeServer.Http;

/// <summary>
/// The Server and Date fields as one pre-encoded block. RFC 9110 §6.6.1: Date = HTTP-date, of which IMF-fixdate is sent.
/// </summary>
internal static class DateHeader
{
    private static ReadOnlySpan<byte> ServerLine => "Server: PipeServer\r\n"u8;

    /// <summary><c>Server</c> and <c>Date</c> lines with their line ends.</summary>
    public static byte[] CreateBlock(DateTimeOffset now)
    {
        var prefix = "Server: PipeServer\r\nDate: "u8;
        var block = new byte[prefix.Length + 29 + 2];
        prefix.CopyTo(block);
        Utf8Formatter.TryFormat(now, block.AsSpan(prefix.Length), out _, new System.Buffers.StandardFormat('R'));
        "\r\n"u8.CopyTo(block.AsSpan(prefix.Length + 29));
        return block;
    }

    /// <summary>The part of the block without the Server line, for a handler that set its own.</summary>
    public static ReadOnlySpan<byte> WithoutServer(ReadOnlySpan<byte> block) => block[ServerLine.Length..];

    /// <summary>An HTTP-date as text, for Last-Modified and its like.</summary>
    public static string Format(DateTimeOffset value) =>
        value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}
