using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Routing;
using PipeServer.Workers;

namespace PipeServer.Server;

/// <summary>
/// What all connections of one server share. Immutable once it accepts but for the options, which are exchanged as a whole, and the drain, which is
/// marked once, and what is told of it.
/// </summary>
#pragma warning disable CA1001 // Without timers or wait handles the source holds nothing to dispose of.
internal sealed class ServerContext
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _draining = new();
    private volatile HttpServerOptions _options;
    private volatile ConnectionRules _rules;
    private ShutdownProgress? _shutdown;

    public ServerContext(
        HttpServerOptions options, RouteTable routes, WorkerPool workers, TimeProvider timers, ILogger logger, RequestTelemetry? telemetry = null)
    {
        _options = options;
        _rules = new ConnectionRules(options);
        TimeProvider = options.TimeProvider;
        Routes = routes;
        Workers = workers;
        ThreadPool = new BoundedThreadPool(
            options.ThreadPoolConcurrency, options.Overload == OverloadPolicy.Wait ? int.MaxValue : options.QueueCapacity);
        Logger = logger;
        Refusals = new RefusalLog(logger, options.TimeProvider);
        EndedConnections = new RefusalLog(logger, options.TimeProvider);
        Draining = _draining.Token;
        RefusalCounts = new RefusalCounts();
        Connections = new ConnectionManager();
        Heartbeat = new Heartbeat(options.TimeProvider, timers, Connections, logger, FieldsOf(options));
        EventStreams = new EventStreams(options.TimeProvider);
        ErrorAnswers = new ErrorAnswers(request => _options switch
        {
            { GetServerErrorPageFor: { } get } => get(request),
            { GetServerErrorPage: { } get } => get(),
            var fixedPage => fixedPage.ServerErrorPage,
        });
        Observer = options.OnCompleted is null && telemetry is null
            ? null
            : new RequestObserver(options.OnCompleted, telemetry, options.TimeProvider, logger);
        Pipeline = new RequestPipeline(this) { Entrance = RequestEntrance.For(options, Observer) };
    }

    /// <summary>The options in force.</summary>
    public HttpServerOptions Options => _options;

    /// <summary>What a connection that begins now is held to.</summary>
    public ConnectionRules Rules => _rules;

    /// <summary>The clock, which stays the same.</summary>
    public TimeProvider TimeProvider { get; }

    public RouteTable Routes { get; }

    public WorkerPool Workers { get; }

    /// <summary>The thread pool, as far as handlers may use it.</summary>
    public BoundedThreadPool ThreadPool { get; }

    public ILogger Logger { get; }

    /// <summary>Tells of each request that has ended; null where nobody listens.</summary>
    public RequestObserver? Observer { get; }

    /// <summary>Tells which clients are refused.</summary>
    public RefusalLog Refusals { get; }

    /// <summary>The same of connections that were ended for what their clients have done on them.</summary>
    public RefusalLog EndedConnections { get; }

    /// <summary>Counts them by reason.</summary>
    public RefusalCounts RefusalCounts { get; }

    public ConnectionManager Connections { get; }

    /// <summary>The TLS handshakes; null where none is made.</summary>
    public Handshakes? Handshakes { get; set; }

    /// <summary>What clients may have HTTP/2 connections do; null where none is spoken.</summary>
    public ClientBudgets? ClientBudgets { get; set; }

    public Heartbeat Heartbeat { get; }

    /// <summary>The streams of server-sent events that are to be kept alive.</summary>
    public EventStreams EventStreams { get; }

    /// <summary>What the server says where no handler answers.</summary>
    public ErrorAnswers ErrorAnswers { get; }

    /// <summary>The way of every request.</summary>
    public RequestPipeline Pipeline { get; }

    /// <summary>Cancelled when a stop begins: finish what you have.</summary>
    public CancellationToken Draining { get; }

    /// <summary>
    /// Another process accepts from the same sockets: new clients are its own, so a stop need not wait for anybody to notice, and the service stays ready.
    /// </summary>
    public bool IsHandedOver { get; set; }

    /// <summary>How far a stop has come; null before it.</summary>
    public ShutdownProgress? Shutdown => Volatile.Read(ref _shutdown);

    /// <summary>Puts other options in force. Connections that have begun keep their <see cref="ConnectionRules"/>.</summary>
    public void Reload(HttpServerOptions options)
    {
        _rules = new ConnectionRules(options);
        _options = options;
        Heartbeat.Use(FieldsOf(options));
        Pipeline.Entrance = RequestEntrance.For(options, Observer, Pipeline.Entrance);
    }

    private static ServerFields FieldsOf(HttpServerOptions options) => new(options.ServerHeader, options.DateHeader);

    /// <summary>A part of the stop begins.</summary>
    /// <param name="phase">What <see cref="ShutdownProgress.Phase"/> shall say.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="report">The report, at the end.</param>
    public void BeginPhase(string phase, TimeSpan limit, ShutdownReport? report = null)
    {
        var now = TimeProvider.GetTimestamp();
        Volatile.Write(ref _shutdown, new ShutdownProgress(phase, Shutdown?.Started ?? now, now, limit, report));
    }

    /// <summary>From now on every response is its connection's last.</summary>
    public void MarkDraining()
    {
        // Handlers' callbacks hang on this token: they run on the thread pool, not inside the stop.
        _ = _draining.CancelAsync();
    }

    /// <summary>The system gives the process no further thread: what can be done by those that there are is done by them.</summary>
    public bool IsShortOfThreads { get; private set; }

    /// <summary>Marks the drain where there is no thread for handlers' callbacks: they run here. What they throw is theirs.</summary>
    public void MarkDrainingHere()
    {
        IsShortOfThreads = true;
        try
        {
            _draining.Cancel();
        }
#pragma warning disable CA1031 // Handlers' code, see above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.HeartbeatFailed(Logger, exception);
        }
    }
}
