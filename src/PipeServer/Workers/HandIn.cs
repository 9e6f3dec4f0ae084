namespace PipeServer.Workers;

/// <summary>What became of a job that was handed in, and what the one who handed it in has to do about it.</summary>
[Flags]
internal enum HandIn
{
    /// <summary>Not taken: there is no room.</summary>
    Full = 0,

    /// <summary>Queued: it will run.</summary>
    Accepted = 1,

    /// <summary>It waits for room, in its turn, and is told what becomes of it.</summary>
    Waits = 2,

    /// <summary>Not taken: the queue was completed.</summary>
    Completed = 4,

    /// <summary>More jobs are queued than workers are on their way to them, none is parked, and one has not been started yet.</summary>
    WantsWorker = 8,

    /// <summary>Not taken: no worker has ever been started, so nobody would run it.</summary>
    NeedsFirstWorker = 16,
}
