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
/// Routes are mapped before the start, from one thread. <see cref="RunAsync(CancellationToken)"/>, <see cref="StartAsync"/>,
/// <see cref="StopAsync"/> and <see cref="DisposeAsync"/> may be called from any thread.
/// </remarks>
public sealed class HttpServer : RouteBuilder, IAsyncDisposable
{
    private readonly HttpServerOptions _options;
    private readonly Lock _lifeLock = new();
    private readonly TaskCompletionSource _stopRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RunningServer? _running;
    private Task<ShutdownReport>? _stopped;
    private CancellationTokenSource? _force;
    private byte[] _ticketKeys = [];
    private bool _isStarted;
    private bool _isDisposed;

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
    /// The address for a browser or a client on this machine: <c>http://127.0.0.1:7878</c>, or <c>https://…</c>, also when the server listens on all addresses.
    /// </summary>
    /// <exception cref="InvalidOperationException">The server has not been started, or listens on unix sockets only.</exception>
    public Uri Address => Addresses.FirstOrDefault(static address => !address.StartsWith("unix:", StringComparison.Ordinal)) is { } address
        ? new Uri(address)
        : throw new InvalidOperationException(
            "The server has no address before it is started, nor on a unix socket: see EndPoints.");

    /// <summary>
    /// Where clients reach the server, in the order of its endpoints: <c>http://127.0.0.1:7878</c>, <c>https://[::1]:7843</c>,
    /// <c>unix:/run/app.sock</c>, <c>unix:@name</c>. For <c>0.0.0.0</c> and <c>::</c> they are the machine's own addresses as of now, loopback
    /// first, at most eight of each kind, without link-local ones. Empty before the start.
    /// </summary>
    public IReadOnlyList<string> Addresses => [.. _running?.Addresses ?? []];

    /// <summary>
    /// The listening sockets, in the order of <see cref="EndPoints"/>, to be given to a process that is to take the server's place without a client being
    /// refused (<see cref="HttpEndpoint.HandedOver"/>). Valid until a stop begins.
    /// </summary>
    /// <exception cref="NotSupportedException">The server runs over another transport than epoll.</exception>
    /// <exception cref="InvalidOperationException">The server has not been started.</exception>
    public IReadOnlyList<BoundEndpoint> ListeningSockets => Running.ListeningSockets;

    /// <summary>
    /// Another process accepts from <see cref="ListeningSockets"/> too, and may go on when this server stops. <see cref="StopAsync"/> then accepts no more
    /// at once, without <see cref="HttpServerOptions.DrainDelay"/>: it turns nobody away, leaves the files of unix sockets, and closes its own
    /// descriptors; what it has accepted is drained as ever, and <see cref="HttpServerOptions.HealthChecks"/> go on saying that the service is ready. Set it
    /// before <see cref="StopAsync"/>, and back when the other process has ended: then clients of whom only that one was told are found. True from the start
    /// where sockets were taken over by <see cref="HttpEndpoint.HandedOver"/>, false before the start. From any thread.
    /// </summary>
    /// <exception cref="NotSupportedException">It is set, and the server runs over another transport than epoll.</exception>
    /// <exception cref="InvalidOperationException">It is set, and the server has not been started.</exception>
    public bool SharesListeningSockets
    {
        get => _running?.SharesListeningSockets == true;
        set => Running.SharesListeningSockets = value;
    }

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

    /// <summary>The truth as of now, cheap: nothing is counted for it that a request would pay for. From any thread; all zero before the start.</summary>
    internal ServerStatistics GetStatistics() => _running?.GetStatistics() ?? ServerStatistics.None;

    internal RunningServer Running => _running ?? throw new InvalidOperationException("The server has not been started.");

    /// <summary>
    /// Maps the handler of every path that no route has, whatever the (known) method. Without it those requests get 404. The server's own filters
    /// stand in front of it, and no group's.
    /// </summary>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    [OverloadResolutionPriority(1)]
    public void MapFallback(RequestHandler handler, Dispatch dispatch = Dispatch.Worker)
    {
        ArgumentNullException.ThrowIfNull(handler);
        SetFallback(new RouteHandler(handler, Checked(dispatch)));
    }

