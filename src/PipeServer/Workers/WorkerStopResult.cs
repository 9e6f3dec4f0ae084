namespace PipeServer.Workers;

/// <summary>How one worker took the stop.</summary>
/// <param name="Index">The worker's number, from 0.</param>
/// <param name="Name">The worker's thread name.</param>
/// <param name="Ended">True when the thread was joined before the deadline.</param>
/// <param name="CurrentJob">For a worker that has not ended: what it is running, in words; else null.</param>
/// <param name="CurrentJobDuration">For a worker that has not ended: for how long it has been running that.</param>
public readonly record struct WorkerStopResult(
    int Index,
    string Name,
    bool Ended,
    string? CurrentJob,
    TimeSpan CurrentJobDuration);
