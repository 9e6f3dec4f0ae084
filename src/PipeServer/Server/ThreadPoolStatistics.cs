namespace PipeServer.Server;

/// <summary>What requests do with the thread pool: those whose handlers are dispatched there.</summary>
internal sealed class ThreadPoolStatistics(int concurrency, int active, int queued)
{
    /// <summary>How many may be there at once.</summary>
    public int Concurrency => concurrency;

    /// <summary>How many hold a permit.</summary>
    public int Active => active;

    /// <summary>How many wait for one.</summary>
    public int Queued => queued;
}
