using System.Text;

namespace PipeServer.Fuzz.Http2;

/// <summary>Decodes blocks by RFC 7541, and throws <see cref="InvalidDataException"/> where one is wrong.</summary>
/// <param name="maxTableSize">What SETTINGS_HEADER_TABLE_SIZE allows the encoder.</param>
internal sealed class NaiveHpackDecoder(int maxTableSize = 4096)
{
    private readonly NaiveTable _table = new();

    public List<Field> Decode(ReadOnlySpan<byte> block)
    {
        var fields = new List<Field>();
        var updates = 0;
        while (block.Length > 0)
        {
            var first = block[0];
            if (first >= 0x80)
            {
                fields.Add(Entry(Integer(ref block, 7)));
            }
            else if (first >= 0x40)
            {
                fields.Add(Literal(ref block, 6));
                _table.Add(fields[^1]);
            }
            else if (first >= 0x20)
            {
                var size = Integer(ref block, 5);
                if (fields.Count > 0 || size > maxTableSize || ++updates > 2) // RFC 7541 §4.2: the least and the last
                {
                    throw new InvalidDataException($"A size update to {size} behind {fields.Count} fields.");
                }

                _table.Resize((int)size);
            }
            else
            {
                fields.Add(Literal(ref block, 4));
            }
        }

        return fields;
    }

    private static long Integer(ref ReadOnlySpan<byte> block, int prefixBits)
    {
        var most = (1 << prefixBits) - 1;
        long value = Take(ref block) & most;
        if (value < most)
        {
            return value;
        }

        for (var shift = 0; ; shift += 7)
        {
            var one = Take(ref block);
            value += (long)(one & 127) << shift;
            if (one < 128)
            {
                return value;
            }

            if (shift > 28)
            {
                throw new InvalidDataException("An integer of too many bytes.");
            }
        }
    }

    private static string Text(ref ReadOnlySpan<byte> block)
    {
        var isHuffman = block.Length > 0 && block[0] >= 0x80;
        var length = Integer(ref block, 7);
        if (length > block.Length)
        {
            throw new InvalidDataException($"A string of {length} bytes, of which {block.Length} are there.");
        }

        var bytes = block[..(int)length];
        block = block[(int)length..];
        return isHuffman ? NaiveHuffman.Decode(bytes) : Encoding.Latin1.GetString(bytes);
    }

    private static byte Take(ref ReadOnlySpan<byte> block)
    {
        if (block.Length == 0)
        {
            throw new InvalidDataException("The block ends within a field.");
        }

        var one = block[0];
        block = block[1..];
        return one;
    }

    private Field Literal(ref ReadOnlySpan<byte> block, int prefixBits)
    {
        var index = Integer(ref block, prefixBits);
        var name = index == 0 ? Text(ref block) : Entry(index).Name;
        return new Field(name, Text(ref block));
    }

    private Field Entry(long index) => _table[(int)Math.Min(index, int.MaxValue)] ?? throw new InvalidDataException($"There is no entry {index}.");
}
