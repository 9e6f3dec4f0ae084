namespace PipeServer.Http;

/// <summary>Where one field line's name and value lie in the bytes of its <see cref="HeaderFields"/>.</summary>
internal readonly record struct HeaderField(
    int NameStart,
    int NameLength,
    int ValueStart,
    int ValueLength,
    KnownHeader Known);
