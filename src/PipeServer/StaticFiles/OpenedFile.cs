using Microsoft.Win32.SafeHandles;

namespace PipeServer.StaticFiles;

/// <summary>A regular file below the root, open for reading.</summary>
/// <param name="Handle">The open file.</param>
/// <param name="Identity">What it was when it was opened.</param>
/// <param name="IsDirect">No symbolic link was on the way: only changes of the folders on its path can put another in its place.</param>
internal sealed record OpenedFile(SafeFileHandle Handle, FileIdentity Identity, bool IsDirect) : IDisposable
{
    public void Dispose() => Handle.Dispose();
}
