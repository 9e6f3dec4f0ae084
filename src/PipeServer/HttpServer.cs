using System.Net;
using System.Runtime.CompilerServices;
using PipeServer.Routing;
using PipeServer.Server;
using PipeServer.Workers;

namespace PipeServer;

/// <summary>
/// An HTTP/1.1 server: map handlers, start it, stop it. One object is one life: a stopped server is not started again.
/// </summary>
/// <remarks>
/// Routes are mapped before the start, from one thread. <see cref="StartAsync"/>, <see cref="StopAsync"/> and
/// <see cref="DisposeAsync"/> may be called from any thread.
/// </remarks>
public sealed class HttpServer : IAsyncDisposable
{
    private readonly HttpServerOptions _options;
    private readonly RouteMap _routes = new();
    private readonly Lock _lifeLock = new();
    private RunningServer? _running;
    private Task<ShutdownReport>? _stopped;
    private CancellationTokenSource? _force;
    private bool _isStarted;

    /// <summary>Creates a server that is not listening yet.</summary>
    /// <param name="options">What to change from the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public HttpServer(HttpServerOptions? options = null)
    {
        _options = (options ?? new HttpServerOptions()).Validated();
    }

    /// <summary>Where the server listens, with the real ports; empty before the start.</summary>
    public IReadOnlyList<EndPoint> EndPoints => _running?.EndPoints ?? [];

    /// <summary>
    /// The address for a browser or a client on this machine: <c>http://127.0.0.1:7878</c>, also when the server listens on all addresses.
    /// </summary>
    /// <exception cref="InvalidOperationException">The server has not been started, or listens on unix sockets only.</exception>
    public Uri Address => Addresses.FirstOrDefault(static address => address.StartsWith("http:", StringComparison.Ordinal)) is { } address
        ? new Uri(address)
        : throw new InvalidOperationException(
            "The server has no address before it is started, nor on a unix socket: see EndPoints.");

    /// <summary>
    /// Where clients reach the server, in the order of its endpoints: <c>http://127.0.0.1:7878</c>, <c>http://[::1]:7878</c>,
    /// <c>unix:/run/app.sock</c>, <c>unix:@name</c>. For <c>0.0.0.0</c> and <c>::</c> they are the machine's own addresses as of now, loopback
    /// first, at most eight of each kind, without link-local ones. Empty before the start.
    /// </summary>
    public IReadOnlyList<string> Addresses => [.. EndPoints.SelectMany(MachineAddresses.Of)];

    /// <summary>The pool that runs the handlers.</summary>
    /// <exception cref="InvalidOperationException">The server has not been started.</exception>
    public WorkerPool Workers => Running.Context.Workers;

    /// <summary>Completes when <see cref="HttpServerOptions.AcceptLimit"/> connections were accepted.</summary>
    /// <exception cref="InvalidOperationException">The server has not been started.</exception>
    public Task AcceptLimitReached => Running.Dispatcher.AcceptLimitReached;

    /// <summary>
    /// Completes when the server has stopped accepting by a fault that it cannot heal: stop it, and start another.
    /// </summary>
    /// <exception cref="InvalidOperationException">The server has not been started.</exception>
    public Task Failed => Running.Dispatcher.Failed;

    /// <summary>The ledger of connections so far.</summary>
    public ConnectionCounts Connections => _running?.Context.Connections.ConnectionCounts() ?? default;

    /// <summary>How many accepts have failed so far, most likely because the process had no descriptor left.</summary>
    public long FailedAccepts => _running?.Dispatcher.Failures ?? 0;

    /// <summary>The ledger of requests so far.</summary>
    public RequestCounts Requests => _running?.Context.Connections.RequestCounts() ?? default;

    private RunningServer Running => _running ?? throw new InvalidOperationException("The server has not been started.");

