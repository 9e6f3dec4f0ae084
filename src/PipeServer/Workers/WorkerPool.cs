using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Workers;

/// <summary>
/// A fixed number of dedicated, long-running threads over one bounded job queue: what the Rust Book calls
/// <c>ThreadPool</c>, usable for any work.
/// </summary>
/// <remarks>
/// <para>
/// Completing the queue is the only stop signal. Every job that was accepted runs, also those that are queued when the
/// queue is completed; a worker ends when it finds the queue completed and empty. <c>using var pool = …</c> is the
/// whole lifetime: <see cref="Dispose"/> completes the queue and joins every worker.
/// </para>
/// <para>
/// A worker gets its thread with the first job that finds no other worker waiting or on its way, so an idle pool has no thread. If the system
/// refuses a thread, the others run the job; without a single one, nothing is accepted: see <see cref="Execute(Action)"/>.
/// </para>
/// <para>All members are safe to call from any thread, the pool's own workers included.</para>
/// </remarks>
public sealed class WorkerPool : IDisposable, IAsyncDisposable
{
    private readonly Worker[] _workers;
    private readonly WorkerStarter _starter;
    private readonly TimeSpan _stopTimeout;

    private int _stopLogged; // the stop's log lines appear once, however often it is asked for

    /// <summary>Makes a pool of up to <paramref name="size"/> threads, named <c>worker-0</c>, <c>worker-1</c>, …, that start as jobs need them.</summary>
    /// <param name="size">The number of dedicated threads, at least 1.</param>
    /// <param name="capacity">How many jobs may wait for a worker, at least 1.</param>
    /// <param name="options">Names, deadline, log and clock; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> or <paramref name="capacity"/> is below 1.</exception>
    public WorkerPool(int size, int capacity, WorkerPoolOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        options ??= new WorkerPoolOptions();

        Logger = GuardedLogger.Around(options.Logger);
        TimeProvider = options.TimeProvider;
        StartThread = options.StartThread;
        UsesPortableWaits = options.UsesPortableWaits;
        _stopTimeout = options.StopTimeout;
        Queue = new JobQueue(capacity, size, UsesPortableWaits);
        _workers = new Worker[size];
        for (var index = 0; index < size; index++)
        {
            _workers[index] = new Worker(this, index, $"{options.ThreadNamePrefix}-{index}");
        }

        _starter = new WorkerStarter(this, Queue, _workers);
    }

    /// <summary>
    /// Raised on the worker's thread after a job threw. What a handler of the event throws is logged and goes no further.
    /// </summary>
    public event EventHandler<JobFaultedEventArgs>? JobFaulted;

    /// <summary>The number of worker threads that there are once jobs have needed them all.</summary>
    public int Size => _workers.Length;

    /// <summary>How many jobs may wait for a worker.</summary>
    public int Capacity => Queue.Capacity;

    /// <summary>How many workers are running a job now.</summary>
    public int Busy => _workers.Count(static worker => worker.IsBusy);

    /// <summary>How many jobs are waiting for a worker now.</summary>
    public int Queued => Queue.Count;

    /// <summary>How many jobs have run to their end, those that threw included.</summary>
    public long Executed => _workers.Sum(static worker => worker.Executed);

    /// <summary>How many jobs have thrown.</summary>
    public long Faulted => _workers.Sum(static worker => worker.Faulted);

    /// <summary>How long the longest of the jobs that are running now has been running; zero when none is.</summary>
    public TimeSpan LongestCurrentJob => _workers.Max(static worker => worker.CurrentJobDuration());

    /// <summary>True when the calling thread is one of this pool's workers.</summary>
    public bool IsOnWorker => Worker.Current is { IsLent: false } worker && worker.Pool == this;

    /// <summary>The number of the worker that the calling thread is; null when it is none of this pool's.</summary>
    internal int? CurrentWorker => Worker.Current is { } worker && worker.Pool == this ? worker.Index : null;

    /// <summary>
    /// True when the calling thread is a worker that need not hop: its turn is not over yet, or nobody waits for one.
    /// </summary>
    internal bool MayStayOnWorker => Worker.Current is { IsLent: false } worker && worker.Pool == this && (Queue.Count == 0 || worker.IsWithinTurn);

    internal ILogger Logger { get; }

    internal TimeProvider TimeProvider { get; }

    internal JobQueue Queue { get; }

    /// <summary>How a worker's thread is started: <see cref="WorkerPoolOptions.StartThread"/>.</summary>
    internal Action<Thread> StartThread { get; }

    /// <summary>True where workers sleep on events instead of futexes: <see cref="WorkerPoolOptions.UsesPortableWaits"/>.</summary>
    internal bool UsesPortableWaits { get; }

