namespace PipeServer.Fuzz.WebSockets;

/// <summary>
/// Decompresses the messages of one direction of a connection (RFC 7692 §7.2.2, RFC 1951), naively: bit by bit, and with all that was ever received at
/// hand, so that it can see who reaches back farther than was agreed on.
/// </summary>
/// <param name="windowBits">How far back a message may reach, as a power of two.</param>
/// <param name="keepsContext">Messages may reach back into those before.</param>
/// <param name="maxBytes">The longest message.</param>
internal sealed class Inflater(int windowBits = 15, bool keepsContext = true, int maxBytes = int.MaxValue)
{
    private static readonly int[] LengthBases = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
    private static readonly int[] LengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
    private static readonly int[] DistanceBases = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
    private static readonly int[] CodeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    private static readonly Dictionary<(int Length, int Code), int> FixedLiterals = Codes([.. Enumerable.Repeat(8, 144), .. Enumerable.Repeat(9, 112), .. Enumerable.Repeat(7, 24), .. Enumerable.Repeat(8, 8)])!;
    private static readonly Dictionary<(int Length, int Code), int> FixedDistances = Codes([.. Enumerable.Repeat(5, 32)])!;

    private readonly List<byte> _history = [];
    private byte[] _input = [];
    private int _bit;
    private int _messageStart;

    /// <summary>Null, or what is wrong with the message.</summary>
    public string? TryInflate(byte[] message, out byte[] plain) =>
        Inflate(message, out plain) is var result && result == InflateResult.Done ? null : $"a compressed message is {result} (RFC 7692 §7.2.2)";

    /// <summary>Decompresses one message.</summary>
    /// <param name="message">As it was sent: without the end that it lacks on the wire.</param>
    /// <param name="plain">What it says.</param>
    /// <param name="isWhole">False for its beginning, which is looked at and forgotten.</param>
    public InflateResult Inflate(byte[] message, out byte[] plain, bool isWhole = true)
    {
        if (!keepsContext)
        {
            _history.Clear();
        }

        _input = isWhole ? [.. message, 0, 0, 0xFF, 0xFF] : message;
        _bit = 0;
        _messageStart = _history.Count;
        InflateResult result;
        try
        {
            result = InflateResult.Done;
            while (result == InflateResult.Done && _bit < _input.Length * 8)
            {
                result = InflateBlock();
            }
        }
        catch (EndOfStreamException)
        {
            result = InflateResult.Unfinished;
        }

        plain = [.. _history.Skip(_messageStart)];
        if (!isWhole)
        {
            _history.RemoveRange(_messageStart, plain.Length);
        }

        return result;
    }

    private InflateResult InflateBlock()
    {
        var isFinal = Bits(1) == 1;
        var result = Bits(2) switch
        {
            0 => Stored(),
            1 => Compressed(FixedLiterals, FixedDistances),
            2 => Dynamic(),
            _ => InflateResult.Corrupt,
        };
        return isFinal && result == InflateResult.Done ? InflateResult.Doubtful : result;
    }

    private InflateResult Stored()
    {
        Align();
        var (length, complement) = (Bits(16), Bits(16));
        if (length != (complement ^ 0xFFFF))
        {
            return InflateResult.Corrupt;
        }

        for (; length > 0 && !IsTooLong; length--)
        {
            _history.Add((byte)Bits(8));
        }

        return IsTooLong ? InflateResult.TooLong : InflateResult.Done;
    }

