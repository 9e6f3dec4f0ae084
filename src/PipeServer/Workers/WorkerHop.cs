using System.Runtime.CompilerServices;

namespace PipeServer.Workers;

/// <summary>
/// Awaitable that moves the rest of an async method onto a worker; see <see cref="WorkerPool.ContinueOnWorker"/>.
/// Holds no state of its own, so awaiting it allocates nothing beyond what the async method itself keeps.
/// </summary>
public readonly struct WorkerHop : ICriticalNotifyCompletion
{
    private readonly WorkerPool _pool;
    private readonly object? _description;

    internal WorkerHop(WorkerPool pool, object? description)
    {
        _pool = pool;
        _description = description;
    }

    /// <summary>
    /// True when the caller is on a worker of the pool already, and nobody is waiting for one, or its turn of a millisecond is
    /// not over.
    /// </summary>
    public bool IsCompleted => _pool.MayStayOnWorker;

    /// <summary>This value is its own awaiter.</summary>
    public WorkerHop GetAwaiter() => this;

    /// <summary>Ends the await.</summary>
    /// <exception cref="WorkerPoolStoppedException">The pool was completed before the hop could be queued.</exception>
    /// <exception cref="InvalidOperationException">No worker runs yet, and the system refuses a thread for the first one.</exception>
    public void GetResult()
    {
        if (!_pool.IsOnWorker)
        {
            throw _pool.WhyRefused();
        }
    }

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) =>
        UnsafeOnCompleted(ExecutionContextFlow.Capture(continuation));

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) =>
        _pool.EnqueueContinuationOrWait(continuation, _description);
}
