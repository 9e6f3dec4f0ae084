using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>
/// Opens relative to a handle of the root, by <c>openat2</c>: the kernel itself refuses a path that leaves the root, so nobody
/// can change a link between the check and the opening.
/// </summary>
internal sealed class LinuxFileRoot : FileRoot
{
    // The kernel gives up on a path with ".." in a link while something is renamed (openat2(2), EAGAIN): then once more.
    private const int Attempts = 8;

    private readonly bool _followSymlinks;
    private readonly bool _mustNotWait;
    private readonly SafeFileHandle _root;

    private LinuxFileRoot(LinuxFileRoot other)
        : base(other.Path)
    {
        (_root, _followSymlinks, Identity, WatchedPath) = (other._root, other._followSymlinks, other.Identity, other.WatchedPath);
        _mustNotWait = true;
    }

    private LinuxFileRoot(string path, SafeFileHandle root, FolderIdentity identity, bool followSymlinks)
        : base(path)
    {
        (_root, _followSymlinks, Identity) = (root, followSymlinks, identity);

        // By the handle: whoever renames the folder or one above it, and puts another one there, changes nothing about which is watched.
        var byHandle = ByHandle + "/.";
        WatchedPath = Directory.Exists(byHandle) ? byHandle : path;
        AtOnce = new LinuxFileRoot(this);
    }

    public override FolderIdentity Identity { get; }

    public override string WatchedPath { get; }

    public override FileRoot? AtOnce { get; }

    private string ByHandle => $"/proc/self/fd/{_root.DangerousGetHandle()}";

    /// <summary>Null where the system has no <c>openat2</c>, or forbids it, as older container runtimes do.</summary>
    /// <exception cref="IOException">It cannot be opened now: it has gone, or the process has no descriptor left.</exception>
    public static LinuxFileRoot? TryOpen(string path, bool followSymlinks)
    {
        if (!FileCalls.AreSupported)
        {
            return null;
        }

        var root = FileCalls.OpenFolder(path) ?? throw CannotOpen(path, Marshal.GetLastPInvokeError());

        var error = FileCalls.OpenBelow(root, ".", FileCalls.RESOLVE_BENEATH, out var probe);
        probe.Dispose();
        if (IsExhausted(error))
        {
            root.Dispose();
            throw CannotOpen(path, error);
        }

        if (error is not (0 or Errno.EACCES) || FileCalls.Identify(root, out var identity, out _) != 0)
        {
            root.Dispose();
            return null;
        }

        return new LinuxFileRoot(path, root, identity.OfFolder, followSymlinks);
    }

    public override OpenStatus TryOpen(string relativePath, out OpenedFile? file)
    {
        var status = TryOpen(relativePath, out var handle, out var identity, out var isDirect);
        if (status == OpenStatus.File)
        {
            file = new OpenedFile(handle, identity, isDirect);
            return status;
        }

        handle.Dispose();
        file = null;
        return status;
    }

    public override OpenStatus Look(string relativePath, out FileIdentity identity)
    {
        var status = TryOpen(relativePath, out var handle, out identity, out _);
        handle.Dispose();
        return status;
    }

    public override FileIdentity Identify(OpenedFile file) =>
        FileCalls.Identify(file.Handle, out var identity, out _) == 0 ? identity : default;

    public override IEnumerable<FolderEntry>? List(string relativePath)
    {
        // By the handle, so that it is the folder that was checked.
        var status = TryOpen(relativePath, out var folder, out _, out _);
        if (status == OpenStatus.Folder)
        {
            return FolderReader.Read(folder, (name, isLink) => Look(relativePath, name, isLink));
        }

        folder.Dispose();
        return status == OpenStatus.Exhausted ? throw new IOException("There is no descriptor left to read a folder.") : null;
    }

    protected override void Dispose(bool disposing)
    {
        _root.Dispose();
        base.Dispose(disposing);
    }

    private OpenStatus TryOpen(string relativePath, out SafeFileHandle handle, out FileIdentity identity, out bool isDirect)
    {
        var path = relativePath.Length == 0 ? "." : relativePath;
        var resolve = FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS | (_mustNotWait ? FileCalls.RESOLVE_CACHED : 0);
        var error = FileCalls.OpenBelow(_root, path, resolve, out handle);
        isDirect = error == 0;
        if (_mustNotWait && error is not (0 or Errno.ENOENT))
        {
            identity = default;
            return OpenStatus.MustWait;
        }

        if (error == Errno.ELOOP)
        {
            handle.Dispose();
            error = OpenThroughLinks(path, out handle);
        }

        var type = 0;
        identity = default;
        if (error == 0)
        {
            error = FileCalls.Identify(handle, out identity, out type);
        }

        if (error == 0 && FileCalls.IsOneOfTheLast(handle))
        {
            error = Errno.EMFILE;
        }

        return error != 0 ? ToStatus(error) : type switch
        {
            FileCalls.IFREG => OpenStatus.File,
            FileCalls.IFDIR => OpenStatus.Folder,
            _ => OpenStatus.NotFound,
        };
    }

    // A link may be relative, and stay inside: the kernel sees to that. An absolute one can be inside too, which the kernel
    // does not look at: then where it leads is opened, as a path without links.
    private int OpenThroughLinks(string path, out SafeFileHandle handle)
    {
        if (_followSymlinks)
        {
            return FileCalls.OpenBelow(_root, path, FileCalls.RESOLVE_NO_MAGICLINKS, out handle);
        }

        var error = 0;
        handle = new SafeFileHandle();
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            handle.Dispose();
            error = FileCalls.OpenBelow(_root, path, FileCalls.RESOLVE_BENEATH, out handle);
            if (error != Errno.EAGAIN)
            {
                break;
            }
        }

        if (error == Errno.EXDEV && InsideOf(path, ref error) is { } inside)
        {
            handle.Dispose();
            return FileCalls.OpenBelow(_root, inside, FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS, out handle);
        }

        return error;
    }

    // Where a path leads by its links, below the root, byte for byte; null when that is outside. The root may have been renamed since it was opened.
    private string? InsideOf(string path, ref int error)
    {
        var result = FileCalls.LocateBelow(_root, path, FileCalls.RESOLVE_NO_MAGICLINKS, out var place);
        using (place)
        {
            if (result != 0)
            {
                error = IsExhausted(result) ? result : error; // what hinders the way outside is nobody's business
                return null;
            }

            return FileCalls.PathOf(_root) is { } root && FileCalls.PathOf(place) is { } found && found != root && IsInside(root, found)
                ? found[root.Length..].TrimStart('/')
                : null;
        }
    }

    private static bool IsExhausted(int error) => error is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM;

    private static IOException CannotOpen(string path, int error) =>
        new($"The folder '{path}' cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}.");

    private static OpenStatus ToStatus(int error) => error switch
    {
        Errno.EACCES or Errno.EPERM => OpenStatus.Forbidden,
        _ when IsExhausted(error) => OpenStatus.Exhausted,
        Errno.EIO => throw new IOException("The disk reports an error (EIO)."),
        _ => OpenStatus.NotFound, // not there, outside, a loop, a name too long, a socket
    };
}
