using System.Text;
using Microsoft.Win32.SafeHandles;
using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>
/// Opens relative to a handle of the root, by <c>openat2</c>: the kernel itself refuses a path that leaves the root, so nobody
/// can change a link between the check and the opening.
/// </summary>
/// <remarks>
/// A root that is replaced as a whole, by a rename over its name, is opened anew within a second: a release is often put in
/// place like that.
/// </remarks>
internal sealed class LinuxFileRoot : FileRoot
{
    // The kernel gives up on a path with ".." in a link while something is renamed (openat2(2), EAGAIN): then once more.
    private const int Attempts = 8;

    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    private readonly bool _followSymlinks;
    private readonly Lock _rootLock = new();
    private SafeFileHandle _root;
    private FileIdentity _rootIdentity;
    private long _lookedAt;

    private LinuxFileRoot(string path, SafeFileHandle root, FileIdentity identity, bool followSymlinks)
        : base(path)
    {
        _followSymlinks = followSymlinks;
        _root = root;
        _rootIdentity = identity;
        _lookedAt = TimeProvider.System.GetTimestamp();
    }

    /// <summary>Null where the system has no <c>openat2</c>, or forbids it, as older container runtimes do.</summary>
    public static LinuxFileRoot? TryOpen(string path, bool followSymlinks)
    {
        if (!FileCalls.AreSupported || OpenFolder(path) is not { } root)
        {
            return null;
        }

        var error = FileCalls.OpenBelow(root, ".", FileCalls.RESOLVE_BENEATH, out var probe);
        probe.Dispose();
        if (error is not (0 or Errno.EACCES) || FileCalls.Identify(root, out var identity, out _) != 0)
        {
            root.Dispose();
            return null;
        }

        return new LinuxFileRoot(path, root, identity, followSymlinks);
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
        lock (_rootLock)
        {
            _root.Dispose();
        }

        base.Dispose(disposing);
    }

    private OpenStatus TryOpen(string relativePath, out SafeFileHandle handle, out FileIdentity identity, out bool isDirect)
    {
        var root = CurrentRoot();
        var path = relativePath.Length == 0 ? "." : relativePath;
        var error = FileCalls.OpenBelow(root, path, FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS, out handle);
        isDirect = error == 0;
        if (error == Errno.ELOOP)
        {
            handle.Dispose();
            error = OpenThroughLinks(root, path, out handle);
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
    private int OpenThroughLinks(SafeFileHandle root, string path, out SafeFileHandle handle)
    {
        if (_followSymlinks)
        {
            return FileCalls.OpenBelow(root, path, FileCalls.RESOLVE_NO_MAGICLINKS, out handle);
        }

        var error = 0;
        handle = new SafeFileHandle();
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            handle.Dispose();
            error = FileCalls.OpenBelow(root, path, FileCalls.RESOLVE_BENEATH, out handle);
            if (error != Errno.EAGAIN)
            {
                break;
            }
        }

        if (error == Errno.EXDEV && CanonicalPath.Of(FullPath(path)) is { } canonical && IsInside(canonical) && canonical != Path)
        {
            handle.Dispose();
            var inside = canonical[Path.Length..].TrimStart('/');
            return FileCalls.OpenBelow(root, inside, FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS, out handle);
        }

        return error;
    }

    private static OpenStatus ToStatus(int error) => error switch
    {
        Errno.EACCES or Errno.EPERM => OpenStatus.Forbidden,
        Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM => OpenStatus.Exhausted,
        Errno.EIO => throw new IOException("The disk reports an error (EIO)."),
        _ => OpenStatus.NotFound, // not there, outside, a loop, a name too long, a socket
    };

    private SafeFileHandle CurrentRoot()
    {
        if (TimeProvider.System.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookAgainAfter)
        {
            return Volatile.Read(ref _root);
        }

        lock (_rootLock)
        {
            if (TimeProvider.System.GetElapsedTime(_lookedAt) < LookAgainAfter)
            {
                return _root; // another thread has just looked
            }

            Volatile.Write(ref _lookedAt, TimeProvider.System.GetTimestamp());
            if (OpenFolder(Path) is { } folder)
            {
                if (FileCalls.Identify(folder, out var identity, out _) == 0
                    && (identity.Device, identity.Inode) != (_rootIdentity.Device, _rootIdentity.Inode))
                {
                    // The old handle is left to its finalizer: others may be using it.
                    _rootIdentity = identity;
                    Volatile.Write(ref _root, folder);
                }
                else
                {
                    folder.Dispose();
                }
            }

            return _root;
        }
    }

    private static SafeFileHandle? OpenFolder(string path)
    {
        if (FileCalls.OpenRoot(Encoding.UTF8.GetBytes(path + '\0'), out var handle) == 0)
        {
            return handle;
        }

        handle.Dispose();
        return null;
    }
}
