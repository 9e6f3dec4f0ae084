namespace PipeServer.Workers;

/// <summary>What a worker is doing at one moment.</summary>
/// <param name="index">Its number.</param>
/// <param name="name">Its thread's name.</param>
/// <param name="isStarted">It has got its thread: a job has needed it.</param>
/// <param name="hasEnded">It runs no job any more: the pool has been stopped.</param>
/// <param name="job">What its job was handed in with: a description, else the callback's name in words; null while it is idle.</param>
/// <param name="duration">How long the job has been running.</param>
/// <param name="executed">How many jobs it has run to their end, those that threw included.</param>
/// <param name="faulted">How many of them have thrown.</param>
internal sealed class WorkerActivity(
    int index,
    string name,
    bool isStarted,
    bool hasEnded,
    object? job,
    TimeSpan duration,
    long executed,
    long faulted)
{
    public int Index => index;

    public string Name => name;

    public bool IsStarted => isStarted;

    public bool HasEnded => hasEnded;

    public object? Job => job;

    public TimeSpan Duration => duration;

    public long Executed => executed;

    public long Faulted => faulted;
}
