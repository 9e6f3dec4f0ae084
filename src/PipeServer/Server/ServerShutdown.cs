using PipeServer.Diagnostics;
using PipeServer.Transport;
using PipeServer.Workers;

namespace PipeServer.Server;

/// <summary>
/// The stop, as a numbered list.
/// <list type="number">
/// <item>
/// Mark draining: readiness turns 503, responses start to carry <c>Connection: close</c>; with a drain delay the listeners
/// stay open that long, unless another process accepts from them too.
/// </item>
/// <item>Accept what has finished its handshake, then close the listeners; those that are shared are looked at once more, and closed.</item>
/// <item>Idle connections get a short window for a last request, then are closed politely: half-close, linger, close.</item>
/// <item>Requests in flight finish; all that is buffered is answered.</item>
/// <item>At the deadline, or when the caller says so, abort what is left.</item>
/// <item>
/// Complete the job queue, and the queue for the thread pool; never before step 5, because connections in flight finish by way of the queue.
/// </item>
/// <item>Join the workers, and the threads of TLS handshakes, then the transport's threads, each with a deadline, naming the one that is stuck.</item>
/// <item>Report: accepted = closed + refused + aborted; received = completed + refused + aborted.</item>
/// </list>
/// </summary>
internal sealed class ServerShutdown(ServerContext server, ConnectionDispatcher dispatcher, ITransport transport)
{
    private readonly List<ShutdownPhase> _phases = [];
    private readonly TimeProvider _time = server.Options.TimeProvider;
    private long _phaseStarted;

    public async Task<ShutdownReport> RunAsync(CancellationToken force)
    {
        var started = _phaseStarted = _time.GetTimestamp();
        Log.DrainStarted(
            server.Logger,
            server.Connections.Count,
            server.Connections.RequestCounts().InFlight,
            server.Options.ShutdownGracePeriod.TotalSeconds);

        // :: Step 1
        server.BeginPhase("delay", server.IsHandedOver ? TimeSpan.Zero : server.Options.DrainDelay);
        server.MarkDraining();
        await DelayAsync(force).ConfigureAwait(false);
        EndPhase("delay");

        // :: Steps 2, 3 and 4, with the deadline running: every connection does its part by itself, and the heartbeat wakes
        // those that are idle.
        server.BeginPhase(ShutdownProgress.Drain, server.Options.ShutdownGracePeriod);
        server.Heartbeat.BeginDrain(server.Options.ShutdownGracePeriod);
        var stopAccepting = dispatcher.StopAcceptingAsync();
        var outcome = await WaitAsync(DrainAsync(stopAccepting), force).ConfigureAwait(false);
        EndPhase("drain");

        // :: Step 5
        var cutOff = new List<string>();
        if (outcome != ShutdownOutcome.Drained)
        {
            server.BeginPhase("abort", 2 * DrainRules.AbortTimeout);

            // First the rest of the backlog, which is bounded: a connection accepted after the abort would not be aborted.
            await TryWaitAsync(stopAccepting, DrainRules.AbortTimeout, CancellationToken.None).ConfigureAwait(false);
            CutOff(server, outcome, cutOff);
            if (!await TryWaitAsync(server.Connections.WhenEmptyAsync(), DrainRules.AbortTimeout, CancellationToken.None).ConfigureAwait(false))
            {
                // An idle connection may have got a request at the moment when it was told to end.
                CutOff(server, outcome, cutOff);
            }

            if (cutOff.Count == 0 && outcome == ShutdownOutcome.TimedOut)
            {
                outcome = ShutdownOutcome.Drained; // all clients had their answers; only their closing was waited for
            }

            EndPhase("abort");
        }

        // :: Steps 6 and 7
        server.ThreadPool.Complete();
        server.BeginPhase("workers", DrainRules.JoinTimeout);
        var workers = await server.Workers.StopAsync(DrainRules.JoinTimeout).ConfigureAwait(false);
        var stuckHandshakes = await StopHandshakesAsync().ConfigureAwait(false);
        EndPhase("workers");
        server.BeginPhase("transport", DrainRules.JoinTimeout);
        var stuckThreads = await transport.StopAsync(DrainRules.JoinTimeout).ConfigureAwait(false);
        EndPhase("transport");
        if (outcome == ShutdownOutcome.Drained && (!workers.AllEnded || stuckHandshakes || stuckThreads.Count > 0))
        {
            outcome = ShutdownOutcome.TimedOut;
        }

        // :: Step 8
        return Report(server, outcome, started, workers.Workers, _phases, cutOff);
    }

