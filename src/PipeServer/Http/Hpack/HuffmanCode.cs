using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PipeServer.Http.Hpack;

/// <summary>The code of RFC 7541 Appendix B, in which strings are shortened. Immutable.</summary>
/// <remarks>An object, not a static class: whoever decodes holds a reference to it, and no look-up has to ask whether its tables are made.</remarks>
internal sealed class HuffmanCode
{
    // A symbol of the texts that are sent has five to eight bits: two of them are mostly found by one look-up.
    private const int TableBits = 12;
    private const int EndOfString = 256;
    private const int LongestCode = 30;
    private const int MostPadding = 7;

    private readonly uint[] _table = new uint[1 << TableBits]; // bits | symbols << 8 | first << 16 | second << 24; 0 for a longer code
    private readonly uint[] _codes = new uint[EndOfString + 1];
    private readonly ushort[] _symbols = new ushort[EndOfString + 1]; // in the order of their codes
    private readonly uint[] _firstCodes = new uint[LongestCode + 1]; // by length, at the top of the word
    private readonly ulong[] _ends = new ulong[LongestCode + 1]; // behind the last code of a length, the same way
    private readonly ushort[] _firstPlaces = new ushort[LongestCode + 1];

    private HuffmanCode()
    {
        FillCodes();
        FillTable();
    }

    /// <summary>The only one.</summary>
    public static HuffmanCode Shared { get; } = new();

    // The codes follow from their lengths: they are numbered by length, and by symbol among those of one length.
    private static ReadOnlySpan<byte> Lengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    /// <summary>The room that <see cref="TryDecode"/> needs: the shortest code has five bits, and symbols are written in pairs.</summary>
    public static int MaxDecodedBytes(int encoded) => (encoded * 2) + 2;

    /// <summary>Decodes a whole string. False: it is not one (RFC 7541 §5.2).</summary>
    /// <param name="source">The encoded string.</param>
    /// <param name="destination">Where to; <see cref="MaxDecodedBytes"/> at least.</param>
    /// <param name="written">How many bytes it has become.</param>
    /// <exception cref="ArgumentException">The destination is too small.</exception>
    public bool TryDecode(ReadOnlySpan<byte> source, Span<byte> destination, out int written)
    {
        if (destination.Length < MaxDecodedBytes(source.Length))
        {
            throw new ArgumentException("A string may become longer than this.", nameof(destination));
        }

        ulong window = 0; // the next bits, at the top
        var bits = 0;
        var at = 0;
        written = 0;
        while (true)
        {
            if (bits < 32 && at < source.Length)
            {
                // As many whole bytes as there is room for. Bits of the one behind them may come with them, and come there once more.
                var taken = Math.Min(source.Length - at, (64 - bits) >> 3);
                window |= Next(source[at..]) >> bits;
                at += taken;
                bits += taken << 3;
                written += DecodePairs(ref window, ref bits, ref destination[written]);
            }
            else if (bits < TableBits)
            {
                return TryDecodeEnd(window, bits, destination, ref written);
            }
            else
            {
                // Either all of the symbol's bits are in the window, or all that are left.
                var (symbol, length) = FindLong((uint)(window >> 32));
                if (symbol == EndOfString || length > bits)
                {
                    return false;
                }

                destination[written++] = (byte)symbol;
                window <<= length;
                bits -= length;
                written += DecodePairs(ref window, ref bits, ref destination[written]);
            }
        }
    }

    /// <summary>How long a string is when it is encoded.</summary>
    public static int EncodedBytes(ReadOnlySpan<byte> source)
    {
        var bits = 0L;
        var lengths = Lengths;
        foreach (var symbol in source)
        {
            bits += lengths[symbol];
        }

        return (int)((bits + 7) / 8);
    }

    /// <summary>Encodes a string.</summary>
    /// <param name="source">The string.</param>
    /// <param name="destination">Where to; <see cref="EncodedBytes"/> at least.</param>
    /// <returns>How many bytes it has written.</returns>
    public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ulong waiting = 0;
        var bits = 0;
        var written = 0;
        foreach (var symbol in source)
        {
            waiting = (waiting << Lengths[symbol]) | _codes[symbol];
            bits += Lengths[symbol];
            while (bits >= 8)
            {
                bits -= 8;
                destination[written++] = (byte)(waiting >> bits);
            }
        }

        if (bits > 0)
        {
            destination[written++] = (byte)((waiting << (8 - bits)) | (0xFFu >> bits));
        }

