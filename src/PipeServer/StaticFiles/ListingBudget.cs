namespace PipeServer.StaticFiles;

/// <summary>
/// Bounds what all listings that are being made or sent hold in memory, counted in entries: somebody who asks for large ones and reads none
/// of them cannot fill the memory, and small ones find room beside large ones. Thread-safe.
/// </summary>
/// <param name="maxSorted">The entries of the largest listing that is sorted.</param>
internal sealed class ListingBudget(int maxSorted)
{
    // What a listing counts for at least: it holds a folder open and a buffer. So there are at most 64 with a small bound, 789 with the default.
    private const int LeastEntries = 512;
    private const int LargestAtOnce = 8;

    private readonly long _most = LargestAtOnce * (Math.Max(maxSorted, (LargestAtOnce - 1) * LeastEntries) + (long)LeastEntries);
    private long _held;

    /// <summary>Lets a listing begin; null when there is no room.</summary>
    public Share? TryBegin()
    {
        var share = new Share(this);
        return share.TryHold(0) ? share : null;
    }

    private bool TryTake(int entries)
    {
        if (Interlocked.Add(ref _held, entries) <= _most)
        {
            return true;
        }

        Interlocked.Add(ref _held, -entries);
        return false;
    }

    /// <summary>What one listing holds; disposed at its end. Not thread-safe.</summary>
    internal sealed class Share(ListingBudget budget) : IDisposable
    {
        private int _held;

        /// <summary>Takes what is needed for a number of entries in all; false when there is no room.</summary>
        public bool TryHold(int entries)
        {
            while (_held <= entries)
            {
                if (!budget.TryTake(LeastEntries))
                {
                    return false;
                }

                _held += LeastEntries;
            }

            return true;
        }

        /// <summary>The entries are gone: only the least is held on.</summary>
        public void Shrink()
        {
            Interlocked.Add(ref budget._held, LeastEntries - _held);
            _held = LeastEntries;
        }

        public void Dispose()
        {
            Interlocked.Add(ref budget._held, -_held);
            _held = 0;
        }
    }
}