    /// <summary>Hands in a job; waits while the queue is full.</summary>
    /// <remarks>
    /// On a worker of this pool, where waiting for oneself would be a deadlock, a full queue makes the job run at once,
    /// inside the current one.
    /// </remarks>
    /// <exception cref="WorkerPoolStoppedException">The pool takes no more jobs.</exception>
    /// <exception cref="InvalidOperationException">No worker runs yet, and the system refuses a thread for the first one.</exception>
    public void Execute(Action job)
    {
        ArgumentNullException.ThrowIfNull(job);
        EnqueueOrBlock(Job.From(job));
    }

    /// <summary>
    /// Hands in a static callback with its state; waits while the queue is full. Allocates nothing.
    /// </summary>
    /// <remarks><inheritdoc cref="Execute(Action)" path="/remarks"/></remarks>
    /// <exception cref="WorkerPoolStoppedException">The pool takes no more jobs.</exception>
    /// <exception cref="InvalidOperationException">No worker runs yet, and the system refuses a thread for the first one.</exception>
    public void Execute<TState>(Action<TState> job, TState state)
        where TState : class
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(state);
        EnqueueOrBlock(Job.From(job, state));
    }

    /// <summary>Hands in a job if there is room; false, and nothing done, when the queue is full or completed.</summary>
    /// <remarks>Also false, with a line in the log, when no worker runs yet and the system refuses a thread for the first one.</remarks>
    public bool TryExecute(Action job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return TryEnqueue(Job.From(job));
    }

    /// <summary>
    /// Hands in a static callback with its state if there is room; false, and nothing done, when the queue is full or
    /// completed. Allocates nothing.
    /// </summary>
    public bool TryExecute<TState>(Action<TState> job, TState state)
        where TState : class
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(state);
        return TryEnqueue(Job.From(job, state));
    }

    /// <summary>
    /// <c>await pool.ContinueOnWorker()</c> runs the rest of the async method on a worker; while the queue is full, the
    /// method waits without holding a thread.
    /// </summary>
    /// <param name="description">Its <c>ToString()</c> names the work in reports; called only for a report.</param>
    /// <remarks>The await throws <see cref="WorkerPoolStoppedException"/> when the pool takes no more jobs.</remarks>
    public WorkerHop ContinueOnWorker(object? description = null) => new(this, description);

    /// <summary>
    /// <c>if (await pool.TryContinueOnWorker())</c> continues on a worker; when the queue is full or completed, it continues where it
    /// was, with <c>false</c>. Allocates nothing.
    /// </summary>
    /// <param name="description">Its <c>ToString()</c> names the work in reports; called only for a report.</param>
    public TryWorkerHop TryContinueOnWorker(object? description = null) => new(this, description);

    /// <summary>
    /// As <see cref="ContinueOnWorker"/>, but tells by <c>false</c> instead of an exception that the pool takes no more jobs.
    /// </summary>
    internal WaitingWorkerHop WaitForWorker(object? description) => new(this, description);

    /// <summary>
    /// Completes the queue: no job is accepted from now on, those that were accepted run, then the workers end. Returns
    /// at once; may be called again.
    /// </summary>
    public void Complete()
    {
        if (!Queue.TryComplete(out var waiting, out var unstarted))
        {
            return;
        }

        foreach (var index in unstarted)
        {
            _workers[index].EndWithoutThread();
        }

        for (; waiting is not null; waiting = waiting.Next)
        {
            try
            {
                waiting.Refuse();
            }
#pragma warning disable CA1031 // Foreign code: the rest of a method that waited for room. The others must be told all the same.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.RefusedJobFaulted(Logger, exception);
            }
        }
    }

    /// <summary>
    /// Completes the queue, waits for every worker, and tells worker by worker whether it ended in time and what a
    /// stuck one is running.
    /// </summary>
    /// <param name="timeout">For all workers together; what is left when one is joined is there for the next.</param>
    /// <remarks>Called from a worker it must be awaited, not blocked on: the worker ends when its job does.</remarks>
    public async Task<WorkerPoolStopReport> StopAsync(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        Complete();
        var started = TimeProvider.GetTimestamp();
        var results = new WorkerStopResult[_workers.Length];
        foreach (var worker in _workers)
        {
            LogShuttingDown(worker);
            var ended = worker.Ended.IsCompleted;
            if (!ended)
            {
                try
                {
                    await worker.Ended.WaitAsync(Remaining(started, timeout), TimeProvider).ConfigureAwait(false);
                    ended = true;
                }
                catch (TimeoutException)
                {
                    // Reported below, with what the worker is doing.
                }
            }

            results[worker.Index] = Report(worker, ended);
        }

        Volatile.Write(ref _stopLogged, 1);
        return new WorkerPoolStopReport(results);
    }

    /// <summary>
    /// Completes the queue and joins every worker, for at most <see cref="WorkerPoolOptions.StopTimeout"/> altogether.
    /// Never throws; may be called again. From a worker of this pool it joins all the others.
    /// </summary>
    public void Dispose()
    {
        Complete();
        var started = TimeProvider.GetTimestamp();
        foreach (var worker in _workers)
        {
            LogShuttingDown(worker);
            if (worker != Worker.Current && !worker.Join(Remaining(started, _stopTimeout)))
            {
                Report(worker, ended: false);
            }
        }

        Volatile.Write(ref _stopLogged, 1);
    }

    /// <inheritdoc cref="Dispose"/>
    public async ValueTask DisposeAsync() => await StopAsync(_stopTimeout).ConfigureAwait(false);

    /// <summary>The worker whose current job was handed in with this description, or null.</summary>
    internal string? WorkerOf(object description) =>
        Array.Find(_workers, worker => worker.IsRunning(description))?.Name;

    /// <summary>What each worker is doing now.</summary>
    internal WorkerActivity[] Activities() => Array.ConvertAll(_workers, static worker => worker.Activity());

    /// <summary>What the worker of this number is running, in words; null when it is idle.</summary>
    internal string? CurrentJobOf(int worker) => _workers[worker].CurrentJobDescription();

    /// <summary>
    /// Hands in a work item; false when the queue is full or completed. The cheapest way: never waits, allocates nothing, and the item itself
    /// is all that is queued.
    /// </summary>
    internal bool TryEnqueue(IWorkItem item) => TryEnqueue(Job.From(item));

    internal bool TryEnqueue(in Job job)
    {
        var result = Queue.TryAdd(in job);
        return result == HandIn.Accepted || (result > HandIn.Accepted && TryEnqueueWithNewWorker(in job, result));
    }

    internal void EnqueueContinuationOrWait(Action continuation, object? description)
    {
        var job = Job.From(continuation, description);
        if (!TryEnqueue(in job) && (EnqueueOrWait(new WaitingJob(job, continuation)) & (HandIn.Accepted | HandIn.Waits)) == HandIn.Full)
        {
            continuation(); // the awaiter sees that it is not on a worker, and throws into the waiting method or says false
        }
    }

    /// <summary>What is thrown where a job had to be taken and was not.</summary>
    internal InvalidOperationException WhyRefused() => Queue.IsCompleted ? new WorkerPoolStoppedException() : _starter.WhyNone();

    internal void ReportFault(Worker worker, Exception exception)
    {
        var job = worker.CurrentJobDescription() ?? "nothing";
        Log.JobFaulted(Logger, worker.Index, job, exception);
        try
        {
            JobFaulted?.Invoke(this, new JobFaultedEventArgs(worker.Index, job, exception));
        }
#pragma warning disable CA1031 // A faulty listener must not take the worker down with the job.
        catch (Exception listenerException)
#pragma warning restore CA1031
        {
            Log.JobFaultedListenerFailed(Logger, listenerException);
        }
    }

    private void EnqueueOrBlock(in Job job)
    {
        if (TryEnqueue(in job))
        {
            return;
        }

        if (Worker.Current is { } worker && worker.Pool == this)
        {
            if (Queue.IsCompleted)
            {
                throw new WorkerPoolStoppedException();
            }

            worker.ExecuteInner(in job);
            return;
        }

        var waiting = new WaitingJob(job, continuation: null);
        var result = EnqueueOrWait(waiting);
        if (result.HasFlag(HandIn.Waits) ? !waiting.Wait() : !result.HasFlag(HandIn.Accepted))
        {
            throw WhyRefused();
        }
    }

    private HandIn EnqueueOrWait(WaitingJob waiting)
    {
        var result = Queue.AddOrWait(waiting);
        if (result.HasFlag(HandIn.WantsWorker))
        {
            _starter.TryStartAnother();
        }

        return result;
    }

    // Off the path of a pool whose workers have all been started.
    private bool TryEnqueueWithNewWorker(in Job job, HandIn result)
    {
        if (result == HandIn.NeedsFirstWorker)
        {
            if (!_starter.TryStartFirst())
            {
                return false;
            }

            result = Queue.TryAdd(in job);
        }

        if (result.HasFlag(HandIn.WantsWorker))
        {
            _starter.TryStartAnother();
        }

        return result.HasFlag(HandIn.Accepted);
    }

    private TimeSpan Remaining(long started, TimeSpan timeout)
    {
        var left = timeout - TimeProvider.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void LogShuttingDown(Worker worker)
    {
        if (Volatile.Read(ref _stopLogged) == 0)
        {
            Log.ShuttingDownWorker(Logger, worker.Index);
        }
    }

    private WorkerStopResult Report(Worker worker, bool ended)
    {
        if (ended)
        {
            // The thread has left its loop; what is left of it is a few instructions.
            worker.Join(Timeout.InfiniteTimeSpan);
            return new WorkerStopResult(worker.Index, worker.Name, Ended: true, CurrentJob: null, TimeSpan.Zero);
        }

        var job = worker.CurrentJobDescription();
        var duration = worker.CurrentJobDuration();
        Log.WorkerStuck(Logger, worker.Index, job ?? "nothing", duration.TotalSeconds);
        return new WorkerStopResult(worker.Index, worker.Name, Ended: false, job, duration);
    }
}
