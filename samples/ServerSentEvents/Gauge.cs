using PipeServer;

namespace ServerSentEventsSample;

/// <summary>Measures this process four times a second, and publishes it.</summary>
internal static class Gauge
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs until it is cancelled.</summary>
    public static async Task RunAsync(Feed feed, HttpServer server, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var (used, at) = (Environment.CpuUsage.TotalTime, time.GetTimestamp());
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var (usedNow, now) = (Environment.CpuUsage.TotalTime, time.GetTimestamp());
                var share = (usedNow - used) / time.GetElapsedTime(at, now) / Environment.ProcessorCount;
                feed.Publish(new Reading(
                    time.GetUtcNow(), Math.Round(100 * share, 1), Math.Round(Environment.WorkingSet / 1e6, 1), server.Requests.Received));
                (used, at) = (usedNow, now);
            }
        }
        catch (OperationCanceledException)
        {
            // The server has stopped.
        }
    }
}
