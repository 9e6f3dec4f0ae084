using System.Diagnostics.CodeAnalysis;
using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>
/// Answers of small files, by path, within bounds of memory and number: in memory, or, where that is full, with their files kept open. Safe
/// for any number of threads; <see cref="TryFind"/> never waits for the disk, and for other threads only while changes are applied.
/// </summary>
/// <remarks>
/// An answer holds as long as no folder on its path has reported a change. It is compared with the disk once a second as well,
/// because a change by memory mapping, by another name of the file, or by another machine over a network is not reported. An
/// answer that cannot be watched is compared at each request.
/// </remarks>
internal sealed class FileCache : IMemoryHolder, IDisposable
{
    private const int AdmittedWhenFull = 16;

    private static readonly TimeSpan CheckAgainAfter = TimeSpan.FromSeconds(1);

    // A file that nobody asks for holds a descriptor, and its file system, for no longer than twice this.
    private static readonly TimeSpan LookForUnusedAfter = TimeSpan.FromSeconds(30);

    private readonly CachedFiles _files = new();
    private readonly Lock _lock = new(); // for everything below, and for adding and removing
    private readonly SecondChance _inMemory = new();
    private readonly SecondChance _open = new(); // those with files that are kept open
    private readonly FileDependents _dependents = new();
    private readonly MemoryBudget _memory;
    private readonly KeptFileBudget _folders; // that are watched
    private readonly TimeProvider _timeProvider;
    private readonly long _checkAgainAfter; // in the clock's units
    private readonly KeptFileBudget _budget;
    private FolderWatches? _watches; // from the first file on; a user may have few of them
    private long _bytes;
    private bool _isClosed;
    private uint _asked; // how often Admits was asked while the cache was full
    private uint _askedToKeep; // the same for AdmitsOpen
    private long _lookedForUnused; // a timestamp of the clock
    private readonly FileCacheCounts? _counts;
    private volatile FileCacheAttention _attention;

    public FileCache(MemoryBudget memory, KeptFileBudget budget, KeptFileBudget folders, TimeProvider timeProvider, FileCacheCounts? counts = null)
    {
        (_counts, _attention) = (counts, counts is null ? FileCacheAttention.None : FileCacheAttention.Counting);
        (_memory, _budget, _folders, _timeProvider) = (memory, budget, folders, timeProvider);
        memory.Join(this);
        _lookedForUnused = timeProvider.GetTimestamp();
        _checkAgainAfter = (long)(CheckAgainAfter.TotalSeconds * timeProvider.TimestampFrequency);
    }

    /// <summary>How many bytes the answers take, roughly.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Count => _files.Count;

    /// <summary>How many of them have files that are kept open.</summary>
    public int OpenCount => _open.Count;

    /// <summary>The answer for a path, if it certainly holds.</summary>
    /// <param name="path">The request's path, decoded.</param>
    /// <param name="file">The answer.</param>
    /// <param name="isDue">
    /// It holds if it is what is on the disk, which the caller, and nobody beside it, is to find out now: <see cref="Confirm"/>.
    /// </param>
    public bool TryFind(ReadOnlySpan<byte> path, [NotNullWhen(true)] out CachedFile? file, out bool isDue)
    {
        isDue = false;
        // In this order: a thread that finds the queue empty because another has just emptied it must see that the other is still at work.
        if (_watches is not null && ThreadTurn.MustLook(this) && (_watches.HasEvents || (_attention != FileCacheAttention.None && IsApplying())))
        {
            _counts?.Look();
            ApplyChanges();
        }

        if (!_files.TryGet(path, out file) || file.IsStale || !file.IsWatched)
        {
            file = null;
            _counts?.Miss(wasCounted: _watches is not null);
            return false;
        }

        var (checkedAt, now) = (file.CheckedAt, _timeProvider.GetTimestamp());
        if (now - checkedAt > _checkAgainAfter && file.TryStartCheck(checkedAt, now))
        {
            isDue = true;
            return true;
        }

        file.MarkUsed();
        return true;
    }

