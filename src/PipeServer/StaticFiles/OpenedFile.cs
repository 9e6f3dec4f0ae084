using Microsoft.Win32.SafeHandles;

namespace PipeServer.StaticFiles;

/// <summary>A regular file below the root, open for reading. It may have several owners: the last one that disposes of it closes it.</summary>
/// <param name="handle">The open file.</param>
/// <param name="identity">What it was when it was opened.</param>
/// <param name="isDirect">No symbolic link was on the way: only changes of the folders on its path can put another in its place.</param>
internal sealed class OpenedFile(SafeFileHandle handle, FileIdentity identity, bool isDirect) : IDisposable
{
    private int _owners = 1;

    public SafeFileHandle Handle => handle;

    public FileIdentity Identity => identity;

    public bool IsDirect => isDirect;

    /// <summary>Makes the caller an owner too, until it disposes; false when the last one has gone. From any thread.</summary>
    public bool TryShare()
    {
        var owners = Volatile.Read(ref _owners);
        while (owners > 0)
        {
            var found = Interlocked.CompareExchange(ref _owners, owners + 1, owners);
            if (found == owners)
            {
                return true;
            }

            owners = found;
        }

        return false;
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _owners) == 0)
        {
            handle.Dispose();
        }
    }
}
