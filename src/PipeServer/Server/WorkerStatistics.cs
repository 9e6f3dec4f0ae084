namespace PipeServer.Server;

/// <summary>What the workers have done and are doing.</summary>
internal sealed class WorkerStatistics(int total, int busy, long executed, long faulted)
{
    /// <summary>How many there are once jobs have needed them all.</summary>
    public int Total => total;

    /// <summary>How many are running a job.</summary>
    public int Busy => busy;

    /// <summary>How many jobs have run to their end, those that threw included.</summary>
    public long Executed => executed;

    /// <summary>How many jobs have thrown. A handler's fault is contained in its request, and is none.</summary>
    public long Faulted => faulted;
}