    private InflateResult Dynamic()
    {
        var (literals, distances, codes) = (Bits(5) + 257, Bits(5) + 1, Bits(4) + 4);
        if (literals > 286 || distances > 30)
        {
            return InflateResult.Corrupt;
        }

        var lengths = new int[19];
        for (var i = 0; i < codes; i++)
        {
            lengths[CodeLengthOrder[i]] = Bits(3);
        }

        if (Array.TrueForAll(lengths, static length => length == 0))
        {
            return InflateResult.Doubtful; // zlib sees it when it has read all the lengths that no code tells
        }

        if (Codes([.. lengths]) is not { } lengthCodes)
        {
            return InflateResult.Corrupt;
        }

        var all = new List<int>();
        while (all.Count < literals + distances)
        {
            switch (Symbol(lengthCodes))
            {
                case < 0:
                    return InflateResult.Corrupt;
                case 16 when all.Count == 0:
                    return InflateResult.Corrupt;
                case 16:
                    all.AddRange(Enumerable.Repeat(all[^1], 3 + Bits(2)));
                    break;
                case 17:
                    all.AddRange(Enumerable.Repeat(0, 3 + Bits(3)));
                    break;
                case 18:
                    all.AddRange(Enumerable.Repeat(0, 11 + Bits(7)));
                    break;
                case var length:
                    all.Add(length);
                    break;
            }
        }

        return all.Count > literals + distances || all[256] == 0 || Codes(all[..literals], mayBeOne: true) is not { } literalCodes
            || Codes(all[literals..], mayBeOne: true) is not { } distanceCodes
            ? InflateResult.Corrupt
            : Compressed(literalCodes, distanceCodes);
    }

    private InflateResult Compressed(Dictionary<(int Length, int Code), int> literals, Dictionary<(int Length, int Code), int> distances)
    {
        while (true)
        {
            var symbol = Symbol(literals);
            if (symbol is < 0 or > 285)
            {
                return InflateResult.Corrupt;
            }

            if (symbol == 256)
            {
                return InflateResult.Done;
            }

            if (symbol < 256)
            {
                _history.Add((byte)symbol);
            }
            else
            {
                var length = LengthBases[symbol - 257] + Bits(LengthBits[symbol - 257]);
                symbol = Symbol(distances);
                if (symbol is < 0 or > 29)
                {
                    return InflateResult.Corrupt;
                }

                var distance = DistanceBases[symbol] + Bits(Math.Max(0, (symbol / 2) - 1));
                if (distance > _history.Count)
                {
                    return InflateResult.Corrupt;
                }

                if (distance > 1 << windowBits)
                {
                    return InflateResult.Doubtful;
                }

                for (; length > 0; length--)
                {
                    _history.Add(_history[^distance]);
                }
            }

            if (IsTooLong)
            {
                return InflateResult.TooLong;
            }
        }
    }

    private bool IsTooLong => _history.Count - _messageStart > maxBytes;

    // Code words in order of their lengths and symbols (RFC 1951 §3.2.2). Null when they are too many, or leave some unused, which is allowed only
    // where there is one of one bit, or none.
    private static Dictionary<(int Length, int Code), int>? Codes(List<int> lengths, bool mayBeOne = false)
    {
        var codes = new Dictionary<(int Length, int Code), int>();
        var code = 0;
        for (var length = 1; length <= 15; length++)
        {
            for (var symbol = 0; symbol < lengths.Count; symbol++)
            {
                if (lengths[symbol] == length)
                {
                    codes.Add((length, code++), symbol);
                }
            }

            if (code > 1 << length)
            {
                return null;
            }

            code <<= 1;
        }

        return code == 1 << 16 || (mayBeOne && codes.Count <= 1 && lengths.TrueForAll(static length => length <= 1)) ? codes : null;
    }

    private int Symbol(Dictionary<(int Length, int Code), int> codes)
    {
        var code = 0;
        for (var length = 1; length <= 15; length++)
        {
            code = (code << 1) | Bits(1);
            if (codes.TryGetValue((length, code), out var symbol))
            {
                return symbol;
            }
        }

        return -1;
    }

    private int Bits(int count)
    {
        var value = 0;
        for (var i = 0; i < count; i++, _bit++)
        {
            if (_bit >= _input.Length * 8)
            {
                throw new EndOfStreamException();
            }

            value |= ((_input[_bit / 8] >> (_bit % 8)) & 1) << i;
        }

        return value;
    }

    private void Align() => _bit = (_bit + 7) / 8 * 8;
}
