using System.Text;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>A decoder of RFC 7541 that does one thing after the other, and bit by bit: to hold the fast one against.</summary>
internal sealed class HpackReference
{
    private static readonly Dictionary<(uint Code, int Bits), int> Symbols =
        HpackVectors.All.Codes.Select(static (code, symbol) => (code, symbol)).ToDictionary(static one => one.code, static one => one.symbol);

    private readonly List<(string Name, string Value)> _table = []; // the newest first
    private int _limit = 4096;

    /// <summary>The sum of the sizes of RFC 7541 §4.1.</summary>
    public int TableSize => _table.Sum(static one => one.Name.Length + one.Value.Length + 32);

    /// <summary>Decodes a string of the code; null: it is none.</summary>
    public static byte[]? DecodeHuffman(ReadOnlySpan<byte> source)
    {
        var result = new List<byte>();
        var code = 0u;
        var bits = 0;
        foreach (var octet in source)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                code = (code << 1) | ((uint)(octet >> bit) & 1);
                bits++;
                if (Symbols.TryGetValue((code, bits), out var symbol))
                {
                    if (symbol == 256)
                    {
                        return null;
                    }

                    result.Add((byte)symbol);
                    (code, bits) = (0, 0);
                }
            }
        }

        return bits < 8 && code == (1u << bits) - 1 ? [.. result] : null;
    }

    /// <summary>Decodes a block; null: COMPRESSION_ERROR.</summary>
    public List<(string Name, string Value)>? Decode(ReadOnlySpan<byte> block)
    {
        var fields = new List<(string, string)>();
        var updates = 0;
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0x80) != 0)
            {
                if (Integer(ref block, 7) is not { } index || Find(index) is not { } field)
                {
                    return null;
                }

                fields.Add(field);
            }
            else if ((first & 0xE0) == 0x20)
            {
                if (fields.Count > 0 || ++updates > 2 || Integer(ref block, 5) is not { } size || size > 4096)
                {
                    return null;
                }

                _limit = size;
                Evict();
            }
            else
            {
                var isIndexed = (first & 0x40) != 0;
                if (Integer(ref block, isIndexed ? 6 : 4) is not { } index
                    || (index == 0 ? Text(ref block) : Find(index)?.Name) is not { } name || Text(ref block) is not { } value)
                {
                    return null;
                }

                fields.Add((name, value));
                if (isIndexed)
                {
                    _table.Insert(0, (name, value));
                    Evict();
                }
            }
        }

        return fields;
    }

    private void Evict()
    {
        while (TableSize > _limit)
        {
            _table.RemoveAt(_table.Count - 1);
        }
    }

    private (string Name, string Value)? Find(int index) =>
        index == 0 ? null : index <= 61 ? HpackVectors.All.Static[index - 1] : index - 62 < _table.Count ? _table[index - 62] : null;

    private static int? Integer(ref ReadOnlySpan<byte> block, int prefix)
    {
        long value = block[0] & ((1 << prefix) - 1);
        block = block[1..];
        if (value < (1 << prefix) - 1)
        {
            return (int)value;
        }

        for (var count = 0; count < 4; count++)
        {
            if (block.IsEmpty)
            {
                return null;
            }

            var next = block[0];
            block = block[1..];
            value += (long)(next & 127) << (7 * count);
            if (next < 128)
            {
                return (int)value;
            }
        }

        return null; // bounded, as RFC 7541 §5.1 asks for
    }

    private static string? Text(ref ReadOnlySpan<byte> block)
    {
        if (block.IsEmpty)
        {
            return null;
        }

        var isHuffman = block[0] >= 128;
        if (Integer(ref block, 7) is not { } length || length > block.Length)
        {
            return null;
        }

        var bytes = block[..length].ToArray();
        block = block[length..];
        return (isHuffman ? DecodeHuffman(bytes) : bytes) is { } text ? Encoding.Latin1.GetString(text) : null;
    }
}
