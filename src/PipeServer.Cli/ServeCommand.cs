using System.Runtime.InteropServices;
using PipeServer.Cli.AccessLog;
using PipeServer.Cli.Admin;
using PipeServer.Cli.Reload;
using PipeServer.Cli.Sites;
using PipeServer.Cli.Tls;
using PipeServer.Cli.Upgrade;
using PipeServer.Diagnostics;
using PipeServer.StaticFiles;

namespace PipeServer.Cli;

/// <summary><c>pipeserver serve</c>: starts, waits for a signal, stops, and tells how it went.</summary>
/// <param name="streams">Where lines go.</param>
/// <param name="clock">What the files' look at their root runs by.</param>
/// <param name="predecessor">The process whose place this one takes, or null.</param>
#pragma warning disable CA1001 // The admin side is stopped by the run that has started it.
internal sealed class ServeCommand(StandardStreams streams, TimeProvider clock, Predecessor? predecessor = null)
#pragma warning restore CA1001
{
    private CurrentAccessLog? _accessLog;
    private Reloader? _reloader;
    private AdminServer? _admin;
    private SiteRouter? _router;
    private Succession? _succession;
    private Task _upgradeEnded = Task.CompletedTask;

    /// <summary>Runs to the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(ServeSettings settings)
    {
        var start = ProgramStart.OfThisProcess();
        var format = settings.LogFormat;
        streams.UseFormat(format, isForAll: format is not TimedLineFormat);
        using var loggers = new LineLoggerFactory(settings.LogLevel, streams.WriteLine, format);
        settings.Options.LoggerFactory = settings.Files.LoggerFactory = loggers;
        settings.Files.TimeProvider = clock;
        if (settings.TryOpen(predecessor?.Sockets ?? Systemd.PassedSockets(), out var files) is { } problem)
        {
            return CouldNotStart(problem);
        }

        using var opened = files!;
        if (settings.NeedsRouter)
        {
            if (PreparedSites.TryOpen(settings, opened, before: null, out var sites) is { } problemOfSite)
            {
                return CouldNotStart(problemOfSite);
            }

            _router = new SiteRouter(sites!.Commit());
            _router.Route(settings.Options);
        }

        using var router = _router;
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
            return await ServeAsync(settings, opened, loggers, start).ConfigureAwait(false);
        }
        finally
        {
            await StopAdminAsync(CancellationToken.None).ConfigureAwait(false);
            CloseAccessLog();
        }
    }

    private async Task<int> ServeAsync(ServeSettings settings, StaticFileHandler opened, LineLoggerFactory loggers, ProgramStart? start)
    {
        using var systemd = new Systemd(TimeProvider.System);
        using var metrics = settings.Options.Metrics ? new CliMetrics(() => streams.LinesDropped, () => _accessLog?.LinesDropped ?? 0) : null;
        var dashboard = settings.Admin.Address is null ? null : new Dashboard.Dashboard(settings.Options, TimeProvider.System);
        var server = new HttpServer(settings.Options);
        server.ImportTicketKeys(predecessor?.TicketKeys);
        dashboard?.Watch(server, () => opened, settings.Files.CacheBytes);
        var live = new LiveConfiguration(settings, opened, server, _accessLog, streams, loggers, () => _admin?.Guard, _router);
        _reloader = new Reloader(live, systemd, clock, loggers.CreateLogger("PipeServer.Cli"));

        // Registered before the server listens, and to the very end: a signal in between must not kill the process.
        var signals = new StopSignals();

        // A closed terminal is no reason to stop serving, and with it nothing has changed.
        IgnoredHangUp.End();
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            HangUp();
        });
        using var succession = _succession = new Succession(
            predecessor, start, () => _admin is null ? [server] : [server, _admin.Server], settings, () => _reloader.Current, systemd,
            loggers.CreateLogger("PipeServer.Cli"));
        streams.Hurry = signals.Force;

        // Completed on the main thread, which goes on with it here: there is no other one then.
        var stopHere = new TaskCompletionSource();
        var relay = SignalRelay.Install(
            signals, () => clock.CreateTimer(_ => stopHere.TrySetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan), HangUp, succession.Begin);
        var drain = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var controls = dashboard is null
            ? null
            : new AdminControls(
                () => _reloader.Current.Describe(), () => relay.Drain(() => drain.TrySetResult()), ReloadAsync, succession.Upgrader.UpgradeAsync);
        await using (server.ConfigureAwait(false))
        {
            if (settings.Demo)
            {
                DemoRoutes.Map(server, opened, settings.Files.BasePath.TrimEnd('/'));
            }

            server.MapFallback(_router is null ? opened.TryHandle : _router.TryHandle, _router is null ? opened.HandleAsync : _router.HandleAsync);
            if (await StartAdminAsync(settings, controls, dashboard).ConfigureAwait(false) is { } unreachable)
            {
                return CouldNotStart(unreachable);
            }

            if (await TryStartAsync(server).ConfigureAwait(false) is { } problem)
            {
                return CouldNotStart(problem);
            }

            controls?.Advance(ServingPhase.Serving);
            Announce(settings, server, opened);
            if (await succession.TakeOverAsync().ConfigureAwait(false))
            {
                systemd.NotifyReady($"Listening on {string.Join(", ", server.Addresses)}");
                succession.TellServing();
                _reloader.Open();
                using var watch = settings.Tls.Material is null ? null : new TlsWatch(live, _reloader, clock, loggers.CreateLogger("PipeServer.Cli"));
                await Task.WhenAny(
                    signals.Stop, stopHere.Task, drain.Task, succession.Upgrader.HandedOver, server.AcceptLimitReached, server.Failed).ConfigureAwait(false);
            }

            var hasFailed = server.Failed.IsCompleted;
            controls?.Advance(ServingPhase.Draining);
            BeginStop(systemd, signals);
            var shutdown = stopHere.Task.IsCompleted ? StopHere(server, relay) : await StopAsync(server, signals, relay).ConfigureAwait(false);
            opened.TellRefused();
            _router?.TellRefused();
            await StopAdminAsync(signals.Force).ConfigureAwait(false);
            await _upgradeEnded.ConfigureAwait(false);
            Tell(_reloader.Current, shutdown, server.FailedAccepts);
            return hasFailed
                ? CouldNotStart("the server could not accept any more; the log says why. Start it again.")
                : ExitCode.For(shutdown.Outcome);
        }
    }

    private void BeginStop(Systemd systemd, StopSignals signals)
    {
        _upgradeEnded = _succession!.Upgrader.BeginStopAsync();
        _reloader!.BeginStop();
        systemd.NotifyStopping();
        if (_succession.IsHandedOver)
        {
            _ = StopAdminAsync(signals.Force); // its sockets are the new process's too: who connects there is to find that one
        }

        Say(_reloader.Current, _succession.IsHandedOver ? "Another process serves; finishing what is in flight." : "Shutting down.");
    }

    // Tells what is wrong; null when it listens.
    private static async Task<string?> TryStartAsync(HttpServer server)
    {
        try
        {
            await server.StartAsync().ConfigureAwait(false);
            return null;
        }
        catch (ListenException exception)
        {
            return ListenProblem.Explain(exception);
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message;
        }
    }

    private void Announce(ServeSettings settings, HttpServer server, StaticFileHandler opened)
    {
        foreach (var place in server.Addresses)
        {
            Say(settings, $"Listening on {place}");
        }

        if (settings.Tls is { SelfSigned: { } own, Material: { } material })
        {
            foreach (var line in own.Describe(material.General.First()))
            {
                Say(settings, line);
            }
        }

        foreach (var site in settings.Sites)
        {
            Say(settings, $"Serving {Path.GetFullPath(site.Root)} for {string.Join(", ", site.Hosts)}");
        }

        var most = server.Running.Context.Options.MaxConnections;
        Say(settings,
            $"Serving {opened.Root} with {settings.Options.Workers} worker{(settings.Options.Workers == 1 ? "" : "s")}, at most {most} connections"
            + (most < settings.Options.MaxConnections ? " (ulimit -n allows no more)" : "") + "; Ctrl+C drains and stops.");
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

    private void Say(ServeSettings settings, string line)
    {
        if (!settings.IsQuiet)
        {
            streams.Say(line);
        }
    }

    // What logrotate sends it for comes first, whatever becomes of the rest.
    private Task<ReloadOutcome> ReloadAsync()
    {
        _accessLog?.Reopen();
        return _reloader!.ReloadAsync();
    }

    private void HangUp()
    {
        try
        {
            _ = ReloadAsync();
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
        var path = _succession?.IsHandedOver == true && settings.ReportPath is { } named ? ReportFile.OfHandedOver(named) : settings.ReportPath;
        if (path is not null && ReportFile.Write(path, report.ToJson() + "\n", streams.TimeForReport, streams.Hurry) is { } problem)
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
