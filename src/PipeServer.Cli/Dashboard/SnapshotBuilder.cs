using System.Buffers;
using System.Text.Json;
using PipeServer.Server;
using PipeServer.StaticFiles;
using PipeServer.Transport;

namespace PipeServer.Cli.Dashboard;

/// <summary>Makes the snapshots of the dashboard, as they are sent: JSON. One thread at a time.</summary>
/// <remarks>
/// What the dashboard shows, at one moment: <c>GET /status</c>, and each event of <c>GET /events</c>. Times are in seconds, latencies in microseconds.
/// No query of a request is in it. These are its fields:
/// <list type="bullet">
/// <item><c>time</c>: when, in UTC.</item>
/// <item><c>state</c>: <c>starting</c>, <c>serving</c>, <c>draining</c> or <c>stopped</c>.</item>
/// <item><c>program</c>: <c>version</c>, <c>process</c>, <c>started</c>, <c>uptimeSeconds</c>, <c>listening</c> (a list).</item>
/// <item><c>windowSeconds</c>: how much time the figures "of late" (<c>window</c>) are of; 0 at a first look, which has none.</item>
/// <item><c>requests</c>: the ledger as the server's report has it at its end, <c>received</c> = <c>completed</c> + <c>refused</c> + <c>aborted</c> +
/// <c>inFlight</c>; <c>perSecond</c>, <c>bytesReceived</c>, <c>bytesSent</c>.</item>
/// <item><c>duration</c>, how long requests took, and <c>queueWait</c>, how long of that they waited for a worker: each of late (<c>window</c>) and since
/// the start (<c>total</c>), with <c>count</c>, <c>p50</c>, <c>p90</c>, <c>p99</c>, <c>p999</c>, <c>max</c>, at most 0.8 % off.</item>
/// <item><c>statuses</c>, a list: how many answers had a <c>status</c> (0 stands for requests without an answer), <c>total</c> and <c>window</c>.</item>
/// <item><c>refused</c>, a list: how many requests were <c>refused</c>, have <c>faulted</c> or were <c>aborted</c> (<c>outcome</c>) for a <c>reason</c>, with
/// the <c>status</c> that was sent, <c>total</c> and <c>window</c>.</item>
/// <item><c>connections</c>: <c>accepted</c> = <c>closed</c> + <c>aborted</c> + <c>refused</c> + those open; <c>failedAccepts</c>, <c>limit</c>, and
/// <c>states</c>, a list of <c>state</c> and <c>count</c>.</item>
/// <item><c>workers</c>: <c>size</c>, <c>started</c>, <c>busy</c>, <c>executed</c>, <c>faulted</c>, <c>queued</c>, <c>queueCapacity</c>, and <c>list</c>:
/// those that are busy, the ones that have been longest first, and some of the others, each with <c>name</c>, <c>request</c> (null where it is idle),
/// <c>seconds</c>, <c>client</c>, <c>executed</c>, <c>faulted</c>.</item>
/// <item><c>threadPool</c>, the requests on the thread pool: <c>limit</c>, <c>active</c>, <c>queued</c>.</item>
/// <item><c>inProgress</c>, a list of the requests that have been in progress for longest: <c>request</c>, <c>stage</c> (<c>queued</c>, <c>handling</c>,
/// <c>sending</c> or <c>switched</c>), <c>seconds</c>, <c>worker</c>, <c>client</c>.</item>
/// <item><c>files</c>, those in memory, null where there are none: <c>hits</c>, <c>misses</c>, <c>bytes</c>, <c>capacity</c>, <c>count</c>, <c>open</c>.</item>
/// <item><c>process</c>: see <see cref="ProcessReading"/>.</item>
/// <item><c>drain</c>, how far a stop has come, null before it: see <see cref="DrainProgress"/>.</item>
/// </list>
/// </remarks>
/// <param name="recorder">What has become of the requests.</param>
/// <param name="clock">The clock of that.</param>
internal sealed class SnapshotBuilder(RequestRecorder recorder, TimeProvider clock)
{
    // A page shows no more in a useful way, and a snapshot stays small: beyond this there are only numbers.
    private const int MostRequests = 20;
    private const int MostWorkers = 64;

    private const int UsualBytes = 8 * 1024;

    private static readonly double[] Shares = [0.5, 0.9, 0.99, 0.999, 1];
    private static readonly string Version = typeof(SnapshotBuilder).Assembly.GetName().Version?.ToString(3) ?? "";

    private readonly DateTimeOffset _started = clock.GetUtcNow();
    private readonly FigureWindow _window = Begun(recorder, clock);
    private volatile HttpServer? _server;

    /// <summary>The server that is watched; null until there is one.</summary>
    public HttpServer? Server
    {
        get => _server;
        set => _server = value;
    }

    /// <summary>Gives the files of the server, or null; null where there are none.</summary>
    public Func<StaticFileHandler?>? Files { get; set; }

    /// <summary>How much memory the files may take.</summary>
    public long FilesCapacity { get; set; }

