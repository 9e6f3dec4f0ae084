namespace UploadSample;

/// <summary>A file as clients see it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">The hash of what was received; null in a list.</param>
internal sealed record StoredFile(string Name, long Bytes, string? Sha256 = null);
