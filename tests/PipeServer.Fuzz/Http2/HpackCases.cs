using static PipeServer.Fuzz.Http2.Http2CaseTable;

namespace PipeServer.Fuzz.Http2;

/// <summary>The compression of fields: RFC 7541.</summary>
internal static class HpackCases
{
    private static readonly byte[] Request = HpackBytes.Block(Http2CaseTable.Request);

    public static void Add(Http2CaseTable table)
    {
        AddRepresentations(table);
        AddIndexes(table);
        AddIntegers(table);
        AddStrings(table);
        AddSizeUpdates(table);
        AddTable(table);
    }

    private static void AddRepresentations(Http2CaseTable table)
    {
        table.Section = "representations, RFC 7541 §6";
        table.Answers("indexed fields", Block(1, [0x82, 0x86, 0x85], HpackBytes.Literal(":authority", "localhost")));
        foreach (var huffman in new[] { false, true })
        {
            var how = huffman ? ", Huffman" : "";
            table.Answers($"added, an indexed name{how}", Block(1, Request, HpackBytes.Added(58, "agent", huffman)));
            table.Answers($"added, a new name{how}", Block(1, Request, HpackBytes.Added("x-new", "value", huffman)));
            table.Answers($"not added, an indexed name{how}", Block(1, Request, HpackBytes.Literal(58, "agent", huffman)));
            table.Answers($"not added, a new name{how}", Block(1, Request, HpackBytes.Literal("x-new", "value", huffman)));
            table.Answers($"never added, an indexed name{how}", Block(1, Request, [0x1F, 43], HpackBytes.Text("agent", huffman)));
            table.Answers($"never added, a new name{how}", Block(1, Request, HpackBytes.Never("x-new", "value", huffman)));
            table.Answers($"pseudo-header fields as literals{how}", Block(1, [.. Http2CaseTable.Request.Select(field => HpackBytes.Added(field.Name, field.Value, huffman))]));
        }

        table.Answers("indexed fields of the dynamic table", [1, 3], Block(1, Request, HpackBytes.Added("x-new", "value")), Block(3, Request, HpackBytes.Indexed(62)));
        table.Answers("within one block", Block(1, Request, HpackBytes.Added("x-new", "value"), HpackBytes.Indexed(62), HpackBytes.Added(62, "other"), HpackBytes.Indexed(63)));
        table.Answers("a whole head from the dynamic table", [1, 3], Block(1, [.. Http2CaseTable.Request.Select(static field => HpackBytes.Added(field.Name, field.Value))]), Block(3, [65 | 128, 64 | 128, 63 | 128, 62 | 128]));
    }

    private static void AddIndexes(Http2CaseTable table)
    {
        table.Section = "indexes, RFC 7541 §2.3.3, §6.1";
        table.Fails("0", Code.CompressionError, Block(1, Request, [0x80]));
        foreach (var index in new[] { 62, 70, 1000, 100_000 })
        {
            table.Fails($"{index} of an empty table", Code.CompressionError, Block(1, Request, HpackBytes.Indexed(index)));
            table.Fails($"the name {index} of an empty table", Code.CompressionError, Block(1, Request, HpackBytes.Literal(index, "empty")));
            table.Fails($"the name {index} of an empty table, added", Code.CompressionError, Block(1, Request, HpackBytes.Added(index, "empty")));
        }

        table.Fails("one behind the last", Code.CompressionError, Block(1, Request, HpackBytes.Added("a", "b"), HpackBytes.Indexed(63)));
        table.Answers("the last one", Block(1, Request, HpackBytes.Added("a", "b"), HpackBytes.Indexed(62)));
        table.Fails("0 behind a request", Code.CompressionError, Get(), Block(3, [0x80]));
        table.Fails("0 in trailers", Code.CompressionError, Post(), Http2Frame.Data(1, "a"), Block(1, [0x80]));
    }

    private static void AddIntegers(Http2CaseTable table)
    {
        table.Section = "integers, RFC 7541 §5.1";
        table.Fails("an index of 2^31", Code.CompressionError, Block(1, Request, HpackBytes.Indexed(1L << 31)));
        table.Fails("an index of 2^32 + 2", Code.CompressionError, Block(1, Request, HpackBytes.Indexed((1L << 32) + 2)));
        table.Fails("an index of 2^62", Code.CompressionError, Block(1, Request, HpackBytes.Indexed(1L << 62)));
        table.Fails("an index without an end", Code.CompressionError, Block(1, Request, [0xFF, .. Enumerable.Repeat((byte)0x80, 200), 0]));
        table.Fails("an index that ends within", Code.CompressionError, Block(1, Request, [0xFF, 0x80]));
        table.Fails("an index of one byte, which ends within", Code.CompressionError, Block(1, Request, [0xFF]));
        table.Fails("a length of 2^32 + 1", Code.CompressionError, Block(1, Request, [0], HpackBytes.Integer((1L << 32) + 1, 7), [(byte)'a', 1, (byte)'b']));
        table.Fails("a length without an end", Code.CompressionError, Block(1, Request, [0, 0x7F, .. Enumerable.Repeat((byte)0xFF, 100)]));
        table.Fails("a size of 2^32", Code.CompressionError, Block(1, HpackBytes.SizeUpdate(1L << 32), Request));
    }

