using System.Buffers.Text;
using PipeServer.Http.Hpack;

namespace PipeServer.Http;

/// <summary>
/// The Server and Date fields as one pre-encoded block, alone and behind the status line of a 200. RFC 9110 §6.6.1: Date = HTTP-date, of
/// which IMF-fixdate is sent.
/// </summary>
internal static class DateHeader
{
    /// <summary>
    /// The length of what <see cref="CreateOkBlock"/> makes, in bytes: more than is used, so that three instructions copy it.
    /// </summary>
    public const int OkBlockBytes = 96;

    /// <summary>How many bytes of that are used: status line, Server and Date.</summary>
    public const int OkBytes = OkStatusBytes + BlockBytes;

    // "HTTP/1.1 200 OK" and "Server: PipeServer", "Date: " with an IMF-fixdate, each with its line end.
    private const int OkStatusBytes = 17;
    private const int BlockBytes = 57;

    /// <summary>What <see cref="CreateHttp2Block"/> has at most: its fields as they are.</summary>
    public const int Http2BlockBytes = 48;

    // 54 and 33 of the static table, and "PipeServer" shortened to eight bytes.
    private const int Http2ServerBytes = 11;

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

    /// <summary>The status line of a 200 with the same lines behind it, and zeros up to <see cref="OkBlockBytes"/>.</summary>
    public static byte[] CreateOkBlock(DateTimeOffset now)
    {
        var block = new byte[OkBlockBytes];
        "HTTP/1.1 200 OK\r\n"u8.CopyTo(block);
        CreateBlock(now).CopyTo(block.AsSpan(OkStatusBytes));
        return block;
    }

    /// <summary>The same fields as HTTP/2 has them.</summary>
    public static byte[] CreateHttp2Block(DateTimeOffset now) => ResponseBlock.EncodeLines(CreateBlock(now));

    /// <summary>The part of such a block without the Server field; of an empty one, nothing.</summary>
    public static ReadOnlySpan<byte> Http2WithoutServer(ReadOnlySpan<byte> block) => block.IsEmpty ? block : block[Http2ServerBytes..];

    /// <summary>The Server and Date lines of a block that begins with a status line.</summary>
    public static ReadOnlySpan<byte> WithoutStatus(byte[] okBlock) => okBlock.AsSpan(OkStatusBytes, BlockBytes);

    /// <summary>The part of the block without the Server line, for a handler that set its own.</summary>
    public static ReadOnlySpan<byte> WithoutServer(ReadOnlySpan<byte> block) => block[ServerLine.Length..];

    /// <summary>An HTTP-date as text, for Last-Modified and its like.</summary>
    public static string Format(DateTimeOffset value) =>
        value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}
