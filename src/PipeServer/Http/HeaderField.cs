namespace PipeServer.Http;

/// <summary>Where one field line's name and value lie in the bytes of its <see cref="HeaderFields"/>.</summary>
/// <param name="NameStart">Where the name starts.</param>
/// <param name="NameLength">The name's length.</param>
/// <param name="ValueStart">Where the value starts, without the white space before it.</param>
/// <param name="ValueLength">The value's length, without the white space behind it.</param>
/// <param name="Known">The field's meaning to the server.</param>
internal record struct HeaderField(
    int NameStart,
    int NameLength,
    int ValueStart,
    int ValueLength,
    KnownHeader Known);
