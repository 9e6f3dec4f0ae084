using System.Buffers.Binary;

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
    public static int MaxDecodedBytes(int encoded) => (int)(encoded * 8L / 5) + 2;

    /// <summary>Decodes a whole string. False: it is not one (RFC 7541 §5.2).</summary>
    /// <param name="source">The encoded string.</param>
    /// <param name="destination">Where to; <see cref="MaxDecodedBytes"/> at least.</param>
    /// <param name="written">How many bytes it has become.</param>
    public bool TryDecode(ReadOnlySpan<byte> source, Span<byte> destination, out int written)
    {
        var table = _table;
        ulong window = 0; // the next bits, at the top
        var bits = 0;
        var at = 0;
        written = 0;
        while (true)
        {
            if (bits < 32 && !Refill(source, ref at, ref window, ref bits))
            {
                return TryDecodeEnd(window, bits, destination, ref written);
            }

            var entry = table[window >> (64 - TableBits)];
            if (entry != 0)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(destination[written..], (ushort)(entry >> 16));
                written += (int)(entry >> 8) & 3;
                window <<= (int)entry; // modulo 64, and what stands above the bits is a multiple of that
                bits -= (byte)entry;
                continue;
            }

            var symbol = FindLong((uint)(window >> 32), out var length);
            if (symbol == EndOfString)
            {
                return false;
            }

            destination[written++] = (byte)symbol;
            window <<= length;
            bits -= length;
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

    // False: all is in the window, and less than the longest code may be left.
    private static bool Refill(ReadOnlySpan<byte> source, ref int at, ref ulong window, ref int bits)
    {
        if (source.Length - at >= 4)
        {
            window |= (ulong)BinaryPrimitives.ReadUInt32BigEndian(source[at..]) << (32 - bits);
            at += 4;
            bits += 32;
            return true;
        }

        while (at < source.Length)
        {
            window |= (ulong)source[at++] << (56 - bits);
            bits += 8;
        }

        return bits >= 32;
    }

    // The last bits, and behind them the padding: up to seven ones, with which the longest code begins (RFC 7541 §5.2).
    private bool TryDecodeEnd(ulong window, int bits, Span<byte> destination, ref int written)
    {
        while (true)
        {
            window |= ulong.MaxValue >> bits;
            if (bits <= MostPadding && window == ulong.MaxValue)
            {
                return true;
            }

            // One symbol at a time: a second one may be made of ones that nobody has sent.
            var entry = _table[window >> (64 - TableBits)];
            var symbol = (int)(byte)(entry >> 16);
            int length = entry != 0 ? Lengths[symbol] : 0;
            if (entry == 0)
            {
                symbol = FindLong((uint)(window >> 32), out length);
            }

            if (length > bits || symbol == EndOfString)
            {
                return false;
            }

            destination[written++] = (byte)symbol;
            window <<= length;
            bits -= length;
            if (bits == 0)
            {
                return true;
            }
        }
    }

    private int FindLong(uint window, out int length)
    {
        length = TableBits + 1;
        while (window >= _ends[length])
        {
            length++;
        }

        return _symbols[_firstPlaces[length] + (int)((window - _firstCodes[length]) >> (32 - length))];
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
