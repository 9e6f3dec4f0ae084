namespace PipeServer.StaticFiles;

/// <summary>What on the disk an answer is made of: two equal ones are answered alike.</summary>
/// <param name="RelativePath">The file below the root.</param>
/// <param name="Identity">Its version.</param>
/// <param name="Brotli">The version of the sibling with .br; default when there is none.</param>
/// <param name="Zstandard">The same for .zst.</param>
/// <param name="Gzip">The same for .gz.</param>
internal sealed record FileSources(
    string RelativePath, FileIdentity Identity, FileIdentity Brotli, FileIdentity Zstandard, FileIdentity Gzip);
