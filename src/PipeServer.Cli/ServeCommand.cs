using System.Runtime.InteropServices;
using PipeServer.Cli.AccessLog;
using PipeServer.Cli.Reload;
using PipeServer.Diagnostics;
using PipeServer.StaticFiles;

namespace PipeServer.Cli;

/// <summary><c>pipeserver serve</c>: starts, waits for a signal, stops, and tells how it went.</summary>
/// <param name="streams">Where lines go.</param>
/// <param name="clock">What the files' look at their root runs by.</param>
internal sealed class ServeCommand(StandardStreams streams, TimeProvider clock)
{
    private CurrentAccessLog? _accessLog;
    private Reloader? _reloader;

    /// <summary>Runs to the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(ServeSettings settings)
    {
        var format = settings.LogFormat;
        streams.UseFormat(format, isForAll: format is not TimedLineFormat);
        using var loggers = new LineLoggerFactory(settings.LogLevel, streams.WriteLine, format);
        settings.Options.LoggerFactory = settings.Files.LoggerFactory = loggers;
        settings.Files.TimeProvider = clock;
        if (settings.TryOpen(Systemd.PassedSockets(), out var files) is { } problem)
        {
            return CouldNotStart(problem);
        }

        using var opened = files!;
        if (CurrentAccessLog.TryOpen(settings, loggers.CreateLogger("PipeServer.Cli"), out _accessLog) is { } unwritable)
        {
            return CouldNotStart(unwritable);
        }

        if (_accessLog is not null)
        {
            settings.Options.OnCompleted += _accessLog.Write;
        }

        try
        {
            return await ServeAsync(settings, opened, loggers).ConfigureAwait(false);
        }
        finally
        {
            CloseAccessLog();
        }
    }

    private async Task<int> ServeAsync(ServeSettings settings, StaticFileHandler opened, LineLoggerFactory loggers)
    {
        using var systemd = new Systemd(TimeProvider.System);
        var server = new HttpServer(settings.Options);
        _reloader = new Reloader(
            new LiveConfiguration(settings, opened, server, _accessLog, streams, loggers), systemd, clock, loggers.CreateLogger("PipeServer.Cli"));

        // Registered before the server listens, and to the very end: a signal in between must not kill the process.
        var signals = new StopSignals();

        // A closed terminal is no reason to stop serving, and with it nothing has changed.
        IgnoredHangUp.End();
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            HangUp();
        });
        streams.Hurry = signals.Force;

        // Completed on the main thread, which goes on with it here: there is no other one then.
        var stopHere = new TaskCompletionSource();
        var relay = SignalRelay.Install(
            signals, () => clock.CreateTimer(_ => stopHere.TrySetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan), HangUp);
        await using (server.ConfigureAwait(false))
        {
            if (settings.Demo)
            {
                DemoRoutes.Map(server, opened, settings.Files.BasePath.TrimEnd('/'));
            }

            server.MapFallback(opened.TryHandle, opened.HandleAsync);
            try
            {
                await server.StartAsync().ConfigureAwait(false);
            }
            catch (ListenException exception)
            {
                return CouldNotStart(ListenProblem.Explain(exception));
            }
            catch (InvalidOperationException exception)
            {
                return CouldNotStart(exception.Message);
            }

            var places = server.Addresses;
            foreach (var place in places)
            {
                Say(settings, $"Listening on {place}");
            }

            Say(settings,
                $"Serving {opened.Root} with {settings.Options.Workers} worker{(settings.Options.Workers == 1 ? "" : "s")}, "
                + $"at most {settings.Options.MaxConnections} connections; Ctrl+C drains and stops.");
            systemd.NotifyReady($"Listening on {string.Join(", ", places)}");
            _reloader.Open();
            await Task.WhenAny(signals.Stop, stopHere.Task, server.AcceptLimitReached, server.Failed).ConfigureAwait(false);
            var hasFailed = server.Failed.IsCompleted;
            _reloader.BeginStop();
            settings = _reloader.Current;
            systemd.NotifyStopping();
            Say(settings, "Shutting down.");
            var shutdown = stopHere.Task.IsCompleted ? StopHere(server, relay) : await StopAsync(server, signals, relay).ConfigureAwait(false);
            opened.TellRefused();
            Tell(settings, shutdown, server.FailedAccepts);
            return hasFailed
                ? CouldNotStart("the server could not accept any more; the log says why. Start it again.")
                : ExitCode.For(shutdown.Outcome);
        }
    }

    private async Task<ShutdownReport> StopAsync(HttpServer server, StopSignals signals, SignalRelay relay)
    {
        try
        {
            return await server.StopAsync(signals.Force).ConfigureAwait(false);
        }
        catch (OutOfMemoryException)
        {
            return StopHere(server, relay);
        }
    }

    private ShutdownReport StopHere(HttpServer server, SignalRelay relay)
    {
        streams.WriteError(
            "warning: the system gives no more threads (ulimit -u, TasksMax, pids.max; or ulimit -v): the stop makes do with those that there are.");
        return server.StopHere(() => relay.IsForced);
    }

    private void Say(ServeSettings settings, string line)
    {
        if (!settings.IsQuiet)
        {
            streams.Say(line);
        }
    }

    // What logrotate sends it for comes first, whatever becomes of the rest.
    private void HangUp()
    {
        _accessLog?.Reopen();
        try
        {
            _ = _reloader!.ReloadAsync();
        }
        catch (OutOfMemoryException)
        {
            // This may be the runtime's signal thread, where it would end the process, which serves as well as before.
        }
    }

    private void CloseAccessLog() => _accessLog?.Close(streams.TimeForAccessLog);

    // The summary is the last line, and counts the lines before it that were lost.
    private void Tell(ServeSettings settings, ShutdownReport shutdown, long failedAccepts)
    {
        CloseAccessLog();
        streams.DrainOutput();
        var report = Report.From(shutdown, failedAccepts, streams.LinesLost, _accessLog?.LinesLost ?? 0);
        Say(settings, report.Summary());
        streams.DrainOutput(); // the report may go to the same place
        if (settings.ReportPath is { } path && ReportFile.Write(path, report.ToJson() + "\n", streams.TimeForReport, streams.Hurry) is { } problem)
        {
            streams.WriteError($"the report could not be written: {problem}");
        }
    }

    private int CouldNotStart(string reason)
    {
        streams.WriteError(reason);
        return ExitCode.CouldNotStart;
    }
}
