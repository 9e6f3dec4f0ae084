using System.Text;

namespace PipeServer.Fuzz.Http2;

/// <summary>The representations of RFC 7541 §6, one by one, right or wrong as the caller wants them.</summary>
internal static class HpackBytes
{
    /// <summary>An integer behind a prefix of so many bits (§5.1).</summary>
    public static byte[] Integer(long value, int prefixBits, int firstByte = 0)
    {
        var most = (1 << prefixBits) - 1;
        if (value < most)
        {
            return [(byte)(firstByte | (int)value)];
        }

        var bytes = new List<byte> { (byte)(firstByte | most) };
        for (value -= most; value >= 128; value >>= 7)
        {
            bytes.Add((byte)(value | 128));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }

    /// <summary>A string (§5.2).</summary>
    public static byte[] Text(string latin1, bool huffman = false)
    {
        var bytes = huffman ? NaiveHuffman.Encode(latin1) : Encoding.Latin1.GetBytes(latin1);
        return [.. Integer(bytes.Length, 7, huffman ? 0x80 : 0), .. bytes];
    }

    /// <summary>An indexed field (§6.1).</summary>
    public static byte[] Indexed(long index) => Integer(index, 7, 0x80);

    /// <summary>A literal that goes into the dynamic table (§6.2.1).</summary>
    public static byte[] Added(string name, string value, bool huffman = false) => [0x40, .. Text(name, huffman), .. Text(value, huffman)];

    /// <summary>The same with the name of an entry.</summary>
    public static byte[] Added(long nameIndex, string value, bool huffman = false) => [.. Integer(nameIndex, 6, 0x40), .. Text(value, huffman)];

    /// <summary>A literal that is not kept (§6.2.2).</summary>
    public static byte[] Literal(string name, string value, bool huffman = false) => [0, .. Text(name, huffman), .. Text(value, huffman)];

    /// <summary>The same with the name of an entry.</summary>
    public static byte[] Literal(long nameIndex, string value, bool huffman = false) => [.. Integer(nameIndex, 4), .. Text(value, huffman)];

    /// <summary>A literal that nobody may keep (§6.2.3).</summary>
    public static byte[] Never(string name, string value, bool huffman = false) => [0x10, .. Text(name, huffman), .. Text(value, huffman)];

    /// <summary>A new bound of the dynamic table (§6.3).</summary>
    public static byte[] SizeUpdate(long size) => Integer(size, 5, 0x20);

    /// <summary>A block of literals that are not kept: it depends on no table and changes none.</summary>
    public static byte[] Block(params IEnumerable<Field> fields) => [.. fields.SelectMany(static field => Literal(field.Name, field.Value))];
}
