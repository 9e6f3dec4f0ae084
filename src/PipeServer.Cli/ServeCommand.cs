using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary><c>pipeserver serve</c>: starts, waits for a signal, stops, and tells how it went.</summary>
internal sealed class ServeCommand(StandardStreams streams)
{
    /// <summary>Runs to the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(ServeSettings settings)
    {
        if (settings.TryOpen(Systemd.PassedSockets(), out var files) is { } problem)
        {
            return CouldNotStart(problem);
        }

        using var opened = files!;
        using var systemd = new Systemd(TimeProvider.System);

        // Registered before the server listens, and to the very end: a signal in between must not kill the process.
        var signals = new StopSignals();

        // A closed terminal is no reason to stop serving.
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, static context => context.Cancel = true);
        streams.Hurry = signals.Force;
        settings.Options.LoggerFactory = new LineLoggerFactory(settings.LogLevel, streams.WriteLine, namesCategories: false);
        var server = new HttpServer(settings.Options);
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
                return CouldNotStart(ExplainBind(exception));
            }
            catch (InvalidOperationException exception)
            {
                return CouldNotStart(exception.Message);
            }

            var places = server.EndPoints.Select(Where).ToList();
            foreach (var place in places)
            {
                Say(settings, $"Listening on {place}");
            }

            Say(settings,
                $"Serving {opened.Root} with {settings.Options.Workers} worker{(settings.Options.Workers == 1 ? "" : "s")}, "
                + $"at most {settings.Options.MaxConnections} connections; Ctrl+C drains and stops.");
            systemd.NotifyReady($"Listening on {string.Join(", ", places)}");
            await Task.WhenAny(signals.Stop, server.AcceptLimitReached, server.Failed).ConfigureAwait(false);
            var hasFailed = server.Failed.IsCompleted;
            systemd.NotifyStopping();
            Say(settings, "Shutting down.");
            var shutdown = await server.StopAsync(signals.Force).ConfigureAwait(false);
            Tell(settings, shutdown, server.FailedAccepts);
            return hasFailed
                ? CouldNotStart("the server could not accept any more; the log says why. Start it again.")
                : ExitCode.For(shutdown.Outcome);
        }
    }

    private void Say(ServeSettings settings, string line)
    {
        if (!settings.IsQuiet)
        {
            streams.WriteLine(line);
        }
    }

    // The summary is the last line, and counts the lines before it that were lost.
    private void Tell(ServeSettings settings, ShutdownReport shutdown, long failedAccepts)
    {
        streams.DrainOutput();
        var report = Report.From(shutdown, failedAccepts, streams.LinesLost);
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

    private static string Where(EndPoint endPoint) => endPoint switch
    {
        UnixDomainSocketEndPoint unix => $"unix:{unix}",
        _ => $"http://{endPoint}",
    };

    private static string ExplainBind(ListenException exception)
    {
        var endpoint = exception.Endpoint;
        if (endpoint.Descriptor is { } descriptor)
        {
            return $"descriptor {descriptor}, which LISTEN_FDS names, is not a listening socket: {exception.Reason}";
        }

        if (endpoint.UnixSocketPath is { } path)
        {
            return exception.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"cannot listen on unix:{path}: it is in use, or another file is in the way. Stop the other program, or choose another path."
                : $"cannot listen on unix:{path}: {exception.Reason}. The folder must exist and be writable.";
        }

        var where = $"{endpoint.Address} port {endpoint.Port}";
        return exception.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse =>
                $"cannot listen on {where}: the port is in use. Stop the other program, or choose another with --port (0 takes a free one).",
            SocketError.AccessDenied =>
                $"cannot listen on {where}: permission denied. Choose a port from 1024 on with --port.",
            SocketError.AddressNotAvailable =>
                $"cannot listen on {where}: this machine does not have that address. Choose one of its own with --address.",
            _ => $"cannot listen on {where}: {exception.Reason}. See --address and --port.",
        };
    }
}
