namespace PipeServer.Workers;

/// <summary>
/// The workers that have no job and sleep. The last one to park is woken first: its cache is the warmest. Thread-safe.
/// </summary>
/// <remarks>
/// Workers park here instead of waiting in the channel: a waiting reader beyond the first costs an allocation per wait, and a write wakes
/// all waiters of WaitToReadAsync where one job needs one worker. A worker adds itself, looks for a job once more, then sleeps; a
/// producer writes its job, then looks for a sleeper. A full fence on both sides: one of the two sees the other.
/// </remarks>
internal sealed class ParkedWorkers(int size)
{
    private readonly Lock _lock = new();
    private readonly Worker[] _parked = new Worker[size];
    private int _count; // written under the lock, read without it behind a full fence

    /// <summary>Adds a worker, which looks into the channel once more before it sleeps.</summary>
    public void Add(Worker worker)
    {
        lock (_lock)
        {
            _parked[_count] = worker;
            Volatile.Write(ref _count, _count + 1);
        }

        // Pairs with the fence in WakeOne: either the producer sees the worker, or the worker sees the job.
        Interlocked.MemoryBarrier();
    }

    /// <summary>Takes a worker out that need not sleep; false when another thread has taken it out before, and will wake it.</summary>
    public bool TryRemove(Worker worker)
    {
        lock (_lock)
        {
            var at = Array.IndexOf(_parked, worker, 0, _count);
            if (at < 0)
            {
                return false;
            }

            _parked[at] = _parked[_count - 1];
            Volatile.Write(ref _count, _count - 1);
            return true;
        }
    }

    /// <summary>Wakes a worker for a job that was just written, if one sleeps.</summary>
    public void WakeOne()
    {
        // Pairs with the fence in Add.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _count) == 0)
        {
            return;
        }

        Worker worker;
        lock (_lock)
        {
            if (_count == 0)
            {
                return;
            }

            Volatile.Write(ref _count, _count - 1);
            worker = _parked[_count];
        }

        worker.Wake();
    }

    /// <summary>Wakes all: the channel is completed.</summary>
    public void WakeAll()
    {
        lock (_lock)
        {
            while (_count > 0)
            {
                Volatile.Write(ref _count, _count - 1);
                _parked[_count].Wake();
            }
        }
    }
}
