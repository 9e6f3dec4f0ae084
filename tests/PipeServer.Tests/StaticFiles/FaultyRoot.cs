using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>A root whose folders can be read up to a fault.</summary>
/// <param name="inner">Has the files; its own from now on.</param>
/// <param name="entries">How many entries come before the fault.</param>
/// <param name="fault">The fault.</param>
internal sealed class FaultyRoot(FileRoot inner, int entries, Exception fault) : FileRoot(inner.Path)
{
    public override FolderIdentity Identity => inner.Identity;

    public override string WatchedPath => inner.WatchedPath;

    public override OpenStatus TryOpen(string relativePath, out OpenedFile? file) => inner.TryOpen(relativePath, out file);

    public override OpenStatus Look(string relativePath, out FileIdentity identity) => inner.Look(relativePath, out identity);

    public override FileIdentity Identify(OpenedFile file) => inner.Identify(file);

    public override IEnumerable<FolderEntry>? List(string relativePath)
    {
        for (var number = 0; number < entries; number++)
        {
            yield return new FolderEntry($"{number}.txt", IsFolder: false, IsLink: false, 1, DateTimeOffset.UnixEpoch);
        }

        throw fault;
    }

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }
}
