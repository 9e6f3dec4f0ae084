using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Workers;

/// <summary>
/// A fixed number of dedicated, long-running threads over one bounded job channel: what the Rust Book calls
/// <c>ThreadPool</c>, usable for any work.
/// </summary>
/// <remarks>
/// <para>
/// Completing the channel is the only stop signal. Every job that was accepted runs, also those that are queued when the
/// channel is completed; a worker ends when it finds the channel completed and empty. <c>using var pool = …</c> is the
/// whole lifetime: <see cref="Dispose"/> completes the channel and joins every worker.
/// </para>
/// <para>All members are safe to call from any thread, the pool's own workers included.</para>
/// </remarks>
public sealed class WorkerPool : IDisposable, IAsyncDisposable
{
    private readonly Channel<Job> _jobs;
    private readonly Worker[] _workers;
    private readonly TimeSpan _stopTimeout;

    private readonly ParkedWorkers _parked;

    private volatile bool _completed;
    private int _stopLogged; // the stop's log lines appear once, however often it is asked for

    /// <summary>Starts <paramref name="size"/> threads named <c>worker-0</c>, <c>worker-1</c>, … that wait for jobs.</summary>
    /// <param name="size">The number of dedicated threads, at least 1.</param>
    /// <param name="capacity">How many jobs may wait for a worker, at least 1.</param>
    /// <param name="options">Names, deadline, log and clock; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> or <paramref name="capacity"/> is below 1.</exception>
    public WorkerPool(int size, int capacity, WorkerPoolOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        options ??= new WorkerPoolOptions();

        Capacity = capacity;
        Logger = GuardedLogger.Around(options.Logger);
        TimeProvider = options.TimeProvider;
        _stopTimeout = options.StopTimeout;
        _jobs = Channel.CreateBounded<Job>(new BoundedChannelOptions(capacity)
        {
            FullMode = BoundedChannelFullMode.Wait,
            // The continuations in this channel only set an event (see WaitForRoom) or write to it again.
            AllowSynchronousContinuations = true,
        });
        _parked = new ParkedWorkers(size);
        _workers = new Worker[size];
        for (var index = 0; index < size; index++)
        {
            _workers[index] = new Worker(this, index, $"{options.ThreadNamePrefix}-{index}");
        }

        foreach (var worker in _workers)
        {
            worker.Start();
        }
    }

    /// <summary>
    /// Raised on the worker's thread after a job threw. What a handler of the event throws is logged and goes no further.
    /// </summary>
    public event EventHandler<JobFaultedEventArgs>? JobFaulted;

    /// <summary>The number of worker threads.</summary>
    public int Size => _workers.Length;

    /// <summary>How many jobs may wait for a worker.</summary>
    public int Capacity { get; }

    /// <summary>How many workers are running a job now.</summary>
    public int Busy => _workers.Count(static worker => worker.IsBusy);

    /// <summary>How many jobs are waiting for a worker now.</summary>
    public int Queued => _jobs.Reader.Count;

    /// <summary>How many jobs have run to their end, those that threw included.</summary>
    public long Executed => _workers.Sum(static worker => worker.Executed);

    /// <summary>How many jobs have thrown.</summary>
    public long Faulted => _workers.Sum(static worker => worker.Faulted);

    /// <summary>How long the longest of the jobs that are running now has been running; zero when none is.</summary>
    public TimeSpan LongestCurrentJob => _workers.Max(static worker => worker.CurrentJobDuration());

    /// <summary>True when the calling thread is one of this pool's workers.</summary>
    public bool IsOnWorker => Worker.Current?.Pool == this;

    /// <summary>
    /// True when the calling thread is a worker that need not hop: its turn is not over yet, or nobody waits for one.
    /// </summary>
    internal bool MayStayOnWorker => Worker.Current is { } worker && worker.Pool == this && (worker.IsWithinTurn || Queued == 0);

    internal ILogger Logger { get; }

    internal TimeProvider TimeProvider { get; }

    internal bool IsCompletedAndEmpty => _jobs.Reader.Completion.IsCompleted;

    internal bool HasJobOrIsCompleted => _jobs.Reader.Count > 0 || _jobs.Reader.Completion.IsCompleted;

    /// <summary>Hands in a job; waits while the channel is full.</summary>
    /// <remarks>
    /// On a worker of this pool, where waiting for oneself would be a deadlock, a full channel makes the job run at once,
    /// inside the current one.
    /// </remarks>
    /// <exception cref="WorkerPoolStoppedException">The pool takes no more jobs.</exception>
    public void Execute(Action job)
    {
        ArgumentNullException.ThrowIfNull(job);
        EnqueueOrBlock(Job.From(job));
    }