    /// <summary>Maps a handler to a method and a path pattern.</summary>
    /// <param name="method">Any method token. GET also answers HEAD unless HEAD is mapped; OPTIONS answers itself.</param>
    /// <param name="pattern">
    /// A path that starts with a slash, matched exactly; <c>{name}</c> takes one segment, <c>{*rest}</c> at the end takes
    /// all that remain. Literal segments go before parameters.
    /// </param>
    /// <param name="handler">What answers.</param>
    /// <param name="dispatch">Where the handler runs.</param>
    /// <exception cref="ArgumentException">The method or the pattern is malformed.</exception>
    /// <exception cref="InvalidOperationException">The route is mapped already, or the server has been started.</exception>
    [OverloadResolutionPriority(1)]
    public void Map(string method, string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfStarted();
        _routes.Add(method, pattern, new RouteHandler(handler, dispatch));
    }

    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    public void Map(string method, string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map(method, pattern, ToHandler(handler), dispatch);

    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    public void Map(string method, string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map(method, pattern, ToHandler(handler), dispatch);

    /// <summary>Maps two handlers: the first may answer at once; where it does not, a worker runs the second.</summary>
    /// <param name="method">As in the other overloads.</param>
    /// <param name="pattern">As in the other overloads.</param>
    /// <param name="first">Is asked on the thread that received the request; must not block.</param>
    /// <param name="handler">What answers the rest, on a worker.</param>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)" path="/exception"/>
    public void Map(string method, string pattern, TryRequestHandler first, RequestHandler handler)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfStarted();
        _routes.Add(method, pattern, new RouteHandler(handler, Dispatch.Worker, first));
    }

    /// <summary>Maps a handler to GET, and with it to HEAD.</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapGet(string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("GET", pattern, handler, dispatch);

    /// <inheritdoc cref="MapGet(string, RequestHandler, Dispatch)"/>
    public void MapGet(string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("GET", pattern, handler, dispatch);

    /// <inheritdoc cref="MapGet(string, RequestHandler, Dispatch)"/>
    public void MapGet(string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("GET", pattern, handler, dispatch);

    /// <summary>Maps a handler to POST.</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapPost(string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("POST", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPost(string, RequestHandler, Dispatch)"/>
    public void MapPost(string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("POST", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPost(string, RequestHandler, Dispatch)"/>
    public void MapPost(string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("POST", pattern, handler, dispatch);

    /// <summary>
    /// Maps the handler of every path that no route has, whatever the (known) method. Without it those requests get 404.
    /// </summary>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    [OverloadResolutionPriority(1)]
    public void MapFallback(RequestHandler handler, Dispatch dispatch = Dispatch.Worker)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfStarted();
        _routes.Fallback = new RouteHandler(handler, dispatch);
    }

    /// <summary>Maps a fallback of two handlers: the first may answer at once; where it does not, a worker runs the second.</summary>
    /// <param name="first">Is asked on the thread that received the request; must not block.</param>
    /// <param name="handler">What answers the rest, on a worker.</param>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    public void MapFallback(TryRequestHandler first, RequestHandler handler)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(handler);
        ThrowIfStarted();
        _routes.Fallback = new RouteHandler(handler, Dispatch.Worker, first);
    }

    /// <inheritdoc cref="MapFallback(RequestHandler, Dispatch)"/>
    public void MapFallback(Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        MapFallback(ToHandler(handler), dispatch);

    /// <inheritdoc cref="MapFallback(RequestHandler, Dispatch)"/>
    public void MapFallback(Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        MapFallback(ToHandler(handler), dispatch);

    /// <summary>Binds, starts the workers, and accepts connections from then on.</summary>
    /// <exception cref="ListenException">The server cannot listen on an endpoint; the message names it and the way out.</exception>
    /// <exception cref="InvalidOperationException">
    /// The server has been started before, or the process may not open enough files.
    /// </exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        lock (_lifeLock)
        {
            ThrowIfStarted();
            _isStarted = true;
        }

        if (_options.HealthChecks)
        {
            MapHealthChecks();
        }

        var running = await RunningServer.StartAsync(_options, _routes, cancellationToken).ConfigureAwait(false);
        lock (_lifeLock)
        {
            _running = running;
        }

        running.Dispatcher.Start();
    }

    /// <summary>
    /// Stops gracefully: takes no new connection, lets requests in flight finish for at most
    /// <see cref="HttpServerOptions.ShutdownGracePeriod"/>, then aborts what is left, and joins every worker.
    /// </summary>
    /// <param name="cancellationToken">
    /// Cuts the drain short: what is in flight is aborted at once. A second call's token does that too.
    /// </param>
    /// <returns>The report; every call gets the same one. A server that was never started reports a drain of nothing.</returns>
    public async Task<ShutdownReport> StopAsync(CancellationToken cancellationToken = default)
    {
        Task<ShutdownReport> stopped;
        CancellationTokenSource force;
        lock (_lifeLock)
        {
            if (_running is not { } running)
            {
                return new ShutdownReport(ShutdownOutcome.Drained, TimeSpan.Zero, default, default, [], [], []);
            }

            force = _force ??= new CancellationTokenSource();
            stopped = _stopped ??= new ServerShutdown(running.Context, running.Dispatcher, running.Transport).RunAsync(force.Token);
        }

        using (cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), force))
        {
            return await stopped.ConfigureAwait(false);
        }
    }

    /// <summary>Stops the server as <see cref="StopAsync"/> does, if that has not been done.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);

    private void ThrowIfStarted()
    {
        if (_isStarted)
        {
            throw new InvalidOperationException("The server has been started: routes are mapped before, and it starts only once.");
        }
    }

    // The server is live as long as it answers, and ready until a stop begins.
    private void MapHealthChecks()
    {
        _routes.Add("GET", "/healthz/live", new RouteHandler(ToHandler(static (_, response) => response.WriteText("live\n")), Dispatch.Inline));
        _routes.Add("GET", "/healthz/ready", new RouteHandler(ToHandler(static (request, response) =>
        {
            var isDraining = request.Draining.IsCancellationRequested;
            response.StatusCode = isDraining ? 503 : 200;
            response.WriteText(isDraining ? "draining\n" : "ready\n");
        }), Dispatch.Inline));
    }

    private static RequestHandler ToHandler(Func<HttpRequest, HttpResponse, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return (request, response) => new ValueTask(handler(request, response));
    }

    private static RequestHandler ToHandler(Action<HttpRequest, HttpResponse> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return (request, response) =>
        {
            handler(request, response);
            return ValueTask.CompletedTask;
        };
    }
}
