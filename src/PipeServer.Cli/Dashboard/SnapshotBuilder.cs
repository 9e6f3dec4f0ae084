using System.Globalization;
using System.Reflection;
using System.Text.Json;
using PipeServer.Server;

namespace PipeServer.Cli.Dashboard;

/// <summary>Makes the snapshots of the dashboard. One thread at a time.</summary>
/// <param name="recorder">What has become of the requests.</param>
/// <param name="clock">The clock of that.</param>
internal sealed class SnapshotBuilder(RequestRecorder recorder, TimeProvider clock)
{
    // A page shows no more in a useful way, and a snapshot stays small: beyond this there are only numbers.
    private const int MostRequests = 20;
    private const int MostWorkers = 64;

    private static readonly double[] Shares = [0.5, 0.9, 0.99, 0.999, 1];
    private static readonly string Version = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "";

    private readonly DateTimeOffset _started = clock.GetUtcNow();
    private readonly FigureWindow _window = Begun(recorder, clock);
    private volatile HttpServer? _server;

    /// <summary>The server that is watched; null until there is one.</summary>
    public HttpServer? Server
    {
        get => _server;
        set => _server = value;
    }

    /// <summary>Tells of the files in memory; null where there are none.</summary>
    public Func<DashboardSnapshot.FileFigures?>? Files { get; set; }

    /// <summary>A snapshot of this moment, as it is sent.</summary>
    public byte[] Build() => JsonSerializer.SerializeToUtf8Bytes(Take(), DashboardJson.Default.DashboardSnapshot);

    /// <summary>Nobody watches any more.</summary>
    public void Shrink() => _window.Shrink();

    /// <summary>A snapshot of this moment.</summary>
    public DashboardSnapshot Take()
    {
        var figures = recorder.Figures();
        var before = _window.Note(figures);
        var seconds = before is null ? 0 : clock.GetElapsedTime(before.At, figures.At).TotalSeconds;
        var server = Server is { EndPoints.Count: > 0 } started ? started : null;
        var running = server?.Running;
        var activity = running?.GetActivity(MostRequests);
        var statistics = server?.GetStatistics() ?? ServerStatistics.None;
        var requests = statistics.Connections.Requests;
        var states = StateCounts(statistics.Connections.States);
        return new DashboardSnapshot(
            clock.GetUtcNow(),
            activity switch
            {
                null => "starting",
                { Shutdown.Phase: ShutdownProgress.Stopped } => "stopped",
                { IsDraining: true } => "draining",
                _ => "serving",
            },
            new DashboardSnapshot.ProgramFigures(
                Version, Environment.ProcessId, _started, Rounded((clock.GetUtcNow() - _started).TotalSeconds), server?.Addresses ?? []),
            Rounded(seconds),
            new DashboardSnapshot.RequestLedger(
                requests.Received,
                requests.Completed,
                requests.Refused,
                requests.Aborted,
                requests.InFlight,
                before is null ? 0 : Rounded((figures.Ended - before.Ended) / seconds),
                statistics.Connections.BytesReceived,
                statistics.Connections.BytesSent),
            Latency(figures.Durations, before?.Durations),
            Latency(figures.QueueWaits, before?.QueueWaits),
            Statuses(figures, before),
            Reasons(figures, before),
            Connections(statistics, running?.Context.Options.MaxConnections ?? 0, states),
            Workers(statistics, activity),
            [.. (activity?.Requests ?? []).Select(static request => new DashboardSnapshot.RequestInProgress(
                request.Request, Stage(request.Stage), Rounded(request.Duration.TotalSeconds), request.Worker, request.Client?.ToString()))],
            Files?.Invoke(),
            ProcessReading.Take(statistics.Loops.Count == 0 ? null : statistics.Loops.Max(static loop => loop.LongestLag)),
            Drain(running?.Context, activity, states, requests.InFlight));
    }

    private static FigureWindow Begun(RequestRecorder recorder, TimeProvider clock)
    {
        var window = new FigureWindow(clock);
        window.Note(RequestFigures.None(recorder.Started));
        return window;
    }

    private static DashboardSnapshot.Latency Latency(long[] counts, long[]? before) =>
        new(before is null ? new DashboardSnapshot.Percentiles(0, 0, 0, 0, 0, 0) : Percentiles(counts, before), Percentiles(counts, []));

    private static DashboardSnapshot.Percentiles Percentiles(long[] counts, long[] before)
    {
        var values = (stackalloc long[Shares.Length]);
        var count = LatencyHistogram.Percentiles(counts, before, Shares, values);
        return new DashboardSnapshot.Percentiles(count, values[0], values[1], values[2], values[3], values[4]);
    }

