namespace PipeServer.Workers;

/// <summary>What a worker is doing at one moment.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Name">Its thread's name.</param>
/// <param name="IsStarted">It has got its thread: a job has needed it.</param>
/// <param name="HasEnded">It runs no job any more: the pool has been stopped.</param>
/// <param name="Job">What its job was handed in with: a description, else the callback's name in words; null while it is idle.</param>
/// <param name="Duration">How long the job has been running.</param>
/// <param name="Executed">How many jobs it has run to their end, those that threw included.</param>
/// <param name="Faulted">How many of them have thrown.</param>
internal readonly record struct WorkerActivity(
    int Index, string Name, bool IsStarted, bool HasEnded, object? Job, TimeSpan Duration, long Executed, long Faulted);