    /// <summary>The answer for a path that was just found to be made of this; confirms it for the next second.</summary>
    public CachedFile? Confirm(ReadOnlySpan<byte> path, FileSources sources)
    {
        if (!_files.TryGet(path, out var file))
        {
            return null;
        }

        if (file.IsStale || file.Sources != sources)
        {
            lock (_lock)
            {
                Remove(file);
            }

            return null;
        }

        file.IsUsed = true;
        file.CheckedAt = _timeProvider.GetTimestamp();
        return file;
    }

    /// <summary>
    /// Whether an answer of about this many bytes is worth making up. While there is room, every answer is. When the cache is full,
    /// one in <see cref="AdmittedWhenFull"/> is: popular files soon get in, and when more files are asked for equally than there is
    /// room for, most stay in place instead of pushing each other out.
    /// </summary>
    public bool Admits(long bytes)
    {
        lock (_lock)
        {
            // Where files are kept open memory was full before. The head of one more pushes a whole body out, and if that were room for
            // another, one that is open would move there with its next comparison, and none of them would ever come to rest.
            var room = _open.Count == 0 ? _memory.MaxBytes : _memory.MaxBytes - (_memory.MaxBytes / AdmittedWhenFull);
            return !_isClosed && ((_memory.Bytes + bytes <= room && _memory.Entries < _memory.MaxEntries) || ++_asked % AdmittedWhenFull == 0);
        }
    }

    /// <summary>Whether it is worth keeping that many files open for an answer that is not admitted to memory; as <see cref="Admits"/>.</summary>
    public bool AdmitsOpen(int files)
    {
        lock (_lock)
        {
            return !_isClosed && ((_budget.HasRoomFor(files) && _memory.Entries < _memory.MaxEntries) || ++_askedToKeep % AdmittedWhenFull == 0);
        }
    }

    /// <summary>
    /// Adds an answer. Its folders are watched first and then the disk is looked at again, so that no change can fall in between. One that
    /// is not added has its files closed, as has one that is removed later.
    /// </summary>
    /// <param name="file">The answer.</param>
    /// <param name="root">A path to the root that leads there as long as the root is open.</param>
    /// <param name="probedPaths">Every path below the root which changes the answer when it appears, disappears or changes.</param>
    /// <param name="isDirect">No symbolic link is on the way: the folders of these paths are all there is to watch.</param>
    /// <param name="lookAgain">What the path is made of now; null when nothing is there any more.</param>
    public void Add(CachedFile file, string root, IReadOnlyList<string> probedPaths, bool isDirect, Func<FileSources?> lookAgain)
    {
        var isKept = false;
        try
        {
            isKept = TryPrepare(file, root, probedPaths, isDirect) && TryPut(file, isSame: lookAgain() == file.Sources);
        }
        finally
        {
            if (!isKept)
            {
                lock (_lock)
                {
                    _dependents.Forget(file);
                }

                file.CloseFiles();
            }
        }

        _memory.MakeRoom();
    }

    /// <summary>Puts a form that was made later into an answer.</summary>
    public void Complete(CachedFile file, Representation representation, PreparedResponse whole)
    {
        lock (_lock)
        {
            if (representation.Whole is null && whole.Size <= _memory.MaxBytes && _files.TryGet(file.Path, out var current) && current == file)
            {
                representation.Whole = whole;
                Record(whole.Size, 0);
            }
        }

        _memory.MakeRoom();
    }

    /// <inheritdoc/>
    /// <remarks>Those in memory first: they take the space, and come back with their files open.</remarks>
    public bool TryGiveUpOne()
    {
        lock (_lock)
        {
            var isAny = _inMemory.TryFindNext(out var file) || _open.TryFindNext(out file);
            if (isAny)
            {
                Remove(file!);
            }

            return isAny;
        }
    }

