using System.Text;
using PipeServer.Http.Hpack;

namespace PipeServer.Http;

/// <summary>
/// The Server and Date fields as one pre-encoded block, alone and behind the status line of a 200. RFC 9110 §6.6.1: Date = HTTP-date, of
/// which IMF-fixdate is sent.
/// </summary>
internal static class DateHeader
{
    /// <summary>
    /// The length of what <see cref="CreateOkBlock"/> makes of the default fields, in bytes: more than is used, so that three instructions copy it.
    /// Only they have this length, so that the one comparison which the copy needs anyway tells them from all others.
    /// </summary>
    public const int OkBlockBytes = 96;

    /// <summary>How many bytes of that are used: status line, Server and Date.</summary>
    public const int OkBytes = OkStatusBytes + BlockBytes;

    // "HTTP/1.1 200 OK" and "Server: PipeServer", "Date: " with an IMF-fixdate, each with its line end.
    private const int OkStatusBytes = 17;
    private const int BlockBytes = 57;

    // The name of the Server field by its index, 54 of the static table, which the four bits of a literal without indexing have no room for.
    private const int Http2NameBytes = 2;
    private const byte Http2IndexAbove = 0x0F;
    private const byte ServerIndexRest = 54 - Http2IndexAbove;
    private const byte Http2LengthBits = 0x7F;

    /// <summary><c>Server</c> and <c>Date</c> lines with their line ends, or those of them that are sent.</summary>
    public static byte[] CreateBlock(DateTimeOffset now, ServerFields fields)
    {
        var lines = (fields.Server.Length > 0 ? $"Server: {fields.Server}\r\n" : "") + (fields.HasDate ? $"Date: {Format(now)}\r\n" : "");
        return Encoding.ASCII.GetBytes(lines);
    }

    /// <summary>
    /// The status line of a 200 with the same lines behind it, and zeros: of the default fields up to <see cref="OkBlockBytes"/>, of others so many more.
    /// </summary>
    public static byte[] CreateOkBlock(DateTimeOffset now, ServerFields fields)
    {
        var lines = CreateBlock(now, fields);
        var block = new byte[fields == ServerFields.Default ? OkBlockBytes : OkStatusBytes + lines.Length + OkBlockBytes];
        "HTTP/1.1 200 OK\r\n"u8.CopyTo(block);
        lines.CopyTo(block.AsSpan(OkStatusBytes));
        return block;
    }

    /// <summary>The same fields as HTTP/2 has them.</summary>
    public static byte[] CreateHttp2Block(DateTimeOffset now, ServerFields fields) => ResponseBlock.EncodeLines(CreateBlock(now, fields));

    /// <summary>The part of such a block without the Server field.</summary>
    public static ReadOnlySpan<byte> Http2WithoutServer(ReadOnlySpan<byte> block) =>
        block is [Http2IndexAbove, ServerIndexRest, var length, ..] ? block[(Http2NameBytes + 1 + (length & Http2LengthBits))..] : block;

    /// <summary>The Server and Date lines of a block that begins with a status line.</summary>
    public static ReadOnlySpan<byte> WithoutStatus(byte[] okBlock) =>
        okBlock.Length == OkBlockBytes ? DefaultWithoutStatus(okBlock) : okBlock.AsSpan(OkStatusBytes, okBlock.Length - OkBlockBytes - OkStatusBytes);

    /// <summary>The same lines of a block of <see cref="OkBlockBytes"/>, which is that of the default fields.</summary>
    public static ReadOnlySpan<byte> DefaultWithoutStatus(byte[] okBlock) => okBlock.AsSpan(OkStatusBytes, BlockBytes);

    /// <summary>The part of such lines without the Server line, for a handler that set its own.</summary>
    public static ReadOnlySpan<byte> WithoutServer(ReadOnlySpan<byte> block) => block is [(byte)'S', ..] ? block[(block.IndexOf((byte)'\n') + 1)..] : block;

    /// <summary>An HTTP-date as text, for Last-Modified and its like.</summary>
    public static string Format(DateTimeOffset value) =>
        value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}
