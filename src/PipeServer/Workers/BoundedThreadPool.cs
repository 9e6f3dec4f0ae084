namespace PipeServer.Workers;

/// <summary>
/// The .NET thread pool for so much work at once and no more: what has begun holds a permit until it gives it back, wherever it goes on meanwhile,
/// and what finds none waits for one in a bounded queue, first in, first out. Thread-safe.
/// </summary>
/// <remarks>
/// A permit is free only while nobody waits: one that is given back goes to the first who does, in the same step. Handing work in allocates nothing.
/// </remarks>
internal sealed class BoundedThreadPool
{
    private readonly Lock _lock = new(); // nothing foreign is called inside
    private readonly Action<IThreadPoolWorkItem> _queueToPool;
    private int _free;
    private int _queued;
    private BoundedWork? _first; // of those that wait
    private BoundedWork? _last;
    private bool _isCompleted;

    /// <param name="concurrency">How many permits there are.</param>
    /// <param name="capacity">How much work may wait for one.</param>
    /// <param name="queueToPool">Instead of the thread pool's own queue, for tests. Throws <see cref="OutOfMemoryException"/> where it gets no thread.</param>
    public BoundedThreadPool(int concurrency, int capacity, Action<IThreadPoolWorkItem>? queueToPool = null)
    {
        (Concurrency, Capacity, _free) = (concurrency, capacity, concurrency);
        _queueToPool = queueToPool ?? (static work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false));
    }

    /// <summary>How many permits there are.</summary>
    public int Concurrency { get; }

    /// <summary>How much work may wait for one.</summary>
    public int Capacity { get; }

    /// <summary>How many permits are out.</summary>
    public int Active => Concurrency - Volatile.Read(ref _free);

    /// <summary>How much work waits for a permit.</summary>
    public int Queued => Volatile.Read(ref _queued);

    /// <summary>
    /// Hands in work: it is run on the thread pool, with a permit, or is refused later where it waited and no permit can come any more.
    /// </summary>
    /// <param name="work">What is to be run, which is not handed in already.</param>
    /// <returns>False, and nothing done, when the queue is full, the system gives the thread pool no thread, or <see cref="Complete"/> was called.</returns>
    public bool TryStart(BoundedWork work)
    {
        lock (_lock)
        {
            if (_isCompleted)
            {
                return false;
            }

            if (_free == 0)
            {
                if (_queued >= Capacity)
                {
                    return false;
                }

                Append(work);
                return true;
            }

            _free--;
        }

        if (TryQueue(work))
        {
            return true;
        }

        Return();
        return false;
    }

    /// <summary>Gives a permit back: to the first that waits, if anybody does.</summary>
    public void Return()
    {
        while (TakeFirst() is { } next && !TryQueue(next))
        {
            next.Refuse(); // it runs here, without a handler; its permit goes to the next
        }
    }

    /// <summary>Takes no more work, and refuses what waits. What has a permit goes on.</summary>
    public void Complete()
    {
        BoundedWork? waiting;
        lock (_lock)
        {
            _isCompleted = true;
            waiting = _first;
            (_first, _last, _queued) = (null, null, 0);
        }

        while (waiting is not null)
        {
            var next = waiting.Next; // before it is told: it may be used again from then on
            waiting.Next = null;
            waiting.Refuse();
            waiting = next;
        }
    }

    private bool TryQueue(BoundedWork work)
    {
        work.Grant();
        try
        {
            _queueToPool(work);
            return true;
        }
        catch (OutOfMemoryException)
        {
            // The system gives the pool no thread. The work stays in the pool's queue all the same, for a thread that may come one day, or be on its way to
            // it now: whoever takes it first has it.
            return !work.TryTakeBack();
        }
    }

    // Null, and a permit is free, when nobody waits.
    private BoundedWork? TakeFirst()
    {
        lock (_lock)
        {
            if (_first is not { } first)
            {
                _free++;
                return null;
            }

            _first = first.Next;
            _last = _first is null ? null : _last;
            first.Next = null;
            _queued--;
            return first;
        }
    }

    private void Append(BoundedWork work)
    {
        _ = _last is null ? _first = work : _last.Next = work;
        _last = work;
        _queued++;
    }
}
