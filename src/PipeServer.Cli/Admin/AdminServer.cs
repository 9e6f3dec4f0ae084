using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Cli.Admin;

/// <summary>
/// The admin side: a server of its own beside the public one, with one event loop, its own permits and one worker for passwords. So it
/// answers while all public workers are stuck, when the public side takes no connection any more, and during the drain; none of what it does is in
/// the public ledger. It is started first and stopped last.
/// </summary>
internal sealed class AdminServer : IAsyncDisposable
{
    // Prometheus, a few dashboards, somebody with curl. Beyond that 503.
    private const int MaxConnections = 32;

    // Where strangers can connect, one of them cannot take all.
    private const int MaxConnectionsPerStranger = MaxConnections / 2;

    private const int MaxRequestBodyBytes = 64 * 1024;

    // Browsers send the cookies of all that is on localhost, whatever the port, so the head has the usual room.
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(10);

    // Longer than what lies between two scrapes.
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(75);

    // At its end there is nothing to wait for: streams end when they are told, and what then is left is cut off.
    private static readonly TimeSpan GracePeriod = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan IdleInDrain = TimeSpan.FromMilliseconds(50);

    private readonly AdminAddress _address;
    private readonly AdminGuard _guard;
    private readonly RefusalLog _refusals;
    private readonly MetricsCollector _metrics;
    private readonly HttpServer _server;

    /// <summary>Creates it, and begins to listen to what is measured.</summary>
    /// <param name="settings">Where it listens, and who may use it; opened.</param>
    /// <param name="controls">What it can tell and do.</param>
    /// <param name="loggerFactory">Where its warnings go.</param>
    /// <param name="mapPage">Maps <c>/</c>, and what belongs to it, behind the guard as all else.</param>
    public AdminServer(AdminSettings settings, AdminControls controls, ILoggerFactory loggerFactory, Action<HttpServer> mapPage)
    {
        _address = settings.Address ?? throw new ArgumentException("There is no address.", nameof(settings));
        var logs = new AdminLoggerFactory(loggerFactory);
        _refusals = new RefusalLog(logs.CreateLogger("PipeServer.Server"), TimeProvider.System);
        _guard = new AdminGuard(_address, () => _server!.Workers, _refusals) { Users = settings.Users };
        _metrics = new MetricsCollector();
        _server = new HttpServer(Options(_address, _guard, logs));
        new AdminRoutes(controls, _metrics).Map(_server);
        mapPage(_server);
    }

    /// <summary>How many descriptors the public side has to leave to it.</summary>
    public static int Descriptors => MaxConnections;

    /// <summary>Where it is reached, as <see cref="HttpServer.Addresses"/>.</summary>
    public IReadOnlyList<string> Addresses => _server.Addresses;

    /// <summary>The server, for its sockets.</summary>
    public HttpServer Server => _server;

    /// <summary>Who stands in front: a reload gives it other users.</summary>
    public AdminGuard Guard => _guard;

    /// <summary>Starts it.</summary>
    /// <returns>Why that cannot be, with the way out; null when it listens.</returns>
    public async Task<string?> TryStartAsync()
    {
        try
        {
            await _server.StartAsync().ConfigureAwait(false);
            return null;
        }
        catch (ListenException exception)
        {
            return $"--admin {_address.Text}: cannot listen there: {exception.Explanation}";
        }
        catch (InvalidOperationException exception)
        {
            return $"--admin {_address.Text}: {exception.Message}";
        }
    }

    /// <summary>Stops it: within half a second where clients do their part, in six at the most. May be called again.</summary>
    /// <param name="force">Cuts off what is left.</param>
    public async Task StopAsync(CancellationToken force)
    {
        try
        {
            await _server.StopAsync(force).ConfigureAwait(false);
        }
        catch (OutOfMemoryException)
        {
            // No thread is left for it.
            StopHere();
        }

        End();
    }

    /// <summary>The same on the calling thread, where the system gives no other one.</summary>
    public void StopHere()
    {
        _server.StopHere(static () => true);
        End();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);

    private static HttpServerOptions Options(AdminAddress address, AdminGuard guard, ILoggerFactory logs) => new()
    {
        Guard = guard.Around,
        Endpoints = [address.Endpoint],
        Loops = 1,
        Workers = 1,
        QueueCapacity = MaxConnections,
        MaxConnections = MaxConnections,
        MaxConnectionsPerAddress = address.IsPublic ? MaxConnectionsPerStranger : null,
        MaxRequestBodyBytes = MaxRequestBodyBytes,
        RequestHeadTimeout = HeadTimeout,
        KeepAliveTimeout = KeepAliveTimeout,
        ShutdownGracePeriod = GracePeriod,
        DrainIdleTimeout = IdleInDrain,
        LoggerFactory = logs,
        Metrics = false, // its own requests are not the public side's
        Activities = false,
    };

    private void End()
    {
        _refusals.TellCounted();
        _metrics.Dispose();
    }
}