        return written;
    }

    // As long as whole entries of the table are in the window and the codes are short. A method without calls, whose variables all are in registers.
    // SAFETY: the table has an entry for all that TableBits bits can be. A symbol has five bits at least, of those that have come from the source: so
    // what is written lies within MaxDecodedBytes of it, which counts the second byte of a single symbol, too.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int DecodePairs(ref ulong window, ref int bits, ref byte output)
    {
        ref var table = ref MemoryMarshal.GetArrayDataReference(_table);
        var (rest, left, count) = (window, bits, (nint)0);
        while (left >= TableBits)
        {
            var entry = Unsafe.Add(ref table, (nint)(rest >> (64 - TableBits)));
            if (entry == 0)
            {
                break;
            }

            Unsafe.Add(ref output, count) = (byte)(entry >> 16);
            Unsafe.Add(ref output, count + 1) = (byte)(entry >> 24);
            count += (nint)((entry >> 8) & 3);
            rest <<= (int)entry; // modulo 64, and what stands above the bits is a multiple of that
            left -= (byte)entry;
        }

        (window, bits) = (rest, left);
        return (int)count;
    }

    // Eight bytes, or what is left of the source, and zeros behind it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Next(ReadOnlySpan<byte> rest)
    {
        if (rest.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(rest);
        }

        if (rest.Length >= sizeof(uint))
        {
            var last = (ulong)BinaryPrimitives.ReadUInt32BigEndian(rest[^sizeof(uint)..]); // partly the same bytes once more
            return ((ulong)BinaryPrimitives.ReadUInt32BigEndian(rest) << 32) | (last << (64 - (rest.Length << 3)));
        }

        ulong bytes = 0;
        for (var index = 0; index < rest.Length; index++)
        {
            bytes |= (ulong)rest[index] << (56 - (index << 3));
        }

        return bytes;
    }

    // The last bits, fewer than the table looks at, and behind them the padding: up to seven ones, with which the longest code begins (RFC 7541 §5.2).
    private bool TryDecodeEnd(ulong window, int bits, Span<byte> destination, ref int written)
    {
        while (bits > 0)
        {
            window |= ulong.MaxValue >> bits;
            var entry = _table[window >> (64 - TableBits)];
            var (length, count) = ((int)(byte)entry, (int)(entry >> 8) & 3);
            if (length > bits)
            {
                (length, count) = (Lengths[(byte)(entry >> 16)], 1); // the second symbol is partly made of ones that nobody has sent
            }

            if (entry == 0 || length > bits)
            {
                return bits <= MostPadding && window == ulong.MaxValue;
            }

            BinaryPrimitives.WriteUInt16LittleEndian(destination[written..], (ushort)(entry >> 16));
            written += count;
            window <<= length;
            bits -= length;
        }

        return true;
    }

    private (int Symbol, int Length) FindLong(uint window)
    {
        var length = TableBits + 1;
        while (window >= _ends[length])
        {
            length++;
        }

        return (_symbols[_firstPlaces[length] + (int)((window - _firstCodes[length]) >> (32 - length))], length);
    }

    private void FillCodes()
    {
        var place = 0;
        ulong next = 0; // at the top of a word of 32 bits
        for (var length = 1; length <= LongestCode; length++)
        {
            _firstCodes[length] = (uint)next;
            _firstPlaces[length] = (ushort)place;
            for (var symbol = 0; symbol <= EndOfString; symbol++)
            {
                if (Lengths[symbol] == length)
                {
                    _codes[symbol] = (uint)next >> (32 - length);
                    _symbols[place++] = (ushort)symbol;
                    next += 1UL << (32 - length);
                }
            }

            _ends[length] = next;
        }
    }

    private void FillTable()
    {
        for (var index = 0u; index < _table.Length; index++)
        {
            if (!TryFindShort(index, TableBits, out var first, out var length))
            {
                continue;
            }

            var rest = TableBits - length;
            _table[index] = TryFindShort(index & ((1u << rest) - 1), rest, out var second, out var secondLength)
                ? (uint)(length + secondLength) | (2u << 8) | ((uint)first << 16) | ((uint)second << 24)
                : (uint)length | (1u << 8) | ((uint)first << 16);
        }
    }

    private bool TryFindShort(uint bits, int available, out int symbol, out int length)
    {
        var aligned = available == 0 ? 0 : bits << (32 - available);
        for (length = 1; length <= available; length++)
        {
            if (aligned < _ends[length])
            {
                symbol = _symbols[_firstPlaces[length] + (int)((aligned - _firstCodes[length]) >> (32 - length))];
                return true;
            }
        }

        symbol = 0;
        return false;
    }
}