    private static List<DashboardSnapshot.StatusCount> Statuses(RequestFigures now, RequestFigures? before)
    {
        var list = new List<DashboardSnapshot.StatusCount>();
        for (var status = 0; status < now.Statuses.Length; status++)
        {
            if (now.Statuses[status] is > 0 and var total)
            {
                list.Add(new DashboardSnapshot.StatusCount(status, total, before is null ? 0 : total - before.Of(status)));
            }
        }

        return list;
    }

    private static List<DashboardSnapshot.ReasonCount> Reasons(RequestFigures now, RequestFigures? before) =>
    [
        .. now.Reasons.OrderByDescending(static reason => reason.Count).Select(reason => new DashboardSnapshot.ReasonCount(
            reason.Status, Outcome(reason.Outcome), reason.Reason, reason.Count, before is null ? 0 : reason.Count - before.Of(reason))),
    ];

    private static List<DashboardSnapshot.StateCount> StateCounts(ConnectionStates states) =>
    [
        new("new", states.New), new("idle", states.Idle), new("reading", states.ReadingHead), new("handling", states.Handling),
        new("sending", states.Writing), new("switched", states.Switched), new("closing", states.Closing),
    ];

    private static DashboardSnapshot.ConnectionFigures Connections(
        ServerStatistics statistics, int limit, IReadOnlyList<DashboardSnapshot.StateCount> states)
    {
        var counts = statistics.Connections.Counts;
        return new DashboardSnapshot.ConnectionFigures(
            counts.Accepted, counts.Closed, counts.Aborted, counts.Refused, statistics.FailedAccepts, limit, states);
    }

    private static DashboardSnapshot.WorkerFigures Workers(ServerStatistics statistics, ServerActivity? activity)
    {
        var workers = activity?.Workers ?? [];
        return new DashboardSnapshot.WorkerFigures(
            workers.Count,
            workers.Count(static worker => worker.Activity.IsStarted),
            workers.Count(static worker => worker.Request is not null),
            statistics.Workers.Executed,
            statistics.Workers.Faulted,
            statistics.QueueLength,
            statistics.QueueCapacity,
            Busiest(workers));
    }

    private static List<DashboardSnapshot.WorkerFigure> Busiest(IReadOnlyList<WorkerStatus> workers)
    {
        var sorted = new List<WorkerStatus>(workers);
        sorted.Sort(static (left, right) => right.Duration == left.Duration
            ? left.Activity.Index.CompareTo(right.Activity.Index)
            : right.Duration.CompareTo(left.Duration));
        var list = new List<DashboardSnapshot.WorkerFigure>();
        foreach (var worker in sorted)
        {
            if (list.Count == MostWorkers)
            {
                break;
            }

            list.Add(new DashboardSnapshot.WorkerFigure(
                worker.Activity.Name,
                worker.Request,
                Rounded(worker.Duration.TotalSeconds),
                worker.Client?.ToString(),
                worker.Activity.Executed,
                worker.Activity.Faulted));
        }

        return list;
    }

    private static DashboardSnapshot.DrainProgress? Drain(
        ServerContext? context, ServerActivity? activity, IReadOnlyList<DashboardSnapshot.StateCount> states, long inFlight)
    {
        if (context is null || activity?.Shutdown is not { } shutdown)
        {
            return null;
        }

        var time = context.Options.TimeProvider;
        var report = shutdown.Report;
        return new DashboardSnapshot.DrainProgress(
            shutdown.Phase,
            Rounded((report?.Elapsed ?? time.GetElapsedTime(shutdown.Started)).TotalSeconds),
            Rounded(report is null ? time.GetElapsedTime(shutdown.PhaseStarted).TotalSeconds : 0),
            Rounded(shutdown.Limit.TotalSeconds),
            DrainBlockers.Of(activity, states, context.Options.DrainIdleTimeout, inFlight),
            report?.Outcome switch
            {
                null => null,
                ShutdownOutcome.Drained => "drained",
                ShutdownOutcome.Forced => "forced",
                _ => "timedOut",
            },
            report is null ? [] :
            [
                .. report.CutOff.Select(RequestActivity.WithoutQuery),
                .. report.Workers.Where(static worker => !worker.Ended).Select(static worker => string.Create(
                    CultureInfo.InvariantCulture,
                    $"{worker.Name} still runs {RequestActivity.WithoutQuery(worker.CurrentJob ?? "nothing")}, {worker.CurrentJobDuration.TotalSeconds:F1} s")),
            ]);
    }

    private static string Stage(RequestStage stage) => stage switch
    {
        RequestStage.Queued => "queued",
        RequestStage.Sending => "sending",
        RequestStage.Switched => "switched",
        _ => "handling",
    };

    private static string Outcome(RequestOutcome outcome) => outcome switch
    {
        RequestOutcome.Refused => "refused",
        RequestOutcome.Faulted => "faulted",
        _ => "aborted",
    };

    private static double Rounded(double value) => Math.Round(value, 3);
}
