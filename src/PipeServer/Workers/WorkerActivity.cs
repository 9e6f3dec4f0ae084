namespace PipeServer.Workers;

/// <summary>What a worker is doing at one moment.</summary>
internal sealed class WorkerActivity(int index, string name, bool isStarted, bool hasEnded, object? job, TimeSpan duration, long executed, long faulted)
{
    /// <summary>Its number.</summary>
    public int Index => index;

    /// <summary>Its thread's name.</summary>
    public string Name => name;

    /// <summary>It has got its thread: a job has needed it.</summary>
    public bool IsStarted => isStarted;

    /// <summary>It runs no job any more: the pool has been stopped.</summary>
    public bool HasEnded => hasEnded;

    /// <summary>What its job was handed in with: a description, else the callback's name in words; null while it is idle.</summary>
    public object? Job => job;

    /// <summary>How long the job has been running.</summary>
    public TimeSpan Duration => duration;

    /// <summary>How many jobs it has run to their end, those that threw included.</summary>
    public long Executed => executed;

    /// <summary>How many of them have thrown.</summary>
    public long Faulted => faulted;
}
