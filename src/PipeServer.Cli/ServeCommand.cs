using System.Runtime.InteropServices;
using PipeServer.Cli.AccessLog;
using PipeServer.Cli.Admin;
using PipeServer.Cli.Reload;
using PipeServer.Diagnostics;
using PipeServer.StaticFiles;

namespace PipeServer.Cli;

/// <summary><c>pipeserver serve</c>: starts, waits for a signal, stops, and tells how it went.</summary>
/// <param name="streams">Where lines go.</param>
/// <param name="clock">What the files' look at their root runs by.</param>
#pragma warning disable CA1001 // The admin side is stopped by the run that has started it.
internal sealed class ServeCommand(StandardStreams streams, TimeProvider clock)
#pragma warning restore CA1001
{
    private AccessLogWriter? _accessLog;
    private AdminServer? _admin;

    /// <summary>Runs to the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(ServeSettings settings)
    {
        var format = settings.LogFormat;
        streams.UseFormat(format, isForAll: format is not TimedLineFormat);
        settings.Options.LoggerFactory = settings.Files.LoggerFactory = new LineLoggerFactory(settings.LogLevel, streams.WriteLine, format);
        settings.Files.TimeProvider = clock;
        if (settings.TryOpen(Systemd.PassedSockets(), out var files) is { } problem)
        {
            return CouldNotStart(problem);
        }

        using var opened = files!;
        if (OpenAccessLog(settings) is { } unwritable)
        {
            return CouldNotStart(unwritable);
        }

        try
        {
            return await ServeAsync(settings, opened).ConfigureAwait(false);
        }
        finally
        {
            await StopAdminAsync(CancellationToken.None).ConfigureAwait(false);
            CloseAccessLog();
        }
    }

    private async Task<int> ServeAsync(ServeSettings settings, StaticFileHandler opened)
    {
        using var systemd = new Systemd(TimeProvider.System);
        using var metrics = settings.Options.Metrics ? new CliMetrics(() => streams.LinesLost, () => _accessLog?.LinesLost ?? 0) : null;

        // Registered before the server listens, and to the very end: a signal in between must not kill the process.
        var signals = new StopSignals();

        // A closed terminal is no reason to stop serving. What logrotate sends it for is done.
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
        var drain = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var controls = settings.Admin.Address is null
            ? null
            : new AdminControls(() => settings.Describe(), () => relay.Drain(() => drain.TrySetResult()), ReloadAsync);
        var dashboard = controls is null ? null : new Dashboard.Dashboard(settings.Options, TimeProvider.System);
        var server = new HttpServer(settings.Options);
        dashboard?.Watch(server, () => opened, settings.Files.CacheBytes);
        await using (server.ConfigureAwait(false))
        {
            if (settings.Demo)
            {
                DemoRoutes.Map(server, opened, settings.Files.BasePath.TrimEnd('/'));
            }

            server.MapFallback(opened.TryHandle, opened.HandleAsync);
            if (await StartAdminAsync(settings, controls, dashboard).ConfigureAwait(false) is { } unreachable)
            {
                return CouldNotStart(unreachable);
            }

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

            controls?.Advance(ServingPhase.Serving);
            var places = server.Addresses;
            foreach (var place in places)
            {
                Say(settings, $"Listening on {place}");
            }

            Say(settings,
                $"Serving {opened.Root} with {settings.Options.Workers} worker{(settings.Options.Workers == 1 ? "" : "s")}, "
                + $"at most {settings.Options.MaxConnections} connections; Ctrl+C drains and stops.");
            systemd.NotifyReady($"Listening on {string.Join(", ", places)}");
            await Task.WhenAny(signals.Stop, stopHere.Task, drain.Task, server.AcceptLimitReached, server.Failed).ConfigureAwait(false);
            var hasFailed = server.Failed.IsCompleted;
            controls?.Advance(ServingPhase.Draining);
            systemd.NotifyStopping();
            Say(settings, "Shutting down.");
            var shutdown = stopHere.Task.IsCompleted ? StopHere(server, relay) : await StopAsync(server, signals, relay).ConfigureAwait(false);
            opened.TellRefused();
            await StopAdminAsync(signals.Force).ConfigureAwait(false);
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
        var report = server.StopHere(() => relay.IsForced);
        _admin?.StopHere();
        return report;
    }

    // Before the public side, so that it tells of its start too. Tells what is wrong; null when nothing is, or none is wanted.
    private async Task<string?> StartAdminAsync(ServeSettings settings, AdminControls? controls, Dashboard.Dashboard? dashboard)
    {
        if (controls is null || dashboard is null)
        {
            return null;
        }

        _admin = new AdminServer(settings.Admin, controls, settings.Options.LoggerFactory, dashboard.Map);
        if (await _admin.TryStartAsync().ConfigureAwait(false) is { } problem)
        {
            return problem;
        }

        foreach (var place in _admin.Addresses)
        {
            Say(settings, $"Admin on {place}");
        }

        return null;
    }

    private Task StopAdminAsync(CancellationToken force) => _admin?.StopAsync(force) ?? Task.CompletedTask;

    private Task<ReloadOutcome> ReloadAsync()
    {
        HangUp();
        return Task.FromResult(new ReloadOutcome(Problem: null, Changed: [], NeedsRestart: []));
    }

    private void Say(ServeSettings settings, string line)
    {
        if (!settings.IsQuiet)
        {
            streams.Say(line);
        }
    }

    // Opens the log, and has the server tell it of each request. Tells what is wrong; null when nothing is.
    private string? OpenAccessLog(ServeSettings settings)
    {
        if (settings.AccessLogPath is not { } path)
        {
            return null;
        }

        var logger = settings.Options.LoggerFactory.CreateLogger("PipeServer.Cli");
        if (AccessLogWriter.TryOpen(path, logger, out _accessLog) is { } problem)
        {
            return $"--access-log {path}: {problem}";
        }

        _ = AccessLogFormat.TryParse(settings.AccessLogFormat, out var format); // the option has been checked
        var lines = new AccessLogLines(
            _accessLog!, format!, [.. settings.AccessLogSkip.Select(static pattern => new PathPattern(pattern))], TimeProvider.System);
        settings.Options.OnCompleted += lines.Write;
        return null;
    }

    private void HangUp() => _accessLog?.Reopen();

    private void CloseAccessLog() => _accessLog?.Close(streams.TimeForAccessLog);

    // The summary is the last line, and counts the lines before it that were lost.
    private void Tell(ServeSettings settings, ShutdownReport shutdown, long failedAccepts)
    {
        CloseAccessLog();
        streams.DrainOutput();
        var report = Report.From(shutdown, failedAccepts, streams.LinesLost, (_accessLog?.LinesLost + _accessLog?.LinesPending) ?? 0);
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
