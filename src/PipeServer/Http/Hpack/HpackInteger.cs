using System.Runtime.CompilerServices;

namespace PipeServer.Http.Hpack;

/// <summary>The integers of RFC 7541 §5.1: in the low bits of a byte, and seven at a time in those behind it.</summary>
internal static class HpackInteger
{
    /// <summary>What <see cref="Write"/> needs room for.</summary>
    public const int MaxBytes = 6;

    // Four bytes have 28 bits: no string and no index that can be used is longer, and zeros in front make nothing else of it.
    private const int MaxShift = 21;

    /// <summary>Reads one. False: it does not end, or is larger than any that has a meaning.</summary>
    /// <param name="block">The block.</param>
    /// <param name="at">Where its first byte is, which exists; then behind it.</param>
    /// <param name="prefixMask">The low bits of that byte which belong to it.</param>
    /// <param name="value">The integer.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> block, ref int at, int prefixMask, out int value)
    {
        value = block[at++] & prefixMask;
        return value < prefixMask || TryReadLong(block, ref at, ref value);
    }

    /// <summary>Writes one.</summary>
    /// <param name="buffer">Where to: <see cref="MaxBytes"/>.</param>
    /// <param name="pattern">The high bits of the first byte.</param>
    /// <param name="prefixMask">The low bits of it which the integer gets.</param>
    /// <param name="value">The integer; not negative.</param>
    /// <returns>How many bytes it has written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> buffer, int pattern, int prefixMask, int value)
    {
        if (value < prefixMask)
        {
            buffer[0] = (byte)(pattern | value);
            return 1;
        }

        return WriteLong(buffer, pattern, prefixMask, value);
    }

    private static bool TryReadLong(ReadOnlySpan<byte> block, ref int at, ref int value)
    {
        for (var shift = 0; shift <= MaxShift && at < block.Length; shift += 7)
        {
            var next = block[at++];
            value += (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private static int WriteLong(Span<byte> buffer, int pattern, int prefixMask, int value)
    {
        buffer[0] = (byte)(pattern | prefixMask);
        var length = 1;
        var rest = value - prefixMask;
        for (; rest >= 0x80; rest >>= 7)
        {
            buffer[length++] = (byte)(rest | 0x80);
        }

        buffer[length++] = (byte)rest;
        return length;
    }
}
