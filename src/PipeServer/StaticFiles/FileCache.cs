using System.Diagnostics.CodeAnalysis;

namespace PipeServer.StaticFiles;

/// <summary>
/// Answers of small files, by path, within bounds of memory and number. Safe for any number of threads;
/// <see cref="TryFind"/> never waits for the disk, and for other threads only while changes are applied.
/// </summary>
/// <remarks>
/// An answer holds as long as no folder on its path has reported a change. It is compared with the disk once a second as well,
/// because a change by memory mapping, by another name of the file, or by another machine over a network is not reported. An
/// answer that cannot be watched is compared at each request.
/// </remarks>
internal sealed class FileCache : IDisposable
{
    private const int AdmittedWhenFull = 16;

    private static readonly TimeSpan CheckAgainAfter = TimeSpan.FromSeconds(1);

    private readonly CachedFiles _files = new();
    private readonly Lock _lock = new(); // for everything below, and for adding and removing
    private readonly LinkedList<CachedFile> _clock = new(); // second chance: an answer that was used goes round once more
    private readonly Dictionary<(string Folder, string Name), HashSet<CachedFile>> _dependents = [];
    private readonly long _maxBytes;
    private readonly int _maxFiles;
    private readonly TimeProvider _timeProvider;
    private readonly long _checkAgainAfter; // in the clock's units
    private FolderWatches? _watches; // from the first file on; a user may have few of them
    private long _bytes;
    private bool _isClosed;
    private uint _asked; // how often Admits was asked while the cache was full
    private volatile bool _isApplying;

    public FileCache(long maxBytes, int maxFiles, TimeProvider timeProvider)
    {
        _maxBytes = maxBytes;
        _maxFiles = maxFiles;
        _timeProvider = timeProvider;
        _checkAgainAfter = (long)(CheckAgainAfter.TotalSeconds * timeProvider.TimestampFrequency);
    }

    /// <summary>How many bytes the answers take, roughly.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Count => _files.Count;

    /// <summary>The answer for a path, if it certainly holds.</summary>
    public bool TryFind(ReadOnlySpan<byte> path, [NotNullWhen(true)] out CachedFile? file)
    {
        // In this order: a thread that finds the queue empty because another has just emptied it must see that the other is still at work.
        if (_watches is not null && (_watches.HasEvents || _isApplying))
        {
            ApplyChanges();
        }

        if (!_files.TryGet(path, out file) || file.IsStale || !file.IsWatched)
        {
            file = null;
            return false;
        }

        var (checkedAt, now) = (file.CheckedAt, _timeProvider.GetTimestamp());
        if (now - checkedAt > _checkAgainAfter && file.TryStartCheck(checkedAt, now))
        {
            file = null;
            return false;
        }

        if (!file.IsUsed)
        {
            file.IsUsed = true;
        }

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
            return !_isClosed && ((_bytes + bytes <= _maxBytes && _clock.Count < _maxFiles) || ++_asked % AdmittedWhenFull == 0);
        }
    }

    /// <summary>
    /// Adds an answer. Its folders are watched first and then the disk is looked at again, so that no change can fall in between.
    /// </summary>
    /// <param name="file">The answer.</param>
    /// <param name="root">A path to the root that leads there as long as the root is open.</param>
    /// <param name="probedPaths">Every path below the root which changes the answer when it appears, disappears or changes.</param>
    /// <param name="isDirect">No symbolic link is on the way: the folders of these paths are all there is to watch.</param>
    /// <param name="lookAgain">What the path is made of now; null when nothing is there any more.</param>
    public void Add(CachedFile file, string root, IReadOnlyList<string> probedPaths, bool isDirect, Func<FileSources?> lookAgain)
    {
        lock (_lock)
        {
            if (_isClosed || file.Size > _maxBytes || _maxFiles == 0)
            {
                return;
            }

            file.CheckedAt = _timeProvider.GetTimestamp();
            file.IsUsed = true; // otherwise it would be the first to be evicted
            _watches ??= FolderWatches.TryCreate();
            file.IsWatched = isDirect && _watches is not null && TryWatch(file, root, probedPaths);
        }

        var isSame = lookAgain() == file.Sources;
        lock (_lock)
        {
            if (!isSame || file.IsStale || _isClosed)
            {
                Forget(file);
                return;
            }

            if (_files.TryGet(file.Path, out var old))
            {
                Remove(old);
            }

            _files.Add(file);
            file.Place = _clock.AddLast(file);
            _bytes += file.Size;
            GiveUpSome();
        }
    }

    /// <summary>Puts a form that was made later into an answer.</summary>
    public void Complete(CachedFile file, Representation representation, PreparedResponse whole)
    {
        lock (_lock)
        {
            if (representation.Whole is null && whole.Size <= _maxBytes && _files.TryGet(file.Path, out var current) && current == file)
            {
                representation.Whole = whole;
                _bytes += whole.Size;
                GiveUpSome();
            }
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
                    Forget(file);
                    return false;
                }

                var key = (folder, rest[(slash + 1)..]);
                if (!_dependents.TryGetValue(key, out var dependents))
                {
                    _dependents.Add(key, dependents = []);
                }

                if (dependents.Add(file))
                {
                    file.Dependencies.Add(key);
                }

                rest = slash < 0 ? "" : rest[..slash];
            }
        }

        return true;
    }

    private void ApplyChanges()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            _isApplying = true;
            Interlocked.MemoryBarrier(); // the mark before the reading
            while (_watches!.Read() is { Count: > 0 } changes)
            {
                foreach (var change in changes)
                {
                    Apply(change);
                }
            }

            _isApplying = false;
        }
    }

    private void Apply(FolderWatches.Change change)
    {
        if (change is { Folder: { } folder, Name: { } name })
        {
            if (_dependents.TryGetValue((folder, name), out var dependents))
            {
                RemoveAll(dependents);
            }

            return;
        }

        RemoveAll(change.Folder is null
            ? _files.ToList()
            : [.. _dependents.Where(pair => FolderWatches.IsBelow(pair.Key.Folder, change.Folder)).SelectMany(static pair => pair.Value)]);
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
        if (_files.Remove(file))
        {
            _bytes -= file.Size;
        }

        if (file.Place is { } place)
        {
            _clock.Remove(place);
            file.Place = null;
        }

        Forget(file);
    }

    private void Forget(CachedFile file)
    {
        foreach (var key in file.Dependencies)
        {
            if (_dependents.TryGetValue(key, out var dependents) && dependents.Remove(file) && dependents.Count == 0)
            {
                _dependents.Remove(key);
            }
        }

        file.Dependencies.Clear();
    }

    private void GiveUpSome()
    {
        while ((_bytes > _maxBytes || _files.Count > _maxFiles) && _clock.First is { Value: var file } first)
        {
            if (file.IsUsed)
            {
                file.IsUsed = false;
                _clock.RemoveFirst();
                _clock.AddLast(first);
            }
            else
            {
                Remove(file);
            }
        }
    }
}
