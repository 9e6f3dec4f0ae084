using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.StaticFiles;

/// <summary>
/// Knows of changes in folders, by Linux's inotify(7): the kernel queues an event before the call that made the change returns,
/// so a look at the queue misses none. Used by one thread at a time, except for <see cref="HasEvents"/>.
/// </summary>
internal sealed partial class FolderWatches : IDisposable
{
    private const int IN_NONBLOCK = 0x800;
    private const int IN_CLOEXEC = 0x80000;
    private const uint IN_MODIFY = 0x2;
    private const uint IN_ATTRIB = 0x4;
    private const uint IN_MOVED_FROM = 0x40;
    private const uint IN_MOVED_TO = 0x80;
    private const uint IN_CREATE = 0x100;
    private const uint IN_DELETE = 0x200;
    private const uint IN_DELETE_SELF = 0x400;
    private const uint IN_MOVE_SELF = 0x800;
    private const uint IN_Q_OVERFLOW = 0x4000;
    private const uint IN_IGNORED = 0x8000;
    private const uint IN_ONLYDIR = 0x0100_0000;
    private const uint IN_DONT_FOLLOW = 0x0200_0000;
    private const uint IN_ISDIR = 0x4000_0000;
    private const uint Changes =
        IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW;

    private const nuint FIONREAD = 0x541B;

    // Memory of the kernel's, about a kilobyte each; its own limit per user is often 8,192 for all programs together.
    internal const int MaxFolders = 2048;

    private readonly SafeFileHandle _inotify;
    private readonly Dictionary<string, int> _watches = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _folders = [];
    private readonly byte[] _events = new byte[16 * 1024];

    private readonly int _number; // of the same descriptor
    private readonly KeptFileBudget _budget;

    private FolderWatches(SafeFileHandle inotify, KeptFileBudget budget) =>
        (_inotify, _number, _budget) = (inotify, (int)inotify.DangerousGetHandle(), budget);

    /// <summary>
    /// A change of the entry <paramref name="Name"/> of a folder; without a name, everything about the folder may have changed.
    /// </summary>
    /// <param name="Folder">As it was given to <see cref="TryAdd"/>; null when events were lost, and nothing is certain.</param>
    /// <param name="Name">A file or folder in it.</param>
    public readonly record struct Change(string? Folder, string? Name);

    /// <summary>True when changes wait to be read. From any thread; what it says once it is closed means nothing.</summary>
    /// <remarks>
    /// By the descriptor's number, without the count that a <see cref="SafeHandle"/> keeps of its users: this is asked for each request. A
    /// thread that is late may ask a descriptor that is closed, or another's by now. Asking how much there is to read changes nothing
    /// anywhere, and nothing is served from a cache that is closed, because it is emptied before.
    /// </remarks>
    // SAFETY: the count lives on this stack frame for the whole call.
    public unsafe bool HasEvents
    {
        get
        {
            var bytes = 0;
            return ioctl(_number, FIONREAD, &bytes) == 0 && bytes > 0;
        }
    }

    /// <summary>Null where there is no inotify, or none left for this user.</summary>
    /// <param name="budget">How many folders may be watched.</param>
    public static FolderWatches? TryCreate(KeptFileBudget budget)
    {
        if (!FileCalls.AreSupported)
        {
            return null;
        }

        var handle = new SafeFileHandle(inotify_init1(IN_NONBLOCK | IN_CLOEXEC), ownsHandle: true);
        return handle.IsInvalid ? null : new FolderWatches(handle, budget);
    }

    /// <summary>Watches a folder from now on; false when the system does not allow it.</summary>
    // SAFETY: the array is pinned for the call and ends with a zero byte.
    public unsafe bool TryAdd(string folder)
    {
        if (_watches.ContainsKey(folder))
        {
            return true;
        }

        if (!_budget.TryTake(1))
        {
            return false;
        }

        fixed (byte* path = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            var watch = inotify_add_watch(_inotify, path, Changes);
            if (watch < 0 || !_folders.TryAdd(watch, folder))
            {
                _budget.GiveBack(1);
                return false; // no such folder, no watch left, or the same folder by another path
            }

            _watches.Add(folder, watch);
            return true;
        }
    }

    /// <summary>Stops watching a folder and all below it: another one may be in its place by now.</summary>
    public void RemoveBelow(string folder)
    {
        foreach (var (path, watch) in _watches.Where(pair => IsBelow(pair.Key, folder)).ToList())
        {
            Forget(path, watch);
            _ = inotify_rm_watch(_inotify, watch);
        }
    }

    public static bool IsBelow(string path, string folder) =>
        path.StartsWith(folder, StringComparison.Ordinal) && (path.Length == folder.Length || path[folder.Length] == '/');

    /// <summary>Takes the changes that wait, at most one buffer of them; empty when there are none.</summary>
    // SAFETY: the buffer is pinned for the call, its length bounds what is written.
    public unsafe IReadOnlyList<Change> Read()
    {
        nint length;
        fixed (byte* first = _events)
        {
            length = read(_inotify, first, (nuint)_events.Length);
        }

        var changes = new List<Change>();
        for (var start = 0; start < length;)
        {
            // struct inotify_event: int wd; uint32_t mask, cookie, len; char name[len], filled up with zeros.
            var one = _events.AsSpan(start);
            var watch = MemoryMarshal.Read<int>(one);
            var mask = MemoryMarshal.Read<uint>(one[4..]);
            var nameLength = (int)MemoryMarshal.Read<uint>(one[12..]);
            var name = Encoding.UTF8.GetString(one.Slice(16, nameLength).TrimEnd((byte)0));
            start += 16 + nameLength;
            if ((mask & IN_Q_OVERFLOW) != 0)
            {
                changes.Add(default);
            }
            else if (_folders.TryGetValue(watch, out var folder))
            {
                changes.Add(new Change(folder, name.Length == 0 ? null : name));
                if ((mask & IN_IGNORED) != 0)
                {
                    Forget(folder, watch);
                }
                else if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0)
                {
                    RemoveBelow(folder);
                }
                else if ((mask & IN_ISDIR) != 0 && (mask & (IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE)) != 0)
                {
                    RemoveBelow(folder + "/" + name);
                }
            }
        }

        return changes;
    }

    public void Dispose()
    {
        _budget.GiveBack(_watches.Count);
        _watches.Clear();
        _inotify.Dispose();
    }

    private void Forget(string folder, int watch)
    {
        _folders.Remove(watch);
        if (_watches.Remove(folder))
        {
            _budget.GiveBack(1);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see TryAdd.
    private static unsafe partial int inotify_add_watch(SafeFileHandle inotify, byte* path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(SafeFileHandle inotify, int watch);

    // Never waits, and does little: the collector may wait for it.
    [LibraryImport("libc")]
    [SuppressGCTransition]
    // SAFETY: see HasEvents.
    private static unsafe partial int ioctl(int inotify, nuint request, int* value);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Read.
    private static unsafe partial nint read(SafeFileHandle inotify, byte* buffer, nuint length);
}
