namespace PipeServer.Fuzz.Http2;

/// <summary>A field of a head, each character a byte.</summary>
internal readonly record struct Field(string Name, string Value)
{
    /// <summary>What it costs in a dynamic table and in a list (RFC 7541 §4.1).</summary>
    public int Size => Name.Length + Value.Length + 32;

    public override string ToString() => $"{Name}: {Value}";
}
