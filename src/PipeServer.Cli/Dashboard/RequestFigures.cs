namespace PipeServer.Cli.Dashboard;

/// <summary>All that <see cref="RequestRecorder"/> has counted up to one moment. Immutable.</summary>
internal sealed class RequestFigures(long at, long[] durations, long[] queueWaits, long[] statuses, IReadOnlyList<ReasonCounts.Total> reasons)
{
    /// <summary>When: a timestamp.</summary>
    public long At => at;

    /// <summary>Of <see cref="LatencyHistogram"/>; empty for nothing.</summary>
    public long[] Durations => durations;

    /// <inheritdoc cref="Durations"/>
    public long[] QueueWaits => queueWaits;

    /// <summary>How many answers each status has had; empty for nothing.</summary>
    public long[] Statuses => statuses;

    /// <summary>How many requests were refused, failed or cut off, and why; the most frequent reason first.</summary>
    public IReadOnlyList<ReasonCounts.Total> Reasons => reasons;

    /// <summary>Before anything was counted.</summary>
    public static RequestFigures None(long at) => new(at, [], [], [], []);

    /// <summary>How many requests have ended.</summary>
    public long Ended
    {
        get
        {
            var ended = 0L;
            foreach (var count in statuses)
            {
                ended += count;
            }

            return ended;
        }
    }

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
