namespace PipeServer.Cli.Dashboard;

/// <summary>
/// What the dashboard shows, at one moment: <c>GET /status</c>, and each event of <c>GET /events</c>. Times are in seconds, latencies in microseconds.
/// No query of a request is in it.
/// </summary>
/// <param name="time">When, in UTC.</param>
/// <param name="state"><c>starting</c>, <c>serving</c>, <c>draining</c> or <c>stopped</c>.</param>
/// <param name="program">What it is of.</param>
/// <param name="windowSeconds">How much time the figures "of late" are of; 0 at a first look, which has none.</param>
/// <param name="requests">The ledger of requests, and how fast they come.</param>
/// <param name="duration">How long requests took.</param>
/// <param name="queueWait">How long of that they waited for a worker.</param>
/// <param name="statuses">How they were answered.</param>
/// <param name="refused">Why some were refused, failed or were cut off.</param>
/// <param name="connections">The ledger of connections, and what they do.</param>
/// <param name="workers">The workers and their queue.</param>
/// <param name="inProgress">The requests that have been in progress for longest.</param>
/// <param name="files">The files that are kept in memory; null where there are none.</param>
/// <param name="process">What the process takes.</param>
/// <param name="drain">How far a stop has come, and what it waits for; null before it.</param>
// Classes, because what a record has besides its values costs the native file 40 KB here.
internal sealed class DashboardSnapshot(
    DateTimeOffset time,
    string state,
    DashboardSnapshot.ProgramFigures program,
    double windowSeconds,
    DashboardSnapshot.RequestLedger requests,
    DashboardSnapshot.Latency duration,
    DashboardSnapshot.Latency queueWait,
    IReadOnlyList<DashboardSnapshot.StatusCount> statuses,
    IReadOnlyList<DashboardSnapshot.ReasonCount> refused,
    DashboardSnapshot.ConnectionFigures connections,
    DashboardSnapshot.WorkerFigures workers,
    IReadOnlyList<DashboardSnapshot.RequestInProgress> inProgress,
    DashboardSnapshot.FileFigures? files,
    DashboardSnapshot.ProcessFigures process,
    DashboardSnapshot.DrainProgress? drain)
{
    public DateTimeOffset Time => time;

    public string State => state;

    public DashboardSnapshot.ProgramFigures Program => program;

    public double WindowSeconds => windowSeconds;

    public DashboardSnapshot.RequestLedger Requests => requests;

    public DashboardSnapshot.Latency Duration => duration;

    public DashboardSnapshot.Latency QueueWait => queueWait;

    public IReadOnlyList<DashboardSnapshot.StatusCount> Statuses => statuses;

    public IReadOnlyList<DashboardSnapshot.ReasonCount> Refused => refused;

    public DashboardSnapshot.ConnectionFigures Connections => connections;

    public DashboardSnapshot.WorkerFigures Workers => workers;

    public IReadOnlyList<DashboardSnapshot.RequestInProgress> InProgress => inProgress;

    public DashboardSnapshot.FileFigures? Files => files;

    public DashboardSnapshot.ProcessFigures Process => process;

    public DashboardSnapshot.DrainProgress? Drain => drain;

    /// <summary>The program.</summary>
    internal sealed class ProgramFigures(string version, int process, DateTimeOffset started, double uptimeSeconds, IReadOnlyList<string> listening)
    {
        public string Version => version;

        public int Process => process;

        public DateTimeOffset Started => started;

        public double UptimeSeconds => uptimeSeconds;

        public IReadOnlyList<string> Listening => listening;
    }

    /// <summary>As the server's report has it at its end: received = completed + refused + aborted + in flight.</summary>
    internal sealed class RequestLedger(
        long received,
        long completed,
        long refused,
        long aborted,
        long inFlight,
        double perSecond,
        long bytesReceived,
        long bytesSent)
    {
        public long Received => received;

        public long Completed => completed;

        public long Refused => refused;

        public long Aborted => aborted;

        public long InFlight => inFlight;

        public double PerSecond => perSecond;

        public long BytesReceived => bytesReceived;

        public long BytesSent => bytesSent;
    }

    /// <summary>Of late, and since the start.</summary>
    internal sealed class Latency(Percentiles window, Percentiles total)
    {
        public Percentiles Window => window;

        public Percentiles Total => total;
    }

    /// <summary>In microseconds, at most 0.8 % off.</summary>
    internal sealed class Percentiles(long count, long p50, long p90, long p99, long p999, long max)
    {
        public long Count => count;

        public long P50 => p50;

        public long P90 => p90;

        public long P99 => p99;

        public long P999 => p999;

        public long Max => max;
    }

    /// <summary>How many answers had a status; 0 stands for requests without an answer.</summary>
    internal sealed class StatusCount(int status, long total, long window)
    {
        public int Status => status;

        public long Total => total;

        public long Window => window;
    }

    /// <summary>How many requests were <c>refused</c>, have <c>faulted</c> or were <c>aborted</c> for a reason.</summary>
    internal sealed class ReasonCount(int status, string outcome, string reason, long total, long window)
    {
        public int Status => status;

        public string Outcome => outcome;

        public string Reason => reason;

        public long Total => total;

        public long Window => window;
    }

    /// <summary>Connections: accepted = closed + aborted + refused + open.</summary>
    internal sealed class ConnectionFigures(
        long accepted,
        long closed,
        long aborted,
        long refused,
        long failedAccepts,
        int limit,
        IReadOnlyList<StateCount> states)
    {
        public long Accepted => accepted;

        public long Closed => closed;

        public long Aborted => aborted;

        public long Refused => refused;

        public long FailedAccepts => failedAccepts;

        public int Limit => limit;

        public IReadOnlyList<StateCount> States => states;
    }

    /// <summary>How many connections are in a state.</summary>
    internal sealed class StateCount(string state, int count)
    {
        public string State => state;

        public int Count => count;
    }

    /// <summary>The pool: those that are busy are listed, the ones that have been longest first, and some of the others.</summary>
    internal sealed class WorkerFigures(
        int size,
        int started,
        int busy,
        long executed,
        long faulted,
        int queued,
        int queueCapacity,
        IReadOnlyList<WorkerFigure> list)
    {
        public int Size => size;

        public int Started => started;

        public int Busy => busy;

        public long Executed => executed;

        public long Faulted => faulted;

        public int Queued => queued;

        public int QueueCapacity => queueCapacity;

        public IReadOnlyList<WorkerFigure> List => list;
    }

    /// <summary>A worker; without a request it is idle.</summary>
    internal sealed class WorkerFigure(string name, string? request, double seconds, string? client, long executed, long faulted)
    {
        public string Name => name;

        public string? Request => request;

        public double Seconds => seconds;

        public string? Client => client;

        public long Executed => executed;

        public long Faulted => faulted;
    }

    /// <summary>A request, and where it is: <c>queued</c>, <c>handling</c>, <c>sending</c> or <c>switched</c>.</summary>
    internal sealed class RequestInProgress(string request, string stage, double seconds, string? worker, string? client)
    {
        public string Request => request;

        public string Stage => stage;

        public double Seconds => seconds;

        public string? Worker => worker;

        public string? Client => client;
    }

    /// <summary>The files in memory.</summary>
    internal sealed class FileFigures(long hits, long misses, long bytes, long capacity, int count, int open)
    {
        public long Hits => hits;

        public long Misses => misses;

        public long Bytes => bytes;

        public long Capacity => capacity;

        public int Count => count;

        public int Open => open;
    }

    /// <summary>The process; bytes of memory, and seconds of all processors. The lag is how late event loops were of late.</summary>
    internal sealed class ProcessFigures(
        long residentBytes,
        long heapBytes,
        long allocatedBytes,
        int collections,
        double pauseSeconds,
        double cpuSeconds,
        int processors,
        double? loopLagSeconds)
    {
        public long ResidentBytes => residentBytes;

        public long HeapBytes => heapBytes;

        public long AllocatedBytes => allocatedBytes;

        public int Collections => collections;

        public double PauseSeconds => pauseSeconds;

        public double CpuSeconds => cpuSeconds;

        public int Processors => processors;

        public double? LoopLagSeconds => loopLagSeconds;
    }

    /// <summary>A stop: its phase, for how long it has been at it and may be, and what it waits for; at its end how it went.</summary>
    internal sealed class DrainProgress(
        string phase,
        double seconds,
        double phaseSeconds,
        double limitSeconds,
        IReadOnlyList<Blocker> blockers,
        string? outcome,
        IReadOnlyList<string> cutOff)
    {
        public string Phase => phase;

        public double Seconds => seconds;

        public double PhaseSeconds => phaseSeconds;

        public double LimitSeconds => limitSeconds;

        public IReadOnlyList<Blocker> Blockers => blockers;

        public string? Outcome => outcome;

        public IReadOnlyList<string> CutOff => cutOff;
    }

    /// <summary>What the end waits for: one request or worker by its name, or so many connections of a kind.</summary>
    internal sealed class Blocker(string what, string? client, string why, double? seconds)
    {
        public string What => what;

        public string? Client => client;

        public string Why => why;

        public double? Seconds => seconds;
    }
}
