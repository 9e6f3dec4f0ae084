using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using PipeServer;
using PipeServer.Cli;

try
{
    return await new CommandLine(ServeAsync).InvokeAsync(args).ConfigureAwait(false);
}
catch (Exception exception) when (exception is IOException or OutOfMemoryException)
{
    // The runtime itself found no descriptor or no thread.
    var reason = exception.Message.Split('\n')[0].TrimEnd('.', '\r');
    return await CouldNotStartAsync($"{reason}. The process needs more files or threads: ulimit -n, ulimit -u, or LimitNOFILE.").ConfigureAwait(false);
}
catch (UnauthorizedAccessException exception)
{
    return await CouldNotStartAsync(exception.Message).ConfigureAwait(false); // standard output is closed
}

static async Task<int> ServeAsync(ServeSettings settings)
{
    var loggerFactory = CreateLoggerFactory(settings.LogLevel);
    settings.Options.LoggerFactory = settings.Files.LoggerFactory = loggerFactory;
    if (settings.TryOpen(Systemd.PassedSockets(), out var files) is { } problem)
    {
        return await CouldNotStartAsync(problem).ConfigureAwait(false);
    }

    using var opened = files!;
    using var systemd = new Systemd(TimeProvider.System);

    // Registered before the server listens, and to the very end: a signal in between must not kill the process.
    var signals = new StopSignals();
    ShutdownReport shutdown;
    bool hasFailed;
    long failedAccepts;
    using (loggerFactory)
    {
        var server = new HttpServer(settings.Options);
        await using (server.ConfigureAwait(false))
        {
            if (settings.Demo)
            {
                DemoRoutes.Map(server, opened);
            }

            server.MapFallback(opened.TryHandle, opened.HandleAsync);
            try
            {
                await server.StartAsync().ConfigureAwait(false);
            }
            catch (ListenException exception)
            {
                return await CouldNotStartAsync(ExplainBind(exception)).ConfigureAwait(false);
            }
            catch (InvalidOperationException exception)
            {
                return await CouldNotStartAsync(exception.Message).ConfigureAwait(false);
            }

            var places = server.EndPoints.Select(Where).ToList();
            foreach (var place in places)
            {
                await Console.Out.WriteLineAsync($"Listening on {place}").ConfigureAwait(false);
            }

            await Console.Out.WriteLineAsync(
                $"Serving {opened.Root} with {settings.Options.Workers} worker{(settings.Options.Workers == 1 ? "" : "s")}, "
                + $"at most {settings.Options.MaxConnections} connections; Ctrl+C drains and stops.")
                .ConfigureAwait(false);

            systemd.NotifyReady($"Listening on {string.Join(", ", places)}");
            await Task.WhenAny(signals.Stop, server.AcceptLimitReached, server.Failed).ConfigureAwait(false);
            hasFailed = server.Failed.IsCompleted;
            systemd.NotifyStopping();
            var stopping = server.StopAsync(signals.Force); // first: a console that nobody reads must not hold it up
            await Console.Out.WriteLineAsync("Shutting down.").ConfigureAwait(false);
            shutdown = await stopping.ConfigureAwait(false);
            failedAccepts = server.FailedAccepts;
        }
    }

    // The log is written to its end by now: the summary is the last line.
    var report = Report.From(shutdown, failedAccepts);
    await Console.Out.WriteLineAsync(report.Summary()).ConfigureAwait(false);
    if (settings.ReportPath is { } path)
    {
        await WriteReportAsync(path, report).ConfigureAwait(false);
    }

    return hasFailed
        ? await CouldNotStartAsync("the server could not accept any more; the log says why. Start it again.").ConfigureAwait(false)
        : ExitCode.For(shutdown.Outcome);
}

static async Task WriteReportAsync(string path, Report report)
{
    try
    {
        await File.WriteAllTextAsync(path, report.ToJson() + "\n").ConfigureAwait(false);
    }
    catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
    {
        await Console.Error.WriteLineAsync($"pipeserver: the report could not be written: {exception.Message}").ConfigureAwait(false);
    }
}

static ILoggerFactory CreateLoggerFactory(LogLevel level) => LoggerFactory.Create(builder =>
{
    builder.SetMinimumLevel(level);
    builder.AddConsole(static options => options.FormatterName = ConsoleLine.FormatterName);
    builder.AddConsoleFormatter<ConsoleLine, Microsoft.Extensions.Logging.Console.ConsoleFormatterOptions>();
});

static string Where(EndPoint endPoint) => endPoint switch
{
    UnixDomainSocketEndPoint unix => $"unix:{unix}",
    _ => $"http://{endPoint}",
};

static string ExplainBind(ListenException exception)
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

static async Task<int> CouldNotStartAsync(string reason)
{
    await ErrorLine.WriteAsync(reason).ConfigureAwait(false);
    return ExitCode.CouldNotStart;
}