    /// <summary>Gives everything up. Threads that are still at it find nothing from now on, and add nothing.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            RemoveAll(_files.ToList());
            _watches?.Dispose();
            _memory.Leave(this);
        }
    }

    /// <summary>
    /// To be called now and then, whether or not anybody asks for anything: gives up what has changed, since a file that is kept open takes
    /// its space on the disk after it is deleted, and what nobody has asked for in a while.
    /// </summary>
    public void Tidy()
    {
        lock (_lock)
        {
            if (_isClosed || _open.Count == 0)
            {
                return;
            }

            if (_watches!.HasEvents)
            {
                ApplyChanges();
            }

            if (_timeProvider.GetElapsedTime(_lookedForUnused) >= LookForUnusedAfter)
            {
                _lookedForUnused = _timeProvider.GetTimestamp();
                RemoveAll(_open.TakeUnused());
            }
        }
    }

    // False when it is of no use, before the disk is looked at again.
    private bool TryPrepare(CachedFile file, string root, IReadOnlyList<string> probedPaths, bool isDirect)
    {
        lock (_lock)
        {
            if (_isClosed || file.Size > _memory.MaxBytes || _memory.MaxEntries == 0)
            {
                return false;
            }

            file.CheckedAt = _timeProvider.GetTimestamp();
            file.IsUsed = true; // otherwise it would be the first to be given up
            _watches ??= FolderWatches.TryCreate(_folders);
            file.IsWatched = isDirect && _watches is not null && TryWatch(file, root, probedPaths);
            return file.IsWatched || file.Kept.Length == 0; // compared with the disk at each request, it would have to be opened anyway
        }
    }

    private bool TryPut(CachedFile file, bool isSame)
    {
        lock (_lock)
        {
            if (!isSame || file.IsStale || _isClosed)
            {
                return false;
            }

            if (_files.TryGet(file.Path, out var old))
            {
                Remove(old);
            }

            while (file.Kept.Length > 0 && !_budget.TryTake(file.Kept.Length))
            {
                if (!_open.TryFindNext(out var unused))
                {
                    return false; // all of them are other handlers'
                }

                Remove(unused);
            }

            _files.Add(file);
            (file.Kept.Length > 0 ? _open : _inMemory).Add(file);
            Record(file.Size, 1);
            return true;
        }
    }

    private bool TryWatch(CachedFile file, string root, IReadOnlyList<string> probedPaths)
    {
        foreach (var path in probedPaths)
        {
            // The file in its folder, that folder in its own, up to the root.
            var rest = path;
            while (rest.Length > 0)
            {
                var slash = rest.LastIndexOf('/');
                var folder = slash < 0 ? root : root.TrimEnd('/') + "/" + rest[..slash];
                if (!_watches!.TryAdd(folder))
                {
                    _dependents.Forget(file);
                    return false;
                }

                _dependents.Add(folder, rest[(slash + 1)..], file);
                rest = slash < 0 ? "" : rest[..slash];
            }
        }

        return true;
    }

    // If not, the look is counted here: where nobody counts, nobody comes here for that.
    private bool IsApplying()
    {
        if (_attention.HasFlag(FileCacheAttention.Applying))
        {
            return true;
        }

        _counts?.Look();
        return false;
    }

    private void ApplyChanges()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _attention |= FileCacheAttention.Applying;
            Interlocked.MemoryBarrier(); // the mark before the reading
            while (_watches!.Read() is { Count: > 0 } changes)
            {
                foreach (var change in changes)
                {
                    Apply(change);
                }
            }

            _attention &= ~FileCacheAttention.Applying;
        }
    }

    private void Apply(FolderWatches.Change change)
    {
        RemoveAll(change switch
        {
            { Folder: { } folder, Name: { } name } => _dependents.Of(folder, name),
            { Folder: { } folder } => _dependents.Below(folder),
            _ => _files.ToList(),
        });
    }

    private void RemoveAll(IEnumerable<CachedFile> files)
    {
        foreach (var file in files.ToList())
        {
            Remove(file);
        }
    }

    private void Remove(CachedFile file)
    {
        file.IsStale = true;
        SecondChance.Remove(file);
        if (_files.Remove(file))
        {
            Record(-file.Size, -1);
            _budget.GiveBack(file.Kept.Length);
            file.CloseFiles();
        }

        _dependents.Forget(file);
    }

    private void Record(long bytes, int files)
    {
        _bytes += bytes;
        _memory.Count(bytes, files);
    }
}