    /// <summary>Maps a fallback of two handlers: the first may answer at once; where it does not, a worker runs the second.</summary>
    /// <param name="first">Is asked on the thread that received the request, or on a worker behind a filter; must not block.</param>
    /// <param name="handler">What answers the rest, on a worker.</param>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    public void MapFallback(TryRequestHandler first, RequestHandler handler)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(handler);
        SetFallback(new RouteHandler(handler, Dispatch.Worker, first));
    }

    /// <inheritdoc cref="MapFallback(RequestHandler, Dispatch)"/>
    public void MapFallback(Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        MapFallback(RouteHandler.FromTask(handler), dispatch);

    /// <inheritdoc cref="MapFallback(RequestHandler, Dispatch)"/>
    public void MapFallback(Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker)
    {
        ArgumentNullException.ThrowIfNull(handler);
        SetFallback(RouteHandler.Synchronous(handler, Checked(dispatch)));
    }

    /// <summary>Maps a fallback of which a function says for each request where it runs.</summary>
    /// <param name="choose">As in <see cref="RouteBuilder.Map(string, string, Func{HttpRequest, Dispatch}, RequestHandler)"/>.</param>
    /// <param name="handler">What answers.</param>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    [OverloadResolutionPriority(1)]
    public void MapFallback(Func<HttpRequest, Dispatch> choose, RequestHandler handler)
    {
        ArgumentNullException.ThrowIfNull(choose);
        ArgumentNullException.ThrowIfNull(handler);
        SetFallback(new RouteHandler(handler, Dispatch.Worker).ChosenBy(choose));
    }

    /// <summary>
    /// As <see cref="MapFallback(Func{HttpRequest, Dispatch}, RequestHandler)"/>, for a framework that has answers of its own to everything: requests whose
    /// method no route has and no standard either (501 otherwise, RFC 9110 §9.1), TRACE (405 otherwise, §9.3.8), and OPTIONS of the server as a whole, whose
    /// target is <c>*</c> (answered by the server otherwise, §9.3.7), reach the handler too.
    /// </summary>
    /// <inheritdoc cref="MapFallback(Func{HttpRequest, Dispatch}, RequestHandler)"/>
    public void MapAnything(Func<HttpRequest, Dispatch> choose, RequestHandler handler)
    {
        MapFallback(choose, handler);
        TakeAnyMethod();
    }

    /// <inheritdoc cref="MapFallback(Func{HttpRequest, Dispatch}, RequestHandler)"/>
    public void MapFallback(Func<HttpRequest, Dispatch> choose, Func<HttpRequest, HttpResponse, Task> handler) =>
        MapFallback(choose, RouteHandler.FromTask(handler));

    /// <inheritdoc cref="MapFallback(Func{HttpRequest, Dispatch}, RequestHandler)"/>
    public void MapFallback(Func<HttpRequest, Dispatch> choose, Action<HttpRequest, HttpResponse> handler)
    {
        ArgumentNullException.ThrowIfNull(choose);
        ArgumentNullException.ThrowIfNull(handler);
        SetFallback(RouteHandler.Synchronous(handler, Dispatch.Worker).ChosenBy(choose));
    }

    /// <summary>
    /// The server's whole life: starts, waits for SIGINT, SIGTERM or SIGQUIT (Ctrl+C), drains, and returns the report. Works without a console.
    /// </summary>
    /// <param name="cancellationToken">
    /// Asks for the same graceful stop as a signal does, and never makes this throw: a server whose token is cancelled already starts, and
    /// drains at once.
    /// </param>
    /// <returns>The report, after everything has ended. The exit code is the program's.</returns>
    /// <remarks>
    /// A second signal cuts the drain short, as the token of <see cref="StopAsync"/> does. The stop begins too when somebody calls
    /// <see cref="StopAsync"/>, and when <see cref="HttpServerOptions.AcceptLimit"/> connections were accepted. The signals are taken over
    /// before the server listens and given back at the end, by <see cref="StopSignals"/>: one signal stops every server of the process.
    /// </remarks>
    /// <exception cref="ListenException">The server cannot listen on an endpoint; the message names it and the way out.</exception>
    /// <exception cref="InvalidOperationException">The server has been started before, or the process may not open enough files.</exception>
    /// <exception cref="IOException">
    /// The server could not accept any more (<see cref="Failed"/>); thrown after the drain, so that the program does not end as if told to.
    /// </exception>
    public Task<ShutdownReport> RunAsync(CancellationToken cancellationToken = default) => RunAsync(static () => { }, cancellationToken);

    /// <summary>As the other one, and tells when the server listens.</summary>
    /// <param name="listening">
    /// Is called once, when <see cref="EndPoints"/> and <see cref="Address"/> tell where the server listens and before it waits. What it
    /// throws stops the server, and is thrown on.
    /// </param>
    /// <param name="cancellationToken">As in the other one.</param>
    /// <inheritdoc cref="RunAsync(CancellationToken)"/>
    public async Task<ShutdownReport> RunAsync(Action listening, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(listening);
        ThrowIfStarted();
        using var signals = new StopSignals();
        await StartAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            listening();
        }
        catch
        {
            await StopAsync(signals.Force).ConfigureAwait(false);
            throw;
        }

        using (cancellationToken.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), _stopRequested))
        {
            await Task.WhenAny(signals.Stop, _stopRequested.Task, AcceptLimitReached, Failed).ConfigureAwait(false);
        }

        var hasFailed = Failed.IsCompleted;
        var report = await StopAsync(signals.Force).ConfigureAwait(false);
        return hasFailed ? throw new IOException("The server could not accept any more; its log says why. Start another one.") : report;
    }

    /// <summary>Binds, starts the workers, and accepts connections from then on.</summary>
    /// <exception cref="ListenException">The server cannot listen on an endpoint; the message names it and the way out.</exception>
    /// <exception cref="InvalidOperationException">The server has been started before, or the process may not open enough files.</exception>
    /// <exception cref="ObjectDisposedException">The server has been disposed of without having been started.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        lock (_lifeLock)
        {
            ThrowIfStarted();
            _isStarted = true;
        }

        var routes = RoutesWithFilters();
        if (_options.HealthChecks)
        {
            HealthChecks.Map(routes, () => _running?.Context.IsHandedOver == true); // behind no filter: they tell of the server, not of the application
        }

        var running = await RunningServer.StartAsync(this, _options, routes, _ticketKeys, cancellationToken).ConfigureAwait(false);
        lock (_lifeLock)
        {
            _running = running;
        }

        running.Dispatcher.Start();
    }

    /// <summary>
    /// The keys of TLS session tickets (RFC 5077, RFC 8446 §2.2) that this server has made, with their age, for <see cref="ImportTicketKeys"/> of a server that
    /// takes its place: sessions of clients go on there. A secret, as long as tickets live: hand it from memory to memory. Empty where there are none:
    /// without TLS, with <see cref="TlsOptions.TicketKeys"/> of the program's, and with <see cref="TlsEngine.SslStream"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The server has not been started.</exception>
    public byte[] ExportTicketKeys() => Running.ExportTicketKeys();

    /// <summary>
    /// Goes on with the ticket keys of another server. What is of a form that this version does not know is ignored: keys are made anew then.
    /// </summary>
    /// <param name="exported">What <see cref="ExportTicketKeys"/> gave there.</param>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    public void ImportTicketKeys(ReadOnlySpan<byte> exported)
    {
        ThrowIfStarted();
        _ticketKeys = exported.ToArray();
    }

    /// <summary>
    /// Puts other limits and time-outs in force while the server runs: the limits of connections at once, all others for connections that begin from
    /// then on, which keep them to their end; <c>Server</c> and <c>Date</c> with the next response. Where something is wrong it throws, and nothing has
    /// changed.
    /// </summary>
    /// <param name="options">
    /// What is not set goes back to its default. Limits, time-outs, rates, trusted proxies and what is believed of them, the times of a stop, the error page
    /// and how TLS is spoken, for new handshakes, can change, all else stays.
    /// </param>
    /// <returns>The names of the options that have another value than the server's, and cannot change while it runs.</returns>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The server does not run, or a stop has begun.</exception>
    public IReadOnlyList<string> Reload(HttpServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var next = options.Validated();
        lock (_lifeLock)
        {
            return Running.Reload(next);
        }
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
        _stopRequested.TrySetResult();
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

    /// <inheritdoc cref="ThreadlessStop"/>
    internal ShutdownReport StopHere(Func<bool> isForced)
    {
        var report = ThreadlessStop.Run(Running.Context, Running.Dispatcher, isForced);
        _stopped = Task.FromResult(report);
        return report;
    }

    /// <summary>Stops the server as <see cref="StopAsync"/> does, if that has not been done.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lifeLock)
        {
            _isDisposed = true;
        }

        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _running?.Telemetry?.Dispose();
    }

    internal override void ThrowIfStarted()
    {
        ObjectDisposedException.ThrowIf(_isDisposed && !_isStarted, this); // what was never started would never be stopped
        if (_isStarted)
        {
            throw new InvalidOperationException("The server has been started: routes are mapped before, and it starts once, by StartAsync or RunAsync.");
        }
    }
}
