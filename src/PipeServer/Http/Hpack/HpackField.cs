namespace PipeServer.Http.Hpack;

/// <summary>
/// A field in the bytes of its table, or of a block's <see cref="FieldArena"/>: the value follows the name. Judged once, when it is first seen.
/// </summary>
/// <param name="Start">Where the name starts.</param>
/// <param name="NameLength">The length of the name.</param>
/// <param name="ValueLength">The length of the value.</param>
/// <param name="Kind">The rules for it.</param>
/// <param name="Known">Its meaning to the server.</param>
/// <param name="Error">What is wrong with it, by itself.</param>
internal readonly record struct HpackField(int Start, int NameLength, int ValueLength, FieldKind Kind, KnownHeader Known, RequestError Error)
{
    /// <summary>The bytes of name and value.</summary>
    public int Length => NameLength + ValueLength;

    /// <summary>Where the value starts.</summary>
    public int ValueStart => Start + NameLength;
}
