using System.Runtime.CompilerServices;

namespace PipeServer.Workers;

/// <summary>The await of <see cref="BoundedWork.TryContinueOnThreadPool"/>.</summary>
internal readonly struct ThreadPoolHop(BoundedWork work) : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public ThreadPoolHop GetAwaiter() => this;

    public bool GetResult() => work.HasPermit;

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(ExecutionContextFlow.Capture(continuation));

    public void UnsafeOnCompleted(Action continuation)
    {
        work.SetContinuation(continuation);
        if (!work.ThreadPool.TryStart(work))
        {
            work.SetContinuation(null);
            continuation();
        }
    }
}
