namespace PipeServer.StaticFiles;

/// <summary>
/// Files that are hashed in the background, one at a time, in pieces on the thread pool: while one is at it, whatever its length, no thread of the pool is
/// held for longer than a piece takes. Safe for any number of threads.
/// </summary>
internal sealed class HashQueue : IThreadPoolWorkItem
{
    /// <summary>How many may wait: more come back with a later request for them.</summary>
    public const int MaxWaiting = 256;

    // Some five milliseconds.
    private const long PieceBytes = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<HashJob> _jobs = new(); // the first is at work

    /// <summary>The one of the process, for all of its handlers: they have one disk, and one machine.</summary>
    public static HashQueue OfProcess { get; } = new();

    /// <summary>Has a file hashed when its turn has come; false when too many wait.</summary>
    public bool TryAdd(HashJob job)
    {
        lock (_lock)
        {
            if (_jobs.Count > MaxWaiting)
            {
                return false;
            }

            _jobs.Enqueue(job);
            if (_jobs.Count > 1)
            {
                return true;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    void IThreadPoolWorkItem.Execute()
    {
        HashJob job;
        lock (_lock)
        {
            job = _jobs.Peek();
        }

        var goesOn = job.GoOn(PieceBytes);
        lock (_lock)
        {
            if (!goesOn)
            {
                _jobs.Dequeue();
            }

            if (_jobs.Count == 0)
            {
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
