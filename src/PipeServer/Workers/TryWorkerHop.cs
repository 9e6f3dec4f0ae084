using System.Runtime.CompilerServices;

namespace PipeServer.Workers;

/// <summary>
/// Awaitable that moves the rest of an async method onto a worker if there is room, and tells whether it did; see
/// <see cref="WorkerPool.TryContinueOnWorker"/>.
/// </summary>
/// <remarks>
/// The answer needs no memory: after the await, "did it work" and "am I on a worker" are the same question. A caller
/// that is on a worker already when the queue is full keeps that worker.
/// </remarks>
public readonly struct TryWorkerHop : ICriticalNotifyCompletion
{
    private readonly WorkerPool _pool;
    private readonly object? _description;

    internal TryWorkerHop(WorkerPool pool, object? description)
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
    public TryWorkerHop GetAwaiter() => this;

    /// <summary>Ends the await: true on a worker; false where it was, because the queue is full or completed.</summary>
    public bool GetResult() => _pool.IsOnWorker;

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) =>
        UnsafeOnCompleted(ExecutionContextFlow.Capture(continuation));

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation)
    {
        if (!_pool.TryEnqueue(Job.From(continuation, _description)))
        {
            continuation();
        }
    }
}