    /// <summary>
    /// Hands in a static callback with its state; waits while the channel is full. Allocates nothing.
    /// </summary>
    /// <remarks><inheritdoc cref="Execute(Action)" path="/remarks"/></remarks>
    /// <exception cref="WorkerPoolStoppedException">The pool takes no more jobs.</exception>
    public void Execute<TState>(Action<TState> job, TState state)
        where TState : class
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(state);
        EnqueueOrBlock(Job.From(job, state));
    }

    /// <summary>Hands in a job if there is room; false, and nothing done, when the channel is full or completed.</summary>
    public bool TryExecute(Action job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return TryEnqueue(Job.From(job));
    }

    /// <summary>
    /// Hands in a static callback with its state if there is room; false, and nothing done, when the channel is full or
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
    /// <c>await pool.ContinueOnWorker()</c> runs the rest of the async method on a worker; while the channel is full, the
    /// method waits without holding a thread.
    /// </summary>
    /// <param name="description">Its <c>ToString()</c> names the work in reports; called only for a report.</param>
    /// <remarks>The await throws <see cref="WorkerPoolStoppedException"/> when the pool takes no more jobs.</remarks>
    public WorkerHop ContinueOnWorker(object? description = null) => new(this, description);

    /// <summary>
    /// <c>if (await pool.TryContinueOnWorker())</c> continues on a worker; when the channel is full or completed, it continues where it
    /// was, with <c>false</c>. Allocates nothing.
    /// </summary>
    /// <param name="description">Its <c>ToString()</c> names the work in reports; called only for a report.</param>
    public TryWorkerHop TryContinueOnWorker(object? description = null) => new(this, description);

    /// <summary>
    /// As <see cref="ContinueOnWorker"/>, but tells by <c>false</c> instead of an exception that the pool takes no more jobs.
    /// </summary>
    internal WaitingWorkerHop WaitForWorker(object? description) => new(this, description);

    /// <summary>
    /// Completes the channel: no job is accepted from now on, those that were accepted run, then the workers end. Returns
    /// at once; may be called again.
    /// </summary>
    public void Complete()
    {
        _completed = true;
        if (_jobs.Writer.TryComplete())
        {
            _parked.WakeAll();
        }
    }

    /// <summary>
    /// Completes the channel, waits for every worker, and tells worker by worker whether it ended in time and what a
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
    /// Completes the channel and joins every worker, for at most <see cref="WorkerPoolOptions.StopTimeout"/> altogether.
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

    internal bool TryTake(out Job job) => _jobs.Reader.TryRead(out job);

    /// <summary>Hands in a work item; false when the queue is full or completed. Never waits, allocates nothing.</summary>
    internal bool TryEnqueue(IWorkItem item) => TryEnqueue(Job.From(item));

    internal bool TryEnqueue(in Job job)
    {
        if (!_jobs.Writer.TryWrite(job))
        {
            return false;
        }

        _parked.WakeOne();
        return true;
    }

    internal void EnqueueContinuationOrWait(Action continuation, object? description)
    {
        var job = Job.From(continuation, description);
        if (!TryEnqueue(job))
        {
            _ = EnqueueWhenThereIsRoomAsync(job, continuation);
        }
    }

    /// <summary>Puts a worker on the parking list. The caller looks into the channel once more before it sleeps.</summary>
    internal void Register(Worker worker) => _parked.Add(worker);

    /// <summary>Takes a worker off the parking list; false when another thread has taken it off and will wake it.</summary>
    internal bool Unregister(Worker worker) => _parked.TryRemove(worker);

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
        while (!TryEnqueue(job))
        {
            if (Worker.Current is { } worker && worker.Pool == this)
            {
                if (_completed)
                {
                    throw new WorkerPoolStoppedException();
                }

                worker.Execute(in job);
                return;
            }

            if (!WaitForRoom())
            {
                throw new WorkerPoolStoppedException();
            }
        }
    }

    private bool WaitForRoom()
    {
        // No cancellation token here or on any other call of this channel: dotnet/runtime#132094 loses items with one.
#pragma warning disable CA2012, VSTHRD002 // Blocking is what Execute promises; the awaiter is consumed once.
        var room = _jobs.Writer.WaitToWriteAsync().GetAwaiter();
        if (!room.IsCompleted)
        {
            // Not disposed: Set may still be inside it when Wait returns, and without its WaitHandle it holds nothing.
            var signal = new ManualResetEventSlim();
            room.UnsafeOnCompleted(signal.Set);
            signal.Wait();
        }

        return room.GetResult();
#pragma warning restore CA2012, VSTHRD002
    }

    private async Task EnqueueWhenThereIsRoomAsync(Job job, Action continuation)
    {
        while (await _jobs.Writer.WaitToWriteAsync().ConfigureAwait(false))
        {
            if (TryEnqueue(job))
            {
                return;
            }
        }

        // Completed: the awaiter sees that it is not on a worker and throws into the waiting method.
        continuation();
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
