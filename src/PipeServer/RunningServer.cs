using System.Net;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Routing;
using PipeServer.Server;
using PipeServer.Server.Http1;
using PipeServer.Telemetry;
using PipeServer.Transport;
using PipeServer.Transport.Epoll;
using PipeServer.Transport.Sockets;
using PipeServer.Workers;

namespace PipeServer;

/// <summary>
/// The parts of a server that has been started: the one place that puts transport, filters, protocols and workers together.
/// </summary>
internal sealed class RunningServer
{
    private readonly int _mostConnections; // that the process's limit of open files allows
    private readonly EndpointFilters _filters;
    private readonly IReadOnlyList<(HttpEndpoint Endpoint, IConnectionListener Listener)> _listeners;

    private RunningServer(
        ITransport transport,
        ServerContext context,
        ConnectionDispatcher dispatcher,
        EndpointFilters filters,
        IReadOnlyList<(HttpEndpoint Endpoint, IConnectionListener Listener)> listeners,
        ServerTelemetry? telemetry,
        int mostConnections)
    {
        (Transport, Context, Dispatcher, Telemetry, _mostConnections, _filters) = (transport, context, dispatcher, telemetry, mostConnections, filters);
        EndPoints = [.. listeners.Select(static item => item.Listener.EndPoint)];
        _listeners = listeners;
        context.IsHandedOver = SharesListeningSockets; // taken over from a process that still serves
        Addresses = listeners.SelectMany(static item => MachineAddresses.Of(item.Listener.EndPoint, item.Endpoint.IsTls ? "https" : "http"));
        telemetry?.Observe(GetStatistics, context.Handshakes is not null);
        if (context.Handshakes is not null)
        {
            telemetry?.ObserveCertificates(() => Context.Options);
        }
    }

    public ITransport Transport { get; }

    public ServerContext Context { get; }

    public ConnectionDispatcher Dispatcher { get; }

    /// <summary>The clock; its timers run on the event loops, where there are any.</summary>
    public TimeProvider Timers => TimersOf(Context.Options, Transport);

    /// <summary>Where it listens, with the real ports.</summary>
    public IReadOnlyList<EndPoint> EndPoints { get; }

    /// <inheritdoc cref="HttpServer.Addresses"/>
    public IEnumerable<string> Addresses { get; }

    /// <inheritdoc cref="HttpServer.ListeningSockets"/>
    public IReadOnlyList<BoundEndpoint> ListeningSockets => [.. _listeners.GroupBy(static item => item.Endpoint).SelectMany(static group =>
    {
        var endpoint = group.Key.Copy(); // one for all of its sockets
        return group.Select(item => new BoundEndpoint(endpoint, item.Listener.EndPoint, HandedOver(item.Listener).Socket));
    })];

    /// <inheritdoc cref="HttpServer.SharesListeningSockets"/>
    public bool SharesListeningSockets
    {
        get => _listeners.Any(static item => item.Listener is IHandedOverListener { IsShared: true });
        set
        {
            var all = _listeners.Select(static item => HandedOver(item.Listener)).ToList();
            Context.IsHandedOver = value;
            all.ForEach(listener => listener.IsShared = value);
        }
    }

    /// <inheritdoc cref="HttpServer.ExportTicketKeys"/>
    public byte[] ExportTicketKeys() => _filters.TicketKeys?.Export() ?? [];

    /// <summary>What is offered to listeners; null for nothing. To be disposed of with the server.</summary>
    public ServerTelemetry? Telemetry { get; }