    /// <summary>Step 5 without its waits: ends all connections, and names the requests that were cut off with them.</summary>
    public static void CutOff(ServerContext server, ShutdownOutcome outcome, List<string> cutOff)
    {
        var reason = outcome == ShutdownOutcome.Forced ? "forced" : "the grace period has passed";
        foreach (var request in server.Connections.EndAll())
        {
            cutOff.Add(request);
            Log.RequestCutOff(server.Logger, reason, request);
        }
    }

    /// <summary>Step 8.</summary>
    /// <param name="server">The server, of which nothing is at work any more.</param>
    /// <param name="outcome">How it went.</param>
    /// <param name="started">When the stop began: a timestamp of the server's clock.</param>
    /// <param name="workers">What became of the workers.</param>
    /// <param name="phases">The parts of the stop.</param>
    /// <param name="cutOff">What was cut off.</param>
    public static ShutdownReport Report(
        ServerContext server,
        ShutdownOutcome outcome,
        long started,
        IReadOnlyList<WorkerStopResult> workers,
        IReadOnlyList<ShutdownPhase> phases,
        IReadOnlyList<string> cutOff)
    {
        server.Connections.WriteOff();
        server.Heartbeat.Dispose();
        var report = new ShutdownReport(
            outcome,
            server.Options.TimeProvider.GetElapsedTime(started),
            server.Connections.ConnectionCounts(),
            server.Connections.RequestCounts(),
            workers,
            phases,
            cutOff);
        server.Refusals.TellCounted();
        server.EndedConnections.TellCounted();
        server.BeginPhase(ShutdownProgress.Stopped, TimeSpan.Zero, report);
        Log.ShutdownCompleted(server.Logger, outcome.ToString(), report.Elapsed.TotalSeconds);
        return report;
    }

    private async Task DelayAsync(CancellationToken force)
    {
        if (server.Options.DrainDelay > TimeSpan.Zero && !server.IsHandedOver)
        {
            try
            {
                await Task.Delay(server.Options.DrainDelay, _time, force).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Forced: step 5 is next.
            }
        }
    }

    // True when one is stuck, which is named in the log.
    private async Task<bool> StopHandshakesAsync()
    {
        if (server.Handshakes is not { Threads: var threads })
        {
            return false;
        }

        var stuck = (await threads.StopAsync(DrainRules.JoinTimeout).ConfigureAwait(false)).Workers.Where(static thread => !thread.Ended).ToList();
        stuck.ForEach(thread => Log.HandshakeThreadStuck(server.Logger, thread.Name));
        return stuck.Count > 0;
    }

    private async Task DrainAsync(Task stopAccepting)
    {
        // :: Step 2
        await stopAccepting.ConfigureAwait(false);

        // :: Steps 3 and 4
        await server.Connections.WhenEmptyAsync().ConfigureAwait(false);
    }

    // One line a second, so that an operator sees what the stop is waiting for.
    private async Task<ShutdownOutcome> WaitAsync(Task drained, CancellationToken force)
    {
        var (started, left) = (_time.GetTimestamp(), server.Options.ShutdownGracePeriod);
        try
        {
            while (left > TimeSpan.Zero)
            {
                var part = left < DrainRules.CensusPeriod ? left : DrainRules.CensusPeriod;
                if (await TryWaitAsync(drained, part, force).ConfigureAwait(false))
                {
                    return ShutdownOutcome.Drained;
                }

                left -= part;
                var census = server.Connections.Census();
                var queued = server.Workers.Queued + server.ThreadPool.Queued;
                Log.DrainCensus(
                    server.Logger, census.Idle, census.Reading, census.Handling, census.Writing, queued, census.Oldest);
            }

            return drained.IsCompleted ? ShutdownOutcome.Drained : ShutdownOutcome.TimedOut;
        }
        catch (OperationCanceledException)
        {
            // A host that forces when its own time is over may be a moment before a timer that is late.
            return _time.GetElapsedTime(started) < server.Options.ShutdownGracePeriod ? ShutdownOutcome.Forced : ShutdownOutcome.TimedOut;
        }
    }

    private void EndPhase(string name)
    {
        var now = _time.GetTimestamp();
        _phases.Add(new ShutdownPhase(name, _time.GetElapsedTime(_phaseStarted, now)));
        _phaseStarted = now;
    }

    private async Task<bool> TryWaitAsync(Task task, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(timeout, _time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
