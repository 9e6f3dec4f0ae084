namespace PipeServer.Cli.Dashboard;

/// <summary>
/// What the dashboard shows, at one moment: <c>GET /status</c>, and each event of <c>GET /events</c>. Times are in seconds, latencies in microseconds.
/// No query of a request is in it.
/// </summary>
/// <param name="Time">When, in UTC.</param>
/// <param name="State"><c>starting</c>, <c>serving</c>, <c>draining</c> or <c>stopped</c>.</param>
/// <param name="Program">What it is of.</param>
/// <param name="WindowSeconds">How much time the figures "of late" are of; 0 at a first look, which has none.</param>
/// <param name="Requests">The ledger of requests, and how fast they come.</param>
/// <param name="Duration">How long requests took.</param>
/// <param name="QueueWait">How long of that they waited for a worker.</param>
/// <param name="Statuses">How they were answered.</param>
/// <param name="Refused">Why some were refused, failed or were cut off.</param>
/// <param name="Connections">The ledger of connections, and what they do.</param>
/// <param name="Workers">The workers and their queue.</param>
/// <param name="InProgress">The requests that have been in progress for longest.</param>
/// <param name="Files">The files that are kept in memory; null where there are none.</param>
/// <param name="Process">What the process takes.</param>
/// <param name="Drain">How far a stop has come, and what it waits for; null before it.</param>
internal sealed record DashboardSnapshot(
    DateTimeOffset Time,
    string State,
    DashboardSnapshot.ProgramFigures Program,
    double WindowSeconds,
    DashboardSnapshot.RequestLedger Requests,
    DashboardSnapshot.Latency Duration,
    DashboardSnapshot.Latency QueueWait,
    IReadOnlyList<DashboardSnapshot.StatusCount> Statuses,
    IReadOnlyList<DashboardSnapshot.ReasonCount> Refused,
    DashboardSnapshot.ConnectionFigures Connections,
    DashboardSnapshot.WorkerFigures Workers,
    IReadOnlyList<DashboardSnapshot.RequestInProgress> InProgress,
    DashboardSnapshot.FileFigures? Files,
    DashboardSnapshot.ProcessFigures Process,
    DashboardSnapshot.DrainProgress? Drain)
{
    /// <summary>The program.</summary>
    internal sealed record ProgramFigures(string Version, int Process, DateTimeOffset Started, double UptimeSeconds, IReadOnlyList<string> Listening);

    /// <summary>As the server's report has it at its end: received = completed + refused + aborted + in flight.</summary>
    internal sealed record RequestLedger(
        long Received, long Completed, long Refused, long Aborted, long InFlight, double PerSecond, long BytesReceived, long BytesSent);

    /// <summary>Of late, and since the start.</summary>
    internal sealed record Latency(Percentiles Window, Percentiles Total);

    /// <summary>In microseconds, at most 0.8 % off.</summary>
    internal sealed record Percentiles(long Count, long P50, long P90, long P99, long P999, long Max);

    /// <summary>How many answers had a status; 0 stands for requests without an answer.</summary>
    internal sealed record StatusCount(int Status, long Total, long Window);

    /// <summary>How many requests were <c>refused</c>, have <c>faulted</c> or were <c>aborted</c> for a reason.</summary>
    internal sealed record ReasonCount(int Status, string Outcome, string Reason, long Total, long Window);

    /// <summary>Connections: accepted = closed + aborted + refused + open.</summary>
    internal sealed record ConnectionFigures(
        long Accepted, long Closed, long Aborted, long Refused, long FailedAccepts, int Limit, IReadOnlyList<StateCount> States);

    /// <summary>How many connections are in a state.</summary>
    internal sealed record StateCount(string State, int Count);

    /// <summary>The pool: those that are busy are listed, the ones that have been longest first, and some of the others.</summary>
    internal sealed record WorkerFigures(
        int Size, int Started, int Busy, long Executed, long Faulted, int Queued, int QueueCapacity, IReadOnlyList<WorkerFigure> List);

    /// <summary>A worker; without a request it is idle.</summary>
    internal sealed record WorkerFigure(string Name, string? Request, double Seconds, string? Client, long Executed, long Faulted);

    /// <summary>A request, and where it is: <c>queued</c>, <c>handling</c>, <c>sending</c> or <c>switched</c>.</summary>
    internal sealed record RequestInProgress(string Request, string Stage, double Seconds, string? Worker, string? Client);

    /// <summary>The files in memory.</summary>
    internal sealed record FileFigures(long Hits, long Misses, long Bytes, long Capacity, int Count, int Open);

    /// <summary>The process; bytes of memory, and seconds of all processors. The lag is how late event loops were of late.</summary>
    internal sealed record ProcessFigures(
        long ResidentBytes,
        long HeapBytes,
        long AllocatedBytes,
        int Collections,
        double PauseSeconds,
        double CpuSeconds,
        int Processors,
        double? LoopLagSeconds);

    /// <summary>A stop: its phase, for how long it has been at it and may be, and what it waits for; at its end how it went.</summary>
    internal sealed record DrainProgress(
        string Phase,
        double Seconds,
        double PhaseSeconds,
        double LimitSeconds,
        IReadOnlyList<Blocker> Blockers,
        string? Outcome,
        IReadOnlyList<string> CutOff);

    /// <summary>What the end waits for: one request or worker by its name, or so many connections of a kind.</summary>
    internal sealed record Blocker(string What, string? Client, string Why, double? Seconds);
}
