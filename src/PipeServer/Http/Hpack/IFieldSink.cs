namespace PipeServer.Http.Hpack;

/// <summary>Takes the fields of a block as they are decoded. One that wants none takes nothing; the decoder goes on for its table's sake.</summary>
internal interface IFieldSink
{
    /// <summary>Takes a field that nearly every block has, by its only byte. False: it is to be found and added as any other.</summary>
    bool TryAddUsual(ref FieldArena arena, byte first);

    /// <summary>
    /// Looks at a field, and takes what it wants of it by moving <see cref="FieldArena.Used"/>. False: the block has become so large that the connection is to
    /// end rather than that anybody goes on.
    /// </summary>
    /// <param name="arena">Holds name and value at <see cref="FieldArena.Used"/>.</param>
    /// <param name="field">The lengths and the judgement; its start means nothing.</param>
    bool Add(ref FieldArena arena, in HpackField field);
}