    private static void AddStrings(Http2CaseTable table)
    {
        table.Section = "strings, RFC 7541 §5.2";
        static byte[] Coded(string bits, char filling = '1')
        {
            var bytes = NaiveHuffman.Pack(bits, filling);
            return [0, 1, (byte)'a', (byte)(0x80 | bytes.Length), .. bytes];
        }

        var letter = NaiveHuffman.CodeOf('a');
        var end = NaiveHuffman.CodeOf(256);
        table.Answers("Huffman, no padding", Block(1, Request, Coded(string.Concat(Enumerable.Repeat(letter, 8)))));
        table.Answers("Huffman, padding of 7 bits", Block(1, Request, Coded(string.Concat(Enumerable.Repeat(letter, 5)))));
        table.Fails("Huffman, padding of 8 bits", Code.CompressionError, Block(1, Request, Coded(string.Concat(Enumerable.Repeat(letter, 8)) + "11111111")));
        table.Fails("Huffman, padding of 11 bits", Code.CompressionError, Block(1, Request, Coded(letter + "11111111111")));
        table.Fails("Huffman, padding of zeros", Code.CompressionError, Block(1, Request, Coded(letter, '0')));
        table.Fails("Huffman, padding of a one and zeros", Code.CompressionError, Block(1, Request, Coded(letter + "110")));
        table.Fails("Huffman, the end of the string", Code.CompressionError, Block(1, Request, Coded(letter + end)));
        table.Fails("Huffman, the end of the string within", Code.CompressionError, Block(1, Request, Coded(letter + end + letter)));
        table.Fails("Huffman, the end of the string in a name", Code.CompressionError, Block(1, Request, [0, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 1, (byte)'b']));
        table.Fails("Huffman, cut within a long code", Code.CompressionError, Block(1, Request, Coded(NaiveHuffman.CodeOf('\n')[..24])));
        table.Answers("Huffman, a long code", Block(1, Request, Coded(NaiveHuffman.CodeOf(0xFF) + NaiveHuffman.CodeOf(0x80))));
        table.Answers("empty values, both ways", Block(1, Request, HpackBytes.Literal("a", ""), HpackBytes.Literal("b", "", huffman: true)));
        table.Fails("a name that ends within", Code.CompressionError, Block(1, Request, [0, 5, (byte)'a', (byte)'b']));
        table.Fails("a value that ends within", Code.CompressionError, Block(1, Request, [0, 1, (byte)'a', 5, (byte)'b']));
        table.Fails("no value", Code.CompressionError, Block(1, Request, [0, 1, (byte)'a']));
        table.Fails("no name", Code.CompressionError, Block(1, Request, [0x40]));
        table.Fails("a length that is longer than all frames", Code.CompressionError, Block(1, Request, [0, 1, (byte)'a'], HpackBytes.Integer(1_000_000, 7)));
    }

