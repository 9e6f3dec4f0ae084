using System.Globalization;
using PipeServer.Server;

namespace PipeServer.Cli.Dashboard;

/// <summary>Says by name what the end of a server waits for.</summary>
internal static class DrainBlockers
{
    /// <summary>What is in the way at one moment.</summary>
    /// <param name="activity">What the server does.</param>
    /// <param name="states">What its connections do.</param>
    /// <param name="idleTimeout"><see cref="HttpServerOptions.DrainIdleTimeout"/>.</param>
    /// <param name="requestsInFlight">How many requests the ledger has in flight.</param>
    public static IReadOnlyList<DashboardSnapshot.Blocker> Of(
        ServerActivity activity, IReadOnlyList<DashboardSnapshot.StateCount> states, TimeSpan idleTimeout, long requestsInFlight)
    {
        var blockers = new List<DashboardSnapshot.Blocker>();
        if (activity.Shutdown?.Phase is ShutdownProgress.Stopped)
        {
            return blockers;
        }

        foreach (var request in activity.Requests)
        {
            blockers.Add(new DashboardSnapshot.Blocker(request.Request, request.Client?.ToString(), Why(request), Seconds(request.Duration)));
        }

        foreach (var worker in activity.Workers)
        {
            // A job that is no request's, or one whose connection has been cut off.
            if (worker.Request is { } job && !activity.Requests.Any(request => request.Worker == worker.Activity.Name))
            {
                blockers.Add(new DashboardSnapshot.Blocker(job, worker.Client?.ToString(), $"runs on {worker.Activity.Name}", Seconds(worker.Duration)));
            }
        }

        if (requestsInFlight > blockers.Count)
        {
            blockers.Add(new DashboardSnapshot.Blocker(Count(requestsInFlight - blockers.Count, "more request"), null, "in flight", null));
        }

        foreach (var state in states)
        {
            if (state.Count > 0 && WhyOf(state.State, idleTimeout) is { } why)
            {
                blockers.Add(new DashboardSnapshot.Blocker(Count(state.Count, "connection"), null, why, null));
            }
        }

        return blockers;
    }

    private static string Why(RequestActivity request) => request.Stage switch
    {
        RequestStage.Queued => "waits for a worker",
        RequestStage.Sending => "its client does not read the answer as fast as it comes",
        RequestStage.Switched => "has its connection for good, until it ends it",
        _ => request.Worker is null ? "its handler waits for something, or runs on an event loop" : $"runs on {request.Worker}",
    };

    private static string? WhyOf(string state, TimeSpan idleTimeout) => state switch
    {
        "new" => $"nothing has come yet; closed within {Text(DrainRules.FirstRequestTimeout)}",
        "idle" => $"between two requests; closed within {Text(idleTimeout)}",
        "reading" => $"part of a request's head has come; refused within {Text(DrainRules.HeadTimeout)}",
        "closing" => $"all is answered; closed within {Text(DrainRules.LingerTimeout)}",
        _ => null, // in one of the requests above
    };

    private static string Count(long count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static string Text(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.##} s");

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 1);
}
