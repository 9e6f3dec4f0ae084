namespace PipeServer.Fuzz.Http2;

/// <summary>Encodes heads by RFC 7541, with as much of it as a test wants.</summary>
internal sealed class NaiveHpackEncoder
{
    private readonly NaiveTable _table = new();

    /// <summary>Strings in Huffman's code.</summary>
    public bool UsesHuffman { get; set; }

    /// <summary>Fields go into the dynamic table, and come from both tables. Otherwise a block depends on no table.</summary>
    public bool UsesTables { get; set; }

    public byte[] Encode(params IEnumerable<Field> fields) => [.. fields.SelectMany(Encode)];

    /// <summary>The bytes that say the new bound; the next block begins with them.</summary>
    public byte[] Resize(int maxSize)
    {
        _table.Resize(maxSize);
        return HpackBytes.SizeUpdate(maxSize);
    }

    private byte[] Encode(Field field)
    {
        if (!UsesTables)
        {
            return HpackBytes.Literal(field.Name, field.Value, UsesHuffman);
        }

        var index = _table.IndexOf(field);
        if (index > 0)
        {
            return HpackBytes.Indexed(index);
        }

        var name = _table.IndexOf(field.Name);
        _table.Add(field);
        return name > 0 ? HpackBytes.Added(name, field.Value, UsesHuffman) : HpackBytes.Added(field.Name, field.Value, UsesHuffman);
    }
}
