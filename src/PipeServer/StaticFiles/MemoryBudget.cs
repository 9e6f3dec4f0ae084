namespace PipeServer.StaticFiles;

/// <summary>
/// What several holders of memory may have together: bytes, and entries. Who has most gives up first, so that one that comes late finds room, and none
/// is given a part that it has no use for. Thread-safe.
/// </summary>
/// <remarks>While several add at the same time, the bounds may be exceeded by what each of them adds, until each has made room.</remarks>
/// <param name="maxBytes">The most bytes.</param>
/// <param name="maxEntries">The most entries.</param>
internal sealed class MemoryBudget(long maxBytes, int maxEntries = int.MaxValue)
{
    private readonly Lock _lock = new();
    private volatile IMemoryHolder[] _holders = [];
    private long _bytes;
    private int _entries;

    /// <summary>The most bytes.</summary>
    public long MaxBytes => maxBytes;

    /// <summary>The most entries.</summary>
    public int MaxEntries => maxEntries;

    /// <summary>How many bytes all hold.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How many entries all hold.</summary>
    public int Entries => Volatile.Read(ref _entries);

    /// <summary>Who holds something.</summary>
    public IReadOnlyList<IMemoryHolder> Holders => _holders;

    /// <summary>More is held than may be.</summary>
    public bool IsExceeded => Bytes > maxBytes || Entries > maxEntries;

    /// <summary>Lets somebody hold something.</summary>
    public void Join(IMemoryHolder holder)
    {
        lock (_lock)
        {
            _holders = [.. _holders, holder];
        }
    }

    /// <summary>It holds nothing any more.</summary>
    public void Leave(IMemoryHolder holder)
    {
        lock (_lock)
        {
            _holders = [.. _holders.Where(other => other != holder)];
        }
    }

    /// <summary>A holder has more, or less, than before.</summary>
    public void Count(long bytes, int entries)
    {
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Add(ref _entries, entries);
    }

    /// <summary>Makes room, where more is held than may be. Not under a lock of a holder.</summary>
    public void MakeRoom()
    {
        while (IsExceeded && Largest() is { } largest && largest.TryGiveUpOne())
        {
        }
    }

    private IMemoryHolder? Largest()
    {
        var isByEntries = Bytes <= maxBytes;
        IMemoryHolder? largest = null;
        var most = 0L;
        foreach (var holder in _holders)
        {
            var size = isByEntries ? holder.Count : holder.Bytes;
            if (size > most)
            {
                (largest, most) = (holder, size);
            }
        }

        return largest;
    }
}
