using System.Runtime.CompilerServices;

namespace PipeServer.Workers;

/// <summary>
/// The await of <see cref="WorkerPool.WaitForWorker"/>: continues on a worker, waiting without a thread while the queue is full;
/// false when the pool takes no more jobs.
/// </summary>
internal readonly struct WaitingWorkerHop(WorkerPool pool, object? description) : ICriticalNotifyCompletion
{
    public bool IsCompleted => pool.MayStayOnWorker;

    public WaitingWorkerHop GetAwaiter() => this;

    public bool GetResult() => pool.IsOnWorker;

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(ExecutionContextFlow.Capture(continuation));

    public void UnsafeOnCompleted(Action continuation) => pool.EnqueueContinuationOrWait(continuation, description);
}
