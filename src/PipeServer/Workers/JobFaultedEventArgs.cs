namespace PipeServer.Workers;

/// <summary>A job that threw: which worker ran it, and what came out.</summary>
public sealed class JobFaultedEventArgs(int workerIndex, string job, Exception exception) : EventArgs
{
    /// <summary>The number of the worker that ran the job, from 0.</summary>
    public int WorkerIndex { get; } = workerIndex;

    /// <summary>The job in words.</summary>
    public string Job { get; } = job;

    /// <summary>What the job threw.</summary>
    public Exception Exception { get; } = exception;
}
