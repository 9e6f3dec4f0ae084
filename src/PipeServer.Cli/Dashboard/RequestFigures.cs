namespace PipeServer.Cli.Dashboard;

/// <summary>All that <see cref="RequestRecorder"/> has counted up to one moment. Immutable.</summary>
/// <param name="At">When: a timestamp.</param>
/// <param name="Durations">Of <see cref="LatencyHistogram"/>; empty for nothing.</param>
/// <param name="QueueWaits">The same.</param>
/// <param name="Statuses">How many answers each status has had; empty for nothing.</param>
/// <param name="Reasons">How many requests were refused, failed or cut off, and why.</param>
internal sealed record RequestFigures(long At, long[] Durations, long[] QueueWaits, long[] Statuses, IReadOnlyList<ReasonCounts.Total> Reasons)
{
    /// <summary>Before anything was counted.</summary>
    public static RequestFigures None(long at) => new(at, [], [], [], []);

    /// <summary>How many requests have ended.</summary>
    public long Ended { get; } = Statuses.Sum();

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
