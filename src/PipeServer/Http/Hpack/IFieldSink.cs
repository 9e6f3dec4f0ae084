namespace PipeServer.Http.Hpack;

/// <summary>Takes the fields of a block as they are decoded. One that wants none takes nothing; the decoder goes on for its table's sake.</summary>
internal interface IFieldSink
{
    /// <summary>Looks at a field, and takes what it wants of it by moving <see cref="FieldArena.Used"/>.</summary>
    /// <param name="arena">Holds name and value at <see cref="FieldArena.Used"/>.</param>
    /// <param name="field">The lengths and the judgement; its start means nothing.</param>
    void Add(ref FieldArena arena, in HpackField field);
}
