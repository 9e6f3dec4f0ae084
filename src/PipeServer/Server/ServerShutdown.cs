using PipeServer.Diagnostics;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// The stop, as a numbered list.
/// <list type="number">
/// <item>Mark draining: responses start to carry <c>Connection: close</c>.</item>
/// <item>Accept what has finished its handshake, then close the listeners.</item>
/// <item>Idle connections are closed politely: half-close, linger, close.</item>
/// <item>Requests in flight finish; all that is buffered is answered.</item>
/// <item>At the deadline, or when the caller says so, abort what is left.</item>
/// <item>
/// Complete the job channel; never before step 5, because connections in flight finish by way of the channel.
/// </item>
/// <item>Join the workers, then the transport's threads, each with a deadline, naming the one that is stuck.</item>
/// <item>Report: accepted = closed + aborted; received = completed + refused + aborted.</item>
/// </list>
/// </summary>
internal sealed class ServerShutdown(ServerContext server, ConnectionDispatcher dispatcher, ITransport transport)
{
    // After an abort a handler that watches its token needs a moment; one that does not is stuck, and nothing will help.
    private static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(2);

    public async Task<ShutdownReport> RunAsync(CancellationToken force)
    {
        var time = server.Options.TimeProvider;
        var started = time.GetTimestamp();
        Log.DrainStarted(
            server.Logger,
            server.Connections.Count,
            server.Connections.RequestCounts().InFlight,
            server.Options.ShutdownGracePeriod.TotalSeconds);

        // :: Step 1
        server.BeginDrain();

        // :: Steps 2, 3 and 4, with the deadline running: every connection does its part by itself, and the heartbeat wakes
        // those that are idle.
        var outcome = await WaitAsync(DrainAsync(), time, force).ConfigureAwait(false);

        // :: Step 5
        if (outcome != ShutdownOutcome.Drained)
        {
            var reason = outcome == ShutdownOutcome.Forced ? "forced" : "the grace period has passed";
            var cutOff = server.Connections.AbortAll();
            if (cutOff > 0)
            {
                Log.DrainDeadline(server.Logger, reason, cutOff);
            }
            else if (outcome == ShutdownOutcome.TimedOut)
            {
                outcome = ShutdownOutcome.Drained; // all had their answers, and were only waited for to close
            }

            await TryWaitAsync(server.Connections.WhenEmptyAsync(), AbortTimeout, time, CancellationToken.None).ConfigureAwait(false);
        }

        // :: Steps 6 and 7
        var workers = await server.Workers.StopAsync(JoinTimeout).ConfigureAwait(false);
        var stuckThreads = await transport.StopAsync(JoinTimeout).ConfigureAwait(false);
        if (outcome == ShutdownOutcome.Drained && (!workers.AllEnded || stuckThreads.Count > 0))
        {
            outcome = ShutdownOutcome.TimedOut;
        }

        // :: Step 8
        server.Connections.WriteOff();
        server.Heartbeat.Dispose();
        dispatcher.Dispose();
        var report = new ShutdownReport(
            outcome,
            time.GetElapsedTime(started),
            server.Connections.ConnectionCounts(),
            server.Connections.RequestCounts(),
            workers.Workers);
        Log.ShutdownCompleted(server.Logger, outcome.ToString(), report.Elapsed.TotalSeconds);
        return report;
    }

    private async Task DrainAsync()
    {
        // :: Step 2
        await dispatcher.StopAcceptingAsync().ConfigureAwait(false);

        // :: Steps 3 and 4
        await server.Connections.WhenEmptyAsync().ConfigureAwait(false);
    }

    private async Task<ShutdownOutcome> WaitAsync(Task drained, TimeProvider time, CancellationToken force)
    {
        try
        {
            return await TryWaitAsync(drained, server.Options.ShutdownGracePeriod, time, force).ConfigureAwait(false)
                ? ShutdownOutcome.Drained
                : ShutdownOutcome.TimedOut;
        }
        catch (OperationCanceledException)
        {
            return ShutdownOutcome.Forced;
        }
    }

    private static async Task<bool> TryWaitAsync(Task task, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
