using PipeServer.Diagnostics;

namespace PipeServer.Workers;

/// <summary>
/// One dedicated thread of a <see cref="WorkerPool"/>: takes a job, runs it, parks when there is none, ends when the
/// channel is completed and empty.
/// </summary>
#pragma warning disable CA1001 // The event holds nothing to dispose of: its WaitHandle is never asked for.
internal sealed class Worker
#pragma warning restore CA1001
{
    // How long a job may go on to its next hop while others wait: long enough for a batch of short requests, for which the way
    // through the channel costs more than the work, and short enough that nobody notices.
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(1);

    [ThreadStatic]
    private static Worker? _ofThisThread;

    private readonly WorkerPool _pool;
    private readonly Thread _thread;

    // Set by the thread that takes this worker off the pool's parking list. No spinning: under load a worker finds its next job
    // without parking, and when idle a spinning worker would take the core from the threads that hand in jobs.
    private readonly ManualResetEventSlim _wake = new(initialState: false, spinCount: 0);

    // Continuations must not run on the worker's own thread: they may want to join it.
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Guards the pair below: a report may read them while the worker changes them.
    private readonly Lock _currentLock = new();
    private Job _current;
    private long _currentStarted;

    private volatile bool _busy;
    private long _executed;
    private long _faulted;

    public Worker(WorkerPool pool, int index, string name)
    {
        _pool = pool;
        Index = index;
        Name = name;
        // A background thread: a job that never returns must not keep the process alive after Main has ended.
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    /// <summary>The worker that the calling thread belongs to, or null.</summary>
    public static Worker? Current => _ofThisThread;

    public WorkerPool Pool => _pool;

    public int Index { get; }

    public string Name { get; }

    public bool IsBusy => _busy;

    public long Executed => Volatile.Read(ref _executed);

    public long Faulted => Volatile.Read(ref _faulted);

    /// <summary>Completes when the worker has left its loop.</summary>
    public Task Ended => _ended.Task;

    public void Start() => _thread.Start();

    public void Wake() => _wake.Set();

    /// <summary>Waits for the thread itself. True at once when called after <see cref="Ended"/>.</summary>
    public bool Join(TimeSpan timeout) => _thread.Join(timeout);

    /// <summary>Of the worker's own thread: its current job has not run for long.</summary>
    public bool IsWithinTurn => _pool.TimeProvider.GetElapsedTime(_currentStarted) < Turn;

    /// <summary>How long the current job has been running; zero when idle.</summary>
    public TimeSpan CurrentJobDuration()
    {
        lock (_currentLock)
        {
            return _busy ? _pool.TimeProvider.GetElapsedTime(_currentStarted) : TimeSpan.Zero;
        }
    }

    /// <summary>True while the current job is the one that was handed in with this description.</summary>
    public bool IsRunning(object description)
    {
        lock (_currentLock)
        {
            return _busy && _current.IsDescribedBy(description);
        }
    }

    /// <summary>The current job in words, or null when idle.</summary>
    public string? CurrentJobDescription()
    {
        Job job;
        lock (_currentLock)
        {
            if (!_busy)
            {
                return null;
            }

            job = _current;
        }

        // Outside the lock: ToString of a job's description is foreign code.
        try
        {
            return job.Describe();
        }
#pragma warning disable CA1031 // A report must come out even if a job cannot say what it is.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"a job whose description failed ({exception.GetType().Name})";
        }
    }

    /// <summary>Runs one job on this thread: counted, timed, and never letting its exception out.</summary>
    public void Execute(in Job job)
    {
        Log.WorkerGotJob(_pool.Logger, Index);
        var (outerJob, outerStarted, outerBusy) = (_current, _currentStarted, _busy);
        lock (_currentLock)
        {
            _current = job;
            _currentStarted = _pool.TimeProvider.GetTimestamp();
            _busy = true;
        }

        try
        {
            job.Run();
        }
#pragma warning disable CA1031 // The one place that contains a job's fault: counted and reported, the worker goes on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Volatile.Write(ref _faulted, _faulted + 1);
            _pool.ReportFault(this, exception);
        }

        // Only this thread writes the counters; Volatile makes them readable from others.
        Volatile.Write(ref _executed, _executed + 1);
        lock (_currentLock)
        {
            // Not "nothing": a job that hands in another while the channel is full runs it inside itself.
            (_current, _currentStarted, _busy) = (outerJob, outerStarted, outerBusy);
        }
    }

    private void Run()
    {
        _ofThisThread = this;
        try
        {
            while (!_pool.IsCompletedAndEmpty)
            {
                try
                {
                    TakeOrPark();
                }
#pragma warning disable CA1031 // Not a job's fault, which Execute contains: ours, or the log's. A pool must not shrink by it.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    Volatile.Write(ref _faulted, _faulted + 1);
                    _pool.ReportFault(this, exception);
                }
            }

            Log.WorkerDisconnected(_pool.Logger, Index);
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private void TakeOrPark()
    {
        if (_pool.TryTake(out var job))
        {
            Execute(in job);
        }
        else if (!_pool.IsCompletedAndEmpty)
        {
            Park();
        }
    }

    private void Park()
    {
        // Leaves the core once to the threads that hand in jobs. On a busy machine there is a job afterwards, and a yield is cheaper than
        // to sleep and be woken (docs/decisions/002-threads-yield-once-before-they-sleep.md has the figures). On an idle machine the core
        // comes back at once.
        Thread.Yield();
        if (_pool.HasJobOrIsCompleted)
        {
            return;
        }

        _wake.Reset();
        _pool.Register(this);
        // A job or the completion may have come between the look into the channel and the registration: its producer saw nobody
        // parked, so look once more. If another thread has taken this worker off the list meanwhile, it has called Wake or will,
        // and waiting for that keeps the event and the list in step.
        if (_pool.HasJobOrIsCompleted && _pool.Unregister(this))
        {
            return;
        }

        _wake.Wait();
    }
}
