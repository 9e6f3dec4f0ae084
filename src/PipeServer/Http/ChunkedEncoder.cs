using System.Buffers.Text;

namespace PipeServer.Http;

/// <summary>
/// Frames response data as chunks (RFC 9112 §7.1) in the block of memory that the data is written to: room for the size
/// line is left in front, and the data moves only when the size turns out shorter than the room.
/// </summary>
internal static class ChunkedEncoder
{
    /// <summary>chunk-size line for up to 4 GiB: 8 hexadecimal digits and CRLF.</summary>
    public const int MaxPrefixBytes = 10;

    /// <summary>The CRLF behind the data.</summary>
    public const int SuffixBytes = 2;

    /// <summary>last-chunk, an empty trailer section and the CRLF that ends it.</summary>
    public static ReadOnlySpan<byte> LastChunk => "0\r\n\r\n"u8;

    /// <summary>How much room to leave in front of data that gets at most <paramref name="capacity"/> bytes long.</summary>
    public static int PrefixBytes(int capacity) => HexDigits(capacity) + 2;

    /// <summary>
    /// Turns <paramref name="prefixBytes"/> of room, <paramref name="length"/> bytes of data and two bytes of room into a
    /// chunk at the start of the block.
    /// </summary>
    /// <returns>The chunk's bytes altogether.</returns>
    public static int Frame(Span<byte> block, int prefixBytes, int length)
    {
        var needed = PrefixBytes(length);
        if (needed < prefixBytes)
        {
            block.Slice(prefixBytes, length).CopyTo(block[needed..]);
        }

        Utf8Formatter.TryFormat((uint)length, block, out var digits, new System.Buffers.StandardFormat('x'));
        "\r\n"u8.CopyTo(block[digits..]);
        "\r\n"u8.CopyTo(block[(needed + length)..]);
        return needed + length + SuffixBytes;
    }

    private static int HexDigits(int value) =>
        Math.Max(1, (35 - System.Numerics.BitOperations.LeadingZeroCount((uint)value)) / 4);
}
