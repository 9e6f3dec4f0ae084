using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>A root that opens nothing before it is told to, and counts who is at it.</summary>
/// <param name="inner">Has the files; the test's.</param>
internal sealed class HeldRoot(FileRoot inner) : FileRoot(inner.Path)
{
    private int _atOnce;

    public ManualResetEventSlim Go { get; } = new();

    public int MostAtOnce { get; private set; }

    public override FolderIdentity Identity => inner.Identity;

    public override OpenStatus TryOpen(string relativePath, out OpenedFile? file)
    {
        MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _atOnce));
        Assert.True(Go.Wait(TestClient.Patience));
        var status = inner.TryOpen(relativePath, out file);
        Interlocked.Decrement(ref _atOnce);
        return status;
    }

    public override OpenStatus Look(string relativePath, out FileIdentity identity) => inner.Look(relativePath, out identity);

    public override FileIdentity Identify(OpenedFile file) => inner.Identify(file);

    public override IEnumerable<FolderEntry>? List(string relativePath) => inner.List(relativePath);

    protected override void Dispose(bool disposing)
    {
        Go.Dispose();
        base.Dispose(disposing);
    }
}
