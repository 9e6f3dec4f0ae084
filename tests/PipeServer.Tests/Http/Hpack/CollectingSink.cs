using System.Text;
using PipeServer.Http.Hpack;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>Keeps every field as text.</summary>
internal struct CollectingSink() : IFieldSink
{
    /// <summary>The fields in their order.</summary>
    public List<(string Name, string Value)> Fields { get; } = [];

    /// <summary>Decodes a block; null: it cannot be decoded.</summary>
    public static List<(string Name, string Value)>? Decode(HpackDecoder decoder, ReadOnlySpan<byte> block)
    {
        var arena = new FieldArena([]);
        var sink = new CollectingSink();
        return decoder.Decode(block, ref arena, ref sink) ? sink.Fields : null;
    }

    /// <inheritdoc/>
    public readonly bool TryAddUsual(ref FieldArena arena, byte first) => false;

    /// <inheritdoc/>
    public readonly bool Add(ref FieldArena arena, in HpackField field)
    {
        var name = Encoding.Latin1.GetString(arena.Part(0, field.NameLength));
        Fields.Add((name, Encoding.Latin1.GetString(arena.Part(field.NameLength, field.ValueLength))));
        return true;
    }
}
