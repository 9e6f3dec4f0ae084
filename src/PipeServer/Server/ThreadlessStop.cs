using PipeServer.Diagnostics;

namespace PipeServer.Server;

/// <summary>
/// The stop where the system gives the process no further thread (a limit of threads or of addresses is reached): on the thread of its caller,
/// which waits, while the event loops and workers that there are bring their requests to an end. <see cref="ServerShutdown"/> would wait for the
/// thread pool, and the runtime's timers.
/// </summary>
/// <remarks>
/// The same rules and the same ledger, with less comfort: clients that have not been accepted are turned away by the system, a handler that
/// needs the thread pool is cut off when the grace period is over, and the process ends with its event loops running. Over epoll; the sockets
/// transport lives on the thread pool.
/// </remarks>
internal static class ThreadlessStop
{
    // How often it is looked whether all is done.
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(10);

    /// <summary>Stops. Never throws.</summary>
    /// <param name="server">The server.</param>
    /// <param name="dispatcher">Its dispatcher.</param>
    /// <param name="isForced">Asked again and again: true cuts the drain short.</param>
    public static ShutdownReport Run(ServerContext server, ConnectionDispatcher dispatcher, Func<bool> isForced)
    {
        var time = server.Options.TimeProvider;
        var (started, grace) = (time.GetTimestamp(), server.Options.ShutdownGracePeriod);
        Log.DrainStarted(server.Logger, server.Connections.Count, server.Connections.RequestCounts().InFlight, grace.TotalSeconds);
        server.BeginPhase(ShutdownProgress.Drain, grace);
        server.MarkDrainingHere();
        server.Heartbeat.BeginDrain(grace, keepsTimer: true);
        dispatcher.StopAcceptingHere();
        var outcome = Wait(server, grace, isForced) ? ShutdownOutcome.Drained : isForced() ? ShutdownOutcome.Forced : ShutdownOutcome.TimedOut;
        var drained = time.GetTimestamp();
        var cutOff = new List<string>();
        if (outcome != ShutdownOutcome.Drained)
        {
            server.BeginPhase("abort", 2 * DrainRules.AbortTimeout);
            try
            {
                ServerShutdown.CutOff(server, outcome, cutOff);
                if (!Wait(server, DrainRules.AbortTimeout, static () => false))
                {
                    ServerShutdown.CutOff(server, outcome, cutOff); // one that was idle may have got a request at that moment
                }
            }
            catch (OutOfMemoryException exception)
            {
                Log.RequestCutOff(server.Logger, exception.Message, $"what is left{exception.StackTrace}"); // by the end of the process
            }

            outcome = cutOff.Count == 0 && outcome == ShutdownOutcome.TimedOut ? ShutdownOutcome.Drained : outcome; // as in ServerShutdown
        }

        server.ThreadPool.Complete();
        server.Workers.Complete();
        server.Handshakes?.Threads.Complete();
        return ServerShutdown.Report(
            server,
            outcome,
            started,
            [],
            [new ShutdownPhase("drain", time.GetElapsedTime(started, drained)), new ShutdownPhase("abort", time.GetElapsedTime(drained))],
            cutOff);
    }

    // True when no connection is left.
    private static bool Wait(ServerContext server, TimeSpan most, Func<bool> isForced)
    {
        var started = server.Options.TimeProvider.GetTimestamp();
        while (server.Connections.Count > 0)
        {
            if (isForced() || server.Options.TimeProvider.GetElapsedTime(started) >= most)
            {
                return false;
            }

            Thread.Sleep(Glance);
        }

        return true;
    }
}