    /// <summary>A snapshot of this moment, as it is sent.</summary>
    public byte[] Build()
    {
        var output = new ArrayBufferWriter<byte>(UsualBytes);
        using (var json = new Utf8JsonWriter(output))
        {
            Write(json);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Nobody watches any more.</summary>
    public void Shrink() => _window.Shrink();

    private static FigureWindow Begun(RequestRecorder recorder, TimeProvider clock)
    {
        var window = new FigureWindow(clock);
        window.Note(RequestFigures.None(recorder.Started));
        return window;
    }

    private void Write(Utf8JsonWriter json)
    {
        var figures = recorder.Figures();
        var before = _window.Note(figures);
        var server = Server is { EndPoints.Count: > 0 } started ? started : null;
        var running = server?.Running;
        var activity = running?.GetActivity(MostRequests);
        var statistics = server?.GetStatistics() ?? ServerStatistics.None;
        var window = before is null ? TimeSpan.Zero : clock.GetElapsedTime(before.At, figures.At);
        json.Begin();
        json.WriteString("time", clock.GetUtcNow());
        json.Text("state", activity switch
        {
            null => "starting",
            { Shutdown.Phase: ShutdownProgress.Stopped } => "stopped",
            { IsDraining: true } => "draining",
            _ => "serving",
        });
        WriteProgram(json, server);
        json.Seconds("windowSeconds", window);
        WriteRequests(json, statistics.Connections, before is null ? 0 : (figures.Ended - before.Ended) / window.TotalSeconds);
        WriteLatency(json, "duration", figures.Durations, before?.Durations);
        WriteLatency(json, "queueWait", figures.QueueWaits, before?.QueueWaits);
        WriteStatuses(json, figures, before);
        WriteReasons(json, figures, before);
        WriteConnections(json, statistics, running?.Context.Options.MaxConnections ?? 0);
        WriteWorkers(json, statistics, activity?.Workers ?? []);
        WriteThreadPool(json, statistics.ThreadPool);
        WriteInProgress(json, activity?.Requests ?? []);
        WriteFiles(json);
        ProcessReading.Write(json, "process", LongestLag(statistics.Loops));
        DrainProgress.Write(json, "drain", running?.Context, activity, statistics.Connections);
        json.End();
    }

    private void WriteProgram(Utf8JsonWriter json, HttpServer? server)
    {
        json.Begin("program");
        json.Text("version", Version);
        json.Number("process", Environment.ProcessId);
        json.WriteString("started", _started);
        json.Seconds("uptimeSeconds", clock.GetUtcNow() - _started);
        json.Texts("listening", server?.Addresses ?? []);
        json.End();
    }

    private static void WriteRequests(Utf8JsonWriter json, ConnectionStatistics connections, double perSecond)
    {
        var requests = connections.Requests;
        json.Begin("requests");
        json.Number("received", requests.Received);
        json.Number("completed", requests.Completed);
        json.Number("refused", requests.Refused);
        json.Number("aborted", requests.Aborted);
        json.Number("inFlight", requests.InFlight);
        json.Number("perSecond", perSecond, digits: 3);
        json.Number("bytesReceived", connections.BytesReceived);
        json.Number("bytesSent", connections.BytesSent);
        json.End();
    }

    private static void WriteLatency(Utf8JsonWriter json, string name, long[] counts, long[]? before)
    {
        json.Begin(name);
        WritePercentiles(json, "window", before is null ? [] : counts, before);
        WritePercentiles(json, "total", counts, before: []);
        json.End();
    }

    private static void WritePercentiles(Utf8JsonWriter json, string name, long[] counts, long[]? before)
    {
        var values = (stackalloc long[Shares.Length]);
        var count = LatencyHistogram.Percentiles(counts, before, Shares, values);
        json.Begin(name);
        json.Number("count", count);
        json.Number("p50", values[0]);
        json.Number("p90", values[1]);
        json.Number("p99", values[2]);
        json.Number("p999", values[3]);
        json.Number("max", values[4]);
        json.End();
    }

    private static void WriteStatuses(Utf8JsonWriter json, RequestFigures now, RequestFigures? before)
    {
        json.BeginList("statuses");
        for (var status = 0; status < now.Statuses.Length; status++)
        {
            if (now.Statuses[status] is > 0 and var total)
            {
                json.Begin();
                json.Number("status", status);
                json.Number("total", total);
                json.Number("window", before is null ? 0 : total - before.Of(status));
                json.End();
            }
        }

        json.EndList();
    }

    private static void WriteReasons(Utf8JsonWriter json, RequestFigures now, RequestFigures? before)
    {
        // The most frequent first; equal ones in an order of their own, or they would jump about on the page.
        var sorted = new List<ReasonCounts.Total>(now.Reasons);
        sorted.Sort(static (left, right) =>
            right.Count.CompareTo(left.Count) is not 0 and var order ? order
            : left.Status.CompareTo(right.Status) is not 0 and var byStatus ? byStatus
            : string.CompareOrdinal(left.Reason, right.Reason));
        json.BeginList("refused");
        foreach (var reason in sorted)
        {
            json.Begin();
            json.Number("status", reason.Status);
            json.Text("outcome", reason.Outcome switch
            {
                RequestOutcome.Refused => "refused",
                RequestOutcome.Faulted => "faulted",
                _ => "aborted",
            });
            json.Text("reason", reason.Reason);
            json.Number("total", reason.Count);
            json.Number("window", before is null ? 0 : reason.Count - before.Of(reason));
            json.End();
        }

        json.EndList();
    }

    private static void WriteConnections(Utf8JsonWriter json, ServerStatistics statistics, int limit)
    {
        var (counts, states) = (statistics.Connections.Counts, statistics.Connections.States);
        json.Begin("connections");
        json.Number("accepted", counts.Accepted);
        json.Number("closed", counts.Closed);
        json.Number("aborted", counts.Aborted);
        json.Number("refused", counts.Refused);
        json.Number("failedAccepts", statistics.FailedAccepts);
        json.Number("limit", limit);
        json.BeginList("states");
        WriteState("handshaking", states.Handshaking);
        WriteState("new", states.New);
        WriteState("idle", states.Idle);
        WriteState("reading", states.ReadingHead);
        WriteState("handling", states.Handling);
        WriteState("sending", states.Writing);
        WriteState("switched", states.Switched);
        WriteState("closing", states.Closing);
        json.EndList();
        json.End();

        void WriteState(string state, int count)
        {
            json.Begin();
            json.Text("state", state);
            json.Number("count", count);
            json.End();
        }
    }

    private static void WriteWorkers(Utf8JsonWriter json, ServerStatistics statistics, IReadOnlyList<WorkerStatus> workers)
    {
        var (started, busy) = (0, 0);
        var sorted = new WorkerStatus[workers.Count];
        for (var i = 0; i < sorted.Length; i++)
        {
            sorted[i] = workers[i];
            started += sorted[i].Activity.IsStarted ? 1 : 0;
            busy += sorted[i].Request is null ? 0 : 1;
        }

        Array.Sort(sorted, static (left, right) =>
            right.Duration.CompareTo(left.Duration) is not 0 and var order ? order : left.Activity.Index.CompareTo(right.Activity.Index));
        json.Begin("workers");
        json.Number("size", sorted.Length);
        json.Number("started", started);
        json.Number("busy", busy);
        json.Number("executed", statistics.Workers.Executed);
        json.Number("faulted", statistics.Workers.Faulted);
        json.Number("queued", statistics.QueueLength);
        json.Number("queueCapacity", statistics.QueueCapacity);
        json.BeginList("list");
        foreach (var worker in sorted.AsSpan(0, Math.Min(MostWorkers, sorted.Length)))
        {
            json.Begin();
            json.Text("name", worker.Activity.Name);
            json.Text("request", worker.Request);
            json.Seconds("seconds", worker.Duration);
            json.Text("client", worker.Client?.ToString());
            json.Number("executed", worker.Activity.Executed);
            json.Number("faulted", worker.Activity.Faulted);
            json.End();
        }

        json.EndList();
        json.End();
    }

    private static void WriteThreadPool(Utf8JsonWriter json, ThreadPoolStatistics threadPool)
    {
        json.Begin("threadPool");
        json.Number("limit", threadPool.Concurrency);
        json.Number("active", threadPool.Active);
        json.Number("queued", threadPool.Queued);
        json.End();
    }

    private static void WriteInProgress(Utf8JsonWriter json, IReadOnlyList<RequestActivity> requests)
    {
        json.BeginList("inProgress");
        foreach (var request in requests)
        {
            json.Begin();
            json.Text("request", request.Request);
            json.Text("stage", request.Stage switch
            {
                RequestStage.Queued => "queued",
                RequestStage.Sending => "sending",
                RequestStage.Switched => "switched",
                _ => "handling",
            });
            json.Seconds("seconds", request.Duration);
            json.Text("worker", request.Worker);
            json.Text("client", request.Client?.ToString());
            json.End();
        }

        json.EndList();
    }

    private void WriteFiles(Utf8JsonWriter json)
    {
        if (Files?.Invoke()?.GetStatistics() is not { } files)
        {
            json.Null("files");
            return;
        }

        json.Begin("files");
        json.Number("hits", files.Hits);
        json.Number("misses", files.Misses);
        json.Number("bytes", files.Bytes);
        json.Number("capacity", FilesCapacity);
        json.Number("count", files.Entries);
        json.Number("open", files.OpenFiles);
        json.End();
    }

    private static TimeSpan? LongestLag(IReadOnlyList<LoopStatistics> loops)
    {
        TimeSpan? longest = null;
        foreach (var loop in loops)
        {
            longest = longest is { } other && other > loop.LongestLag ? other : loop.LongestLag;
        }

        return longest;
    }
}
