using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace PipeServer.Hosting;

/// <summary>The server as a service of its host: starts with it, drains when it stops, and stops it where the server cannot go on.</summary>
internal sealed class HostedHttpServer(
    PipeServerBuilder builder,
    IOptions<HttpServerOptions> options,
    IOptionsFactory<HttpServerOptions> factory,
    OptionsSource source,
    IServiceProvider services,
    IHostApplicationLifetime lifetime,
    ILogger<HostedHttpServer> logger) : IPipeServer, IHostedService, IAsyncDisposable
{
    private volatile HttpServer? _server;
    private volatile ShutdownReport? _report;
    private CancellationTokenRegistration _stopping;
    private OptionsReload? _reload;
    private bool _isListening; // written by the start, which ends before a stop begins

    public HttpServer Server => _server
        ?? throw new InvalidOperationException("The host has not started its server yet: wait for IHostApplicationLifetime.ApplicationStarted.");

    public IReadOnlyList<EndPoint> EndPoints => _server?.EndPoints ?? [];

    public ShutdownReport? LastReport => _report;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Made here, not in the constructor: what is configured may ask for services that ask for this one.
        var server = new HttpServer(options.Value);
        builder.MapOn(server, services);
        _server = server; // before it listens: a handler may ask for it
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        _isListening = true;
        if (logger.IsEnabled(LogLevel.Information))
        {
            Log.Listening(logger, string.Join(", ", server.Addresses));
        }

        _reload = new OptionsReload(server, source, factory, logger, lifetime.ApplicationStopping);

        // The drain begins with the host's stop, and not only when this service has its turn: readiness says so from then on.
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(static state => _ = ((HttpServer)state!).StopAsync(CancellationToken.None), server);
        _ = StopHostAtEndAsync(server);
    }

    /// <exception cref="IOException">The server could not accept any more; thrown after the drain, so that the program does not end as if told to.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_isListening || _server is not { } server)
        {
            return; // the start of this service or of another one has failed
        }

        _reload?.Dispose();
        var hasFailed = server.Failed.IsCompleted;
        var report = await server.StopAsync(cancellationToken).ConfigureAwait(false);
        if (Interlocked.CompareExchange(ref _report, report, null) is null)
        {
            Log.Stopped(
                logger,
                report.Outcome == ShutdownOutcome.Drained ? LogLevel.Information : LogLevel.Warning,
                report.Outcome,
                report.Elapsed.TotalSeconds,
                report.Connections.Accepted,
                report.Requests.Completed,
                report.CutOff.Count);
        }

        if (hasFailed)
        {
            throw new IOException("PipeServer could not accept any more; its log says why.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _reload?.Dispose();
        await _stopping.DisposeAsync().ConfigureAwait(false);
        if (_server is { } server)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task StopHostAtEndAsync(HttpServer server)
    {
        var ended = await Task.WhenAny(server.Failed, server.AcceptLimitReached).ConfigureAwait(false);
        if (ended == server.Failed)
        {
            Log.Failed(logger);
        }
        else
        {
            Log.LimitReached(logger);
        }

        lifetime.StopApplication();
    }
}
