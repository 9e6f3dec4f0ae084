using System.Runtime.CompilerServices;
using PipeServer.Diagnostics;

namespace PipeServer.Workers;

/// <summary>
/// One dedicated thread of a <see cref="WorkerPool"/>: takes a job, runs it, parks when there is none, ends when the queue is completed and
/// empty. It gets its thread when it is started, which may be never.
/// </summary>
internal sealed class Worker
{
    // How long a job may go on to its next hop while others wait: long enough for a batch of short requests, for which the way
    // through the queue costs more than the work, and short enough that nobody notices.
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(1);

    [ThreadStatic]
    private static Worker? _ofThisThread;

    private readonly WorkerPool _pool;
    private readonly WakeSignal _wake;

    // Continuations must not run on the worker's own thread: they may want to join it.
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private volatile Thread? _thread;

    // The job, and when it began. The worker writes them while the count of changes is even, which says that it is idle; a report reads them
    // while the count is odd, and has read one and the same job if the count is what it was before. So a job costs its worker neither a lock
    // nor an interlocked operation.
    private Job _current;
    private long _currentStarted;
    private long _changes;

    // A job inside a job changes the pair without an idle moment between: it excludes reports by this lock.
    private readonly Lock _innerLock = new();
    private long _innerExecuted;
    private long _faulted;
    private ExecutionContext? _own; // what each job begins in, whatever the one before has set

    public Worker(WorkerPool pool, int index, string name)
    {
        _pool = pool;
        _wake = new WakeSignal(isPortable: pool.UsesPortableWaits);
        Index = index;
        Name = name;
    }

    /// <summary>The worker that the calling thread belongs to, or null.</summary>
    public static Worker? Current => _ofThisThread;

    public WorkerPool Pool => _pool;

    public int Index { get; }

    public string Name { get; }

    public bool IsBusy => (Volatile.Read(ref _changes) & 1) != 0;

    /// <summary>Each job changes the count twice: when it begins and when it has ended.</summary>
    public long Executed => (Volatile.Read(ref _changes) >> 1) + Volatile.Read(ref _innerExecuted);

    public long Faulted => Volatile.Read(ref _faulted);

    /// <summary>Completes when the worker has left its loop, or will never enter it.</summary>
    public Task Ended => _ended.Task;

    /// <summary>See <see cref="Lend"/>. The worker's own.</summary>
    public bool IsLent { get; set; }

    /// <summary>
    /// The worker of this thread, if it is one, is at something for a while that must not block: nobody continues on it as on a worker. Of any pool.
    /// </summary>
    /// <returns>What it was before.</returns>
    public static bool Lend(bool isLent)
    {
        if (Current is not { } worker)
        {
            return false;
        }

        var before = worker.IsLent;
        worker.IsLent = isLent;
        return before;
    }

    /// <summary>Of the worker's own thread: its current job has not run for long.</summary>
    public bool IsWithinTurn => _pool.TimeProvider.GetElapsedTime(_currentStarted) < Turn;

    /// <summary>Gives the worker its thread. Once.</summary>
    /// <exception cref="OutOfMemoryException">The system refuses another thread.</exception>
    /// <exception cref="ThreadStartException">The same.</exception>
    public void Start()
    {
        // A background thread: a job that never returns must not keep the process alive after Main has ended.
        var thread = new Thread(Run) { Name = Name, IsBackground = true };
        _pool.StartThread(thread);
        _thread = thread;
    }

    /// <summary>The queue has been completed before the worker got a thread, or it could get none: nothing is left for it to do.</summary>
    public void EndWithoutThread()
    {
        Log.WorkerDisconnected(_pool.Logger, Index);
        _ended.TrySetResult();
    }

    /// <summary>Waits for the thread itself, once the queue is completed. True at once when called after <see cref="Ended"/>.</summary>
    public bool Join(TimeSpan timeout)
    {
        // A start that is under way on another thread takes microseconds: it ends with a thread, or without one.
        if (_thread is null && !Ended.IsCompleted)
        {
            SpinWait.SpinUntil(() => _thread is not null || Ended.IsCompleted, timeout);
        }

        return _thread?.Join(timeout) ?? Ended.IsCompleted;
    }