    private static void AddSizeUpdates(Http2CaseTable table)
    {
        table.Section = "sizes of the dynamic table, RFC 7541 §4.2, §6.3";
        foreach (var size in new[] { 0, 1, 100, 4095, 4096 })
        {
            table.Answers($"{size}", Block(1, HpackBytes.SizeUpdate(size), Request));
        }

        foreach (var size in new[] { 4097, 5000, 65536, int.MaxValue })
        {
            table.Fails($"{size}, more than was allowed", Code.CompressionError, Block(1, HpackBytes.SizeUpdate(size), Request));
        }

        table.Answers("two", Block(1, HpackBytes.SizeUpdate(0), HpackBytes.SizeUpdate(4096), Request));
        table.Fails("three", Code.CompressionError, Block(1, HpackBytes.SizeUpdate(0), HpackBytes.SizeUpdate(100), HpackBytes.SizeUpdate(4096), Request));
        table.Fails("at the end of a block", Code.CompressionError, Block(1, Request, HpackBytes.SizeUpdate(0)));
        table.Fails("within a block", Code.CompressionError, Block(1, HpackBytes.Block(Http2CaseTable.Request.Take(2)), HpackBytes.SizeUpdate(100), HpackBytes.Block(Http2CaseTable.Request.Skip(2))));
        table.Answers("at the begin of the second block", [1, 3], Get(), Block(3, HpackBytes.SizeUpdate(0), Request));
        table.Fails("0, then an entry that is gone", Code.CompressionError, Block(1, Request, HpackBytes.Added("a", "b")), Block(3, HpackBytes.SizeUpdate(0), Request, HpackBytes.Indexed(62)));
        table.Fails("0 and back, then an entry that is gone", Code.CompressionError, Block(1, Request, HpackBytes.Added("a", "b")), Block(3, HpackBytes.SizeUpdate(0), HpackBytes.SizeUpdate(4096), Request, HpackBytes.Indexed(62)));
        table.Fails("0, then an entry that was never kept", Code.CompressionError, Block(1, HpackBytes.SizeUpdate(0), Request, HpackBytes.Added("a", "b"), HpackBytes.Indexed(62)));
        table.Answers("just enough for an entry", [1, 3], Block(1, HpackBytes.SizeUpdate(34), Request, HpackBytes.Added("a", "b")), Block(3, Request, HpackBytes.Indexed(62)));
        table.Fails("one too few for an entry", Code.CompressionError, Block(1, HpackBytes.SizeUpdate(33), Request, HpackBytes.Added("a", "b"), HpackBytes.Indexed(62)));
        table.Fails("the second of two entries must go", Code.CompressionError, Block(1, Request, HpackBytes.Added("a", "b"), HpackBytes.Added("c", "d")), Block(3, HpackBytes.SizeUpdate(67), Request, HpackBytes.Indexed(63)));
        table.Answers("the first of two entries stays", [1, 3], Block(1, Request, HpackBytes.Added("a", "b"), HpackBytes.Added("c", "d")), Block(3, HpackBytes.SizeUpdate(67), Request, HpackBytes.Indexed(62)));
    }

    private static void AddTable(Http2CaseTable table)
    {
        table.Section = "the dynamic table, RFC 7541 §2.3.2, §4.4";
        var large = new string('x', 4096 - 32 - 1);
        table.Answers("an entry as large as the table", [1, 3], Block(1, Request, HpackBytes.Added("a", large)), Block(3, Request, HpackBytes.Indexed(62)));
        table.Answers("an entry that is too large empties it", [1, 3], Block(1, Request, HpackBytes.Added("a", "b"), HpackBytes.Added("a", large + "x")), Get(3));
        table.Fails("an entry that is too large is not kept", Code.CompressionError, Block(1, Request, HpackBytes.Added("a", large + "x")), Block(3, Request, HpackBytes.Indexed(62)));
        table.Fails("an entry that is too large drives out the others", Code.CompressionError, Block(1, Request, HpackBytes.Added("a", "b")), Block(3, Request, HpackBytes.Added("c", large + "x"), HpackBytes.Indexed(62)));
        table.Answers("an entry named after one that it drives out", [1, 3], Block(1, Request, HpackBytes.Added("a", "b")), Block(3, Request, HpackBytes.Added(62, large), HpackBytes.Indexed(62)));
        byte[][] entries = [.. Enumerable.Repeat(HpackBytes.Added("a", new string('b', 31)), 64)]; // each costs 64
        table.Answers("as many entries as there is room for", [1, 3], Block(1, [Request, .. entries]), Block(3, Request, HpackBytes.Indexed(62 + 63)));
        table.Fails("one entry more than there is room for", Code.CompressionError, Block(1, [Request, .. entries, HpackBytes.Added("c", "d")]), Block(3, Request, HpackBytes.Indexed(62 + 64)));
        table.Answers("outlives a malformed request", [3], Block(1, Request, HpackBytes.Added("a", "b"), HpackBytes.Literal("B", "c")), CaseStep.Over(1), Block(3, Request, HpackBytes.Indexed(62)));
        table.Replace(table.All[^1] with { Kind = OutcomeKind.StreamError, Codes = [Code.ProtocolError] });
        table.Answers("trailers add to it", [1, 3], Post(), Http2Frame.Data(1, "a"), Block(1, HpackBytes.Added("x-sum", "1")), CaseStep.Over(1), Block(3, Request, HpackBytes.Indexed(62)));
        table.Answers("the head of a stream that was reset adds to it", [3], Http2Frame.Headers(1, [.. HpackBytes.Block(Fields("POST")), .. HpackBytes.Added("x", "y")], end: false), Http2Frame.Reset(1), Block(3, Request, HpackBytes.Indexed(62)));
    }
}
