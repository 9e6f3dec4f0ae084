namespace PipeServer.Cli.Dashboard;

/// <summary>All that <see cref="RequestRecorder"/> has counted up to one moment. Immutable.</summary>
/// <param name="at">When: a timestamp.</param>
/// <param name="durations">Of <see cref="LatencyHistogram"/>; empty for nothing.</param>
/// <param name="queueWaits">The same.</param>
/// <param name="statuses">How many answers each status has had; empty for nothing.</param>
/// <param name="reasons">How many requests were refused, failed or cut off, and why.</param>
internal sealed class RequestFigures(long at, long[] durations, long[] queueWaits, long[] statuses, IReadOnlyList<ReasonCounts.Total> reasons)
{
    public long At => at;

    public long[] Durations => durations;

    public long[] QueueWaits => queueWaits;

    public long[] Statuses => statuses;

    public IReadOnlyList<ReasonCounts.Total> Reasons => reasons;

    /// <summary>Before anything was counted.</summary>
    public static RequestFigures None(long at) => new(at, [], [], [], []);

    /// <summary>How many requests have ended.</summary>
    public long Ended { get; } = statuses.Sum();

    /// <summary>How many answers a status has had.</summary>
    public long Of(int status) => status < Statuses.Length ? Statuses[status] : 0;

    /// <summary>How many requests have ended for a reason.</summary>
    public long Of(ReasonCounts.Total reason)
    {
        foreach (var own in Reasons)
        {
            if (own.Status == reason.Status && own.Outcome == reason.Outcome && own.Reason == reason.Reason)
            {
                return own.Count;
            }
        }

        return 0;
    }
}