    /// <summary>How long the current job has been running; zero when idle.</summary>
    public TimeSpan CurrentJobDuration() => TryReadCurrent(out _, out var started) ? _pool.TimeProvider.GetElapsedTime(started) : TimeSpan.Zero;

    /// <summary>What it is doing now. From any thread.</summary>
    public WorkerActivity Activity()
    {
        var isBusy = TryReadCurrent(out var job, out var started);
        return new WorkerActivity(
            Index,
            Name,
            _thread is not null,
            Ended.IsCompleted,
            isBusy ? job.Description : null,
            isBusy ? _pool.TimeProvider.GetElapsedTime(started) : TimeSpan.Zero,
            Executed,
            Faulted);
    }

    /// <summary>True while the current job is the one that was handed in with this description.</summary>
    public bool IsRunning(object description) => TryReadCurrent(out var job, out _) && job.IsDescribedBy(description);

    /// <summary>The current job in words, or null when idle.</summary>
    public string? CurrentJobDescription()
    {
        if (!TryReadCurrent(out var job, out _))
        {
            return null;
        }

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

    /// <summary>
    /// Runs a job inside the current one, on this thread: one that a job hands in while the queue is full. It is the current job until it ends.
    /// </summary>
    public void ExecuteInner(in Job job)
    {
        Log.WorkerGotJob(_pool.Logger, Index);
        var (outerJob, outerStarted) = (_current, _currentStarted);
        var started = _pool.TimeProvider.GetTimestamp();
        lock (_innerLock)
        {
            (_current, _currentStarted) = (job, started);
        }

        var context = ExecutionContext.Capture();
        RunContained(in job, started, context);
        RestoreIfChanged(context);
        Volatile.Write(ref _innerExecuted, _innerExecuted + 1);
        lock (_innerLock)
        {
            (_current, _currentStarted) = (outerJob, outerStarted);
        }
    }

    // Consistent: see the fields. It repeats only while jobs end as fast as they can be read.
    private bool TryReadCurrent(out Job job, out long started)
    {
        lock (_innerLock)
        {
            while (true)
            {
                var changes = Volatile.Read(ref _changes);
                (job, started) = (_current, _currentStarted);
                Volatile.ReadBarrier();
                if ((changes & 1) == 0)
                {
                    return false;
                }

                if (Volatile.Read(ref _changes) == changes)
                {
                    return true;
                }
            }
        }
    }

    private void Run()
    {
        _ofThisThread = this;
        _own = ExecutionContext.Capture();
        try
        {
            for (var isNew = true; TryRunNext(isNew); isNew = false)
            {
                // One job after the other.
            }

            Log.WorkerDisconnected(_pool.Logger, Index);
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private bool TryRunNext(bool isNew)
    {
        if (!_pool.Queue.TryTake(_wake, isNew, ref _current))
        {
            return false;
        }

        try
        {
            Log.WorkerGotJob(_pool.Logger, Index);
            var started = _currentStarted = _pool.TimeProvider.GetTimestamp();
            Volatile.Write(ref _changes, _changes + 1);
            RunContained(in _current, started, _own);
        }
#pragma warning disable CA1031 // Not a job's fault, which is contained already: ours, the clock's or the log's. A pool must not shrink by it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Volatile.Write(ref _faulted, _faulted + 1);
            _pool.ReportFault(this, exception);
        }

        // Even again, whatever has happened.
        Volatile.Write(ref _changes, (_changes | 1) + 1);
        _current.Clear();
        RestoreIfChanged(_own);
        return true;
    }

    // The one place that contains a job's fault: counted and reported, the worker goes on.
    private void RunContained(in Job job, long started, ExecutionContext? context)
    {
        try
        {
            job.Run(started, context);
        }
#pragma warning disable CA1031 // See above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Volatile.Write(ref _faulted, _faulted + 1);
            _pool.ReportFault(this, exception);
        }
    }

    // What a job has set in its context is its own: the next one may be another client's. Null where its flow was suppressed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RestoreIfChanged(ExecutionContext? context)
    {
        if (context is not null && ExecutionContext.Capture() != context)
        {
            ExecutionContext.Restore(context);
        }
    }
}
