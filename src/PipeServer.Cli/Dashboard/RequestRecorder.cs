namespace PipeServer.Cli.Dashboard;

/// <summary>
/// Counts what became of each request, for the dashboard: durations, waits for a worker, statuses, and the reasons of those that were refused, failed
/// or were cut off. Listens to <see cref="HttpServerOptions.OnCompleted"/>; takes no lock and allocates nothing.
/// </summary>
internal sealed class RequestRecorder(TimeProvider clock)
{
    // What is sent by the server itself and by usual handlers; others count as 0, beside those that were not answered.
    private const int Statuses = 600;

    private readonly LatencyHistogram _durations = new();
    private readonly LatencyHistogram _queueWaits = new();
    private readonly StripedCounts _statuses = new(Statuses);
    private readonly ReasonCounts _reasons = new();

    /// <summary>When it began: a timestamp.</summary>
    public long Started { get; } = clock.GetTimestamp();

    /// <summary>A request has ended. From any thread.</summary>
    public void Record(in RequestCompletion completion)
    {
        _statuses.Add(completion.StatusCode is > 0 and < Statuses ? completion.StatusCode : 0);
        if (completion.Request is not null)
        {
            _durations.Record(completion.Duration);
            if (completion.Worker is not null || completion.QueueWait > TimeSpan.Zero)
            {
                _queueWaits.Record(completion.QueueWait);
            }
        }

        if (completion.Outcome != RequestOutcome.Answered && completion.Reason is { } reason)
        {
            _reasons.Add(completion.StatusCode, completion.Outcome, reason);
        }
    }

    /// <summary>All that was counted so far.</summary>
    public RequestFigures Figures() => new(clock.GetTimestamp(), _durations.Counts(), _queueWaits.Counts(), _statuses.Sum(), _reasons.Totals());
}