    /// <summary>Binds, and makes the workers, which start with their first jobs; connections are accepted once the dispatcher is started.</summary>
    /// <exception cref="ListenException">An endpoint cannot be bound.</exception>
    /// <exception cref="InvalidOperationException">The process may not open enough files.</exception>
    public static async Task<RunningServer> StartAsync(
        HttpServer server, HttpServerOptions options, RouteMap routes, byte[] ticketKeys, CancellationToken cancellationToken)
    {
        var mostConnections = MostConnections(options);
        options.MaxConnections = Math.Min(options.MaxConnections, mostConnections);
        var logger = GuardedLogger.Around(options.LoggerFactory.CreateLogger("PipeServer.Server"));
        var transport = options.Transport ?? CreateTransport(options, logger);
        var listeners = await EndpointListeners.OpenAsync(options, transport, cancellationToken).ConfigureAwait(false);
        WorkerPool? workers = null;
        ServerContext? context = null;
        ServerTelemetry? telemetry = null;
        try
        {
            // After the bind: a server that finds its port taken has started no thread.
            workers = new WorkerPool(options.Workers, options.QueueCapacity, new WorkerPoolOptions
            {
                Logger = options.LoggerFactory.CreateLogger("PipeServer.Workers"),
                TimeProvider = options.TimeProvider,
            });
            telemetry = ServerTelemetry.TryCreate(options, listeners[0].Listener.EndPoint, server);
            if (options.Guard is { } guard)
            {
                routes.Guard(route => new RouteHandler(guard(route.Answer), Dispatch.Inline));
            }

            context = new ServerContext(options, routes.ToTable(), workers, TimersOf(options, transport), logger, telemetry);
            var protocol = new Http1Protocol(context);
            var filters = EndpointFilters.Create(context, listeners, telemetry, ticketKeys);
            var dispatcher = new ConnectionDispatcher(
                context, [.. filters.Listeners.Select(item => new BoundListener(item.Listener, item.Filters, protocol))]);
            return new RunningServer(transport, context, dispatcher, filters, listeners, telemetry, mostConnections);
        }
        catch
        {
            telemetry?.Dispose();
            context?.Heartbeat.Dispose();
            workers?.Dispose();
            await EndpointListeners.CloseAsync(listeners.Select(static item => item.Listener), transport).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What the server is doing now, for people who watch it. From any thread.</summary>
    /// <param name="mostRequests">How many requests in progress to name at most, the oldest first.</param>
    public ServerActivity GetActivity(int mostRequests) => ServerActivity.Of(Context, mostRequests);

    /// <summary>The truth as of now. From any thread. From the first call on, loops are asked at each beat how late they are.</summary>
    public ServerStatistics GetStatistics()
    {
        var epoll = Transport as EpollTransport;
        Context.Heartbeat.OnBeat ??= epoll is null ? null : epoll.ProbeLoops;
        var (workers, threadPool) = (Context.Workers, Context.ThreadPool);
        return new ServerStatistics(
            Context.Connections.Statistics(),
            Dispatcher.Failures,
            Context.RefusalCounts.Read(),
            workers.Queued,
            workers.Capacity,
            new WorkerStatistics(workers.Size, workers.Busy, workers.Executed, workers.Faulted),
            new ThreadPoolStatistics(threadPool.Concurrency, threadPool.Active, threadPool.Queued),
            epoll?.ReadLoops() ?? [],
            Context.Handshakes?.Read() ?? [],
            Context.Handshakes?.Active ?? 0);
    }

    /// <inheritdoc cref="HttpServer.Reload"/>
    /// <remarks>One call at a time, and not at the same time as a stop begins.</remarks>
    public IReadOnlyList<string> Reload(HttpServerOptions options)
    {
        if (Context.Draining.IsCancellationRequested)
        {
            throw new InvalidOperationException("The server stops: its options do not change any more.");
        }

        var current = Context.Options;
        var next = HttpServerOptionsReload.Merge(current, options);
        next.MaxConnections = Math.Min(next.MaxConnections, _mostConnections);
        var exchangeFilters = _filters.Prepare(next);
        Context.Reload(next);
        exchangeFilters();
        Dispatcher.Reload();
        return HttpServerOptionsReload.FixedThatDiffer(current, options);
    }

    private static IHandedOverListener HandedOver(IConnectionListener listener) => listener as IHandedOverListener
        ?? throw new NotSupportedException("Listening sockets can be handed to another process over the epoll transport only.");

    // The runtime itself needs descriptors: it is better to refuse clients than to run out of them.
    private static int MostConnections(HttpServerOptions options)
    {
        var descriptors = DescriptorBudget.Connections(options.Endpoints.Sum(EndpointListeners.CountOf)) - options.ReservedDescriptors;
        if (descriptors < 1)
        {
            throw new InvalidOperationException(
                "The process may not open enough files to serve a single connection. Raise the limit: ulimit -n, or LimitNOFILE.");
        }

        const int Share = RefusedClients.ConnectionsPerPlace;
        return Math.Max(1, descriptors / (Share + 1) * Share);
    }

    // A clock of the user's own, a test's for one, has timers of its own.
    private static TimeProvider TimersOf(HttpServerOptions options, ITransport transport) =>
        transport is EpollTransport epoll && options.TimeProvider == TimeProvider.System ? epoll.Timers : options.TimeProvider;

    private static ITransport CreateTransport(HttpServerOptions options, ILogger logger)
    {
        if (EpollTransport.IsSupported)
        {
            return new EpollTransport(new EpollTransportOptions
            {
                Loops = options.Loops,
                ReusePort = options.ReusePort,
                Logger = options.LoggerFactory.CreateLogger("PipeServer.Transport"),
            });
        }

        Log.TransportFallback(logger);
        return new SocketTransport { ReusePort = options.ReusePort };
    }
}
