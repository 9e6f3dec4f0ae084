namespace PipeServer.StaticFiles;

/// <summary>What there is at a path, open.</summary>
internal sealed class FileLocation : IDisposable
{
    public OpenStatus Status { get; set; } = OpenStatus.NotFound;

    /// <summary>The file or the folder below the root, without slashes at its ends.</summary>
    public string RelativePath { get; set; } = "";

    /// <summary>With <see cref="OpenStatus.File"/>: the file.</summary>
    public OpenedFile? File { get; set; }

    /// <summary>The same file compressed, in the order of <see cref="ContentCoding.All"/>; null where there is none.</summary>
    public OpenedFile?[] Siblings { get; } = new OpenedFile?[ContentCoding.All.Count];

    /// <summary>
    /// Every path below the root that was looked at. The result depends on whether each of them exists, and on what it is.
    /// </summary>
    public List<string> ProbedPaths { get; } = [];

    public bool IsDirect => File is { IsDirect: true } && Array.TrueForAll(Siblings, static sibling => sibling is null or { IsDirect: true });

    public FileSources Sources => new(
        RelativePath,
        File!.Identity,
        Siblings[0]?.Identity ?? default,
        Siblings[1]?.Identity ?? default,
        Siblings[2]?.Identity ?? default);

    public void Dispose()
    {
        File?.Dispose();
        File = null;
        DisposeSiblings(except: null);
    }

    /// <summary>Closes those that are not sent: a slow client would hold their descriptors.</summary>
    public void DisposeSiblings(OpenedFile? except)
    {
        for (var index = 0; index < Siblings.Length; index++)
        {
            if (Siblings[index] != except)
            {
                Siblings[index]?.Dispose();
                Siblings[index] = null;
            }
        }
    }
}
