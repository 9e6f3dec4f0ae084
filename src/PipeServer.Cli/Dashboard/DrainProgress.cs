using System.Globalization;
using System.Text.Json;
using PipeServer.Server;

namespace PipeServer.Cli.Dashboard;

/// <summary>Says how far a stop has come, and by name what the end of a server waits for.</summary>
/// <remarks>
/// <c>phase</c>, for how long the stop (<c>seconds</c>) and this phase of it (<c>phaseSeconds</c>) have been going on, and how long the phase may
/// (<c>limitSeconds</c>); <c>blockers</c>, a list of what it waits for, one request or worker by its name or so many connections of a kind: <c>what</c>,
/// <c>client</c>, <c>why</c>, <c>seconds</c>, the second and the last null where there is none; at the end how it went, <c>outcome</c>
/// (<c>drained</c>, <c>forced</c>, <c>timedOut</c>; before that null), and the list of what was cut off, <c>cutOff</c>.
/// </remarks>
internal static class DrainProgress
{
    /// <summary>Writes the field: null before a stop.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="name">The field's name.</param>
    /// <param name="context">The server, or null.</param>
    /// <param name="activity">What it does, or null.</param>
    /// <param name="connections">What its connections do.</param>
    public static void Write(Utf8JsonWriter json, string name, ServerContext? context, ServerActivity? activity, ConnectionStatistics connections)
    {
        if (context is null || activity?.Shutdown is not { } shutdown)
        {
            json.Null(name);
            return;
        }

        var time = context.Options.TimeProvider;
        var report = shutdown.Report;
        json.Begin(name);
        json.Text("phase", shutdown.Phase);
        json.Seconds("seconds", report?.Elapsed ?? time.GetElapsedTime(shutdown.Started));
        json.Seconds("phaseSeconds", report is null ? time.GetElapsedTime(shutdown.PhaseStarted) : TimeSpan.Zero);
        json.Seconds("limitSeconds", shutdown.Limit);
        json.BeginList("blockers");
        if (shutdown.Phase != ShutdownProgress.Stopped)
        {
            WriteBlockers(json, activity, connections, context.Options.DrainIdleTimeout);
        }

        json.EndList();
        json.Text("outcome", report?.Outcome switch
        {
            null => null,
            ShutdownOutcome.Drained => "drained",
            ShutdownOutcome.Forced => "forced",
            _ => "timedOut",
        });
        json.Texts("cutOff", CutOff(report));
        json.End();
    }

    private static List<string> CutOff(ShutdownReport? report)
    {
        var list = new List<string>();
        if (report is null)
        {
            return list;
        }

        foreach (var request in report.CutOff)
        {
            list.Add(RequestActivity.WithoutQuery(request));
        }

        foreach (var worker in report.Workers)
        {
            if (!worker.Ended)
            {
                list.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{worker.Name} still runs {RequestActivity.WithoutQuery(worker.CurrentJob ?? "nothing")}, {worker.CurrentJobDuration.TotalSeconds:F1} s"));
            }
        }

        return list;
    }

    private static void WriteBlockers(Utf8JsonWriter json, ServerActivity activity, ConnectionStatistics connections, TimeSpan idleTimeout)
    {
        var named = 0;
        foreach (var request in activity.Requests)
        {
            WriteBlocker(json, request.Request, request.Client?.ToString(), Why(request), request.Duration);
            named++;
        }

        foreach (var worker in activity.Workers)
        {
            // A job that is no request's, or one whose connection has been cut off.
            if (worker.Request is { } job && !IsOfRequest(worker, activity.Requests))
            {
                WriteBlocker(json, job, worker.Client?.ToString(), $"runs on {worker.Activity.Name}", worker.Duration);
                named++;
            }
        }

        if (connections.Requests.InFlight > named)
        {
            WriteBlocker(json, Count(connections.Requests.InFlight - named, "more request"), client: null, "in flight", duration: null);
        }

        var states = connections.States;
        WriteConnections(json, states.Handshaking, "in the middle of a TLS handshake; closed", DrainRules.HandshakeTimeout);
        WriteConnections(json, states.New, "nothing has come yet; closed", DrainRules.FirstRequestTimeout);
        WriteConnections(json, states.Idle, "between two requests; closed", idleTimeout);
        WriteConnections(json, states.ReadingHead, "part of a request's head has come; refused", DrainRules.HeadTimeout);
        WriteConnections(json, states.Closing, "all is answered; closed", DrainRules.LingerTimeout);
    }

    private static bool IsOfRequest(WorkerStatus worker, IReadOnlyList<RequestActivity> requests)
    {
        foreach (var request in requests)
        {
            if (request.Worker == worker.Activity.Name)
            {
                return true;
            }
        }

        return false;
    }

    // Those in the other states are in one of the requests.
    private static void WriteConnections(Utf8JsonWriter json, int count, string why, TimeSpan limit)
    {
        if (count > 0)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{why} within {limit.TotalSeconds:0.##} s");
            WriteBlocker(json, Count(count, "connection"), client: null, text, duration: null);
        }
    }

    private static void WriteBlocker(Utf8JsonWriter json, string what, string? client, string why, TimeSpan? duration)
    {
        json.Begin();
        json.Text("what", what);
        json.Text("client", client);
        json.Text("why", why);
        if (duration is { } time)
        {
            json.Number("seconds", time.TotalSeconds, digits: 1);
        }
        else
        {
            json.Null("seconds");
        }

        json.End();
    }

    private static string Why(RequestActivity request) => request.Stage switch
    {
        RequestStage.Queued => "waits for a worker",
        RequestStage.Sending => "its client does not read the answer as fast as it comes",
        RequestStage.Switched => "has its connection for good, until it ends it",
        _ => request.Worker is null ? "its handler waits for something, or runs on an event loop" : $"runs on {request.Worker}",
    };

    private static string Count(long count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
}
