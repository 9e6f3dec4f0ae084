namespace PipeServer.Workers;

/// <summary>The outcome of <see cref="WorkerPool.StopAsync"/>, worker by worker.</summary>
public sealed class WorkerPoolStopReport
{
    internal WorkerPoolStopReport(IReadOnlyList<WorkerStopResult> workers)
    {
        Workers = workers;
        AllEnded = workers.All(static worker => worker.Ended);
    }

    /// <summary>One entry per worker, in order of their numbers.</summary>
    public IReadOnlyList<WorkerStopResult> Workers { get; }

    /// <summary>True when every worker was joined before the deadline.</summary>
    public bool AllEnded { get; }
}
