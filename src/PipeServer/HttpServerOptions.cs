using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>
/// Everything that can be set on an <see cref="HttpServer"/>. Every limit is finite by default. Values are checked when the
/// server is created; changes after that have no effect before <see cref="HttpServer.Reload"/>.
/// </summary>
/// <remarks>
/// An <c>IConfiguration</c> binds all but <see cref="Transport"/>, <see cref="LoggerFactory"/>, <see cref="TimeProvider"/>, what is called back and the error
/// pages, which are objects: addresses, endpoints, trusted proxies, the mode of sockets and the rate of requests by their text, durations as
/// <c>00:00:30</c>, because the binder takes a bare <c>30</c> for days. The source-generated binder takes no types by their text, warns of some
/// in the build (SYSLIB1101) and leaves out all of them, endpoints too: set those by their <c>Parse</c>.
/// </remarks>
public sealed class HttpServerOptions
{
    /// <summary>
    /// The most workers there can be. Every worker is a thread: beyond this the system runs out of something before it gets
    /// faster.
    /// </summary>
    public const int MaxWorkers = 4096;

    /// <summary>The most <see cref="ThreadPoolConcurrency"/> can be.</summary>
    public const int MaxThreadPoolConcurrency = 1_000_000;

    /// <summary>
    /// The longest path of a unix socket, in bytes of UTF-8: the system's address structure has no room for more. Systems differ; this is
    /// the smallest of their limits.
    /// </summary>
    public const int MaxUnixSocketPathBytes = UnixSocketAddress.MaxPathBytes;

    /// <summary>The most <see cref="MaxStreamsPerConnection"/> can be: one client would be given as many requests at once as this.</summary>
    public const int MostStreamsPerConnection = 1 << 16;

    /// <summary>The most event loops there can be: more than any machine has cores, and each is a thread.</summary>
    public const int MaxLoops = 1024;

    /// <summary>
    /// Where to listen. Default: none, and then the server listens on <see cref="Address"/> and <see cref="Port"/>, or on what replaces
    /// them. When there are endpoints here, those options are ignored. All endpoints share the limits of the server.
    /// </summary>
    public IList<HttpEndpoint> Endpoints { get; set; } = [];

    /// <summary>
    /// The PROXY protocol is spoken on every endpoint; see <see cref="HttpEndpoint.ProxyProtocol"/>. Default: no.
    /// </summary>
    public bool ProxyProtocol { get; set; }

    /// <summary>
    /// The proxies that are believed when they name their client, by the PROXY protocol or by <see cref="ForwardedHeader"/>. Default: none.
    /// </summary>
    public IList<TrustedProxy> TrustedProxies { get; set; } = [];

    /// <summary>
    /// The header field by which <see cref="TrustedProxies"/> name the client of each request; the other one means nothing. Default
    /// <see cref="ForwardedHeader.XForwardedFor"/>. Without trusted proxies no field means anything.
    /// </summary>
    /// <remarks>
    /// The client is the rightmost hop that is not a trusted proxy. It is <see cref="HttpRequest.RemoteEndPoint"/>, and what logs and
    /// <see cref="RateLimit"/> go by; connections are counted by their peers all the same. <c>X-Forwarded-Host</c> is not looked at: have the proxy
    /// pass the Host field on.
    /// </remarks>
    public ForwardedHeader ForwardedHeader { get; set; }

    /// <summary>
    /// How TLS is spoken at the endpoints that say <see cref="HttpEndpoint.IsTls"/> and no more: <c>0.0.0.0:8443,tls</c>. Default: none. An endpoint
    /// without TLS has nothing to do with it.
    /// </summary>
    public TlsOptions? Tls { get; set; }

    /// <summary>
    /// TLS handshakes in progress at once, counted from the accept; a further connection is closed without a word, and counted as refused. Default: null,
    /// half of <see cref="MaxConnections"/>, at least one. Each has <see cref="RequestHeadTimeout"/> from its accept. Their costly part runs on threads of
    /// its own, one per core. Can be changed while the server runs.
    /// </summary>
    public int? MaxHandshakes { get; set; }

    /// <summary>
    /// Tells browsers to ask for this host by https only, from their first visit on: every answer over TLS has the field
    /// <c>Strict-Transport-Security</c>, the server's own errors included, and none in plain text has it (RFC 6797 §7.1, §7.2), not even where a trusted
    /// proxy has spoken TLS, which can say it itself. A field of that name that a handler sets goes before it. Default: null, no. In configuration the
    /// field's value: <c>31536000; includeSubDomains</c>.
    /// </summary>
    public StrictTransportSecurity? StrictTransportSecurity { get; set; }

    /// <summary>The address to listen on. Default 127.0.0.1: reachable from this machine only.</summary>
    public BindAddress Address { get; set; } = IPAddress.Loopback;

    /// <summary>The port to listen on, 0 for a free one. Default 7878, the Rust Book's.</summary>
    public int Port { get; set; } = 7878;

    /// <summary>
    /// A unix socket to listen on instead of <see cref="Address"/> and <see cref="Port"/>; null for none. A file that a dead
    /// server left there is replaced; the server deletes its own when it stops. Who may connect is up to the folder, and to
    /// <see cref="SocketMode"/> and <see cref="SocketGroup"/> or else the umask. <c>@name</c> is an abstract name of Linux, which has no file.
    /// </summary>
    public string? UnixSocketPath { get; set; }

    /// <summary>
    /// The permissions of the files of all unix sockets that say nothing else; see <see cref="HttpEndpoint.SocketMode"/>. Default: null, what
    /// the umask leaves. Refused where there is no such file. In configuration octal, as chmod(1) writes it: <c>660</c>.
    /// </summary>
    public SocketFileMode? SocketMode { get; set; }

    /// <summary>
    /// The group of the files of all unix sockets that say nothing else, by its name or number; see <see cref="HttpEndpoint.SocketGroup"/>.
    /// Default: null, the process's own. Refused where there is no such file.
    /// </summary>
    public string? SocketGroup { get; set; }

    /// <summary>
    /// A listening socket that the process was given, to accept from instead of binding one; null for none. The number is the
    /// descriptor's, 3 for the first that systemd's socket activation passes. Linux only.
    /// </summary>
    public int? ListenDescriptor { get; set; }

    /// <summary>
    /// Let another process listen on the same address and port (SO_REUSEPORT): the new one starts, then the old one stops, and
    /// nobody is refused. Linux only; of no effect on a <see cref="Transport"/> of your own. Default: no.
    /// </summary>
    public bool ReusePort { get; set; }

    /// <summary>How many finished handshakes the system may queue for the server. Default 512; the system may cap it.</summary>
    public int Backlog { get; set; } = 512;

    /// <summary>
    /// Worker threads. Default: one per core, at least 4, because handlers on workers may block.
    /// </summary>
    public int Workers { get; set; } = Math.Max(4, Environment.ProcessorCount);

    /// <summary>
    /// How many requests of <see cref="Dispatch.ThreadPool"/> handlers may be at work at once, from the start of the handler to the end of the
    /// answer. Default 1,024; 1 to 1,000,000. Those that find no permit wait for one in a queue of <see cref="QueueCapacity"/> of their own.
    /// </summary>
    public int ThreadPoolConcurrency { get; set; } = 1024;

    /// <summary>
    /// How many requests may wait for a worker; <see cref="Overload"/> says what happens to the next one. Default 4,096: more than most
    /// connections make at once, less than a second of work for quick handlers.
    /// </summary>
    public int QueueCapacity { get; set; } = 4096;

    /// <summary>
    /// Connections served at once; a further client is answered with 503 before it is read, or waits in the backlog, as
    /// <see cref="Overload"/> says. Default 16,384. Lowered at the start to what the process's limit of open files allows,
    /// with a reserve.
    /// </summary>
    public int MaxConnections { get; set; } = 16_384;

    /// <summary>
    /// Requests of one HTTP/2 connection in progress at once, as the server's SETTINGS_MAX_CONCURRENT_STREAMS tells its client (RFC 9113 §5.1.2). Default
    /// 128; 1 to 65,536, where fewer than 100 slow down honest clients (RFC 9113 §6.5.2). A further one is refused by REFUSED_STREAM, and may be sent
    /// again. One that its client has reset counts until its handler has returned.
    /// </summary>
    public int MaxStreamsPerConnection { get; set; } = 128;

    /// <summary>The request line without its line end, in bytes. Default 8 KiB; a longer one is answered with 414.</summary>
    public int MaxRequestLineBytes { get; set; } = 8 * 1024;

    /// <summary>Request line and headers with all line ends, in bytes. Default 32 KiB; more is answered with 431.</summary>
    public int MaxRequestHeadBytes { get; set; } = 32 * 1024;

    /// <summary>Header lines in a request. Default 100; more are answered with 431.</summary>
    public int MaxRequestHeaderCount { get; set; } = 100;

    /// <summary>
    /// A request's body, in bytes after decoding. Default 128 MiB; a larger one is answered with 413. For one request: <see cref="HttpRequest.MaxBodyBytes"/>.
    /// </summary>
    public long MaxRequestBodyBytes { get; set; } = 128L * 1024 * 1024;

    /// <summary>How long a connection may be idle between two requests. Default 2 minutes; then it is closed.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long a request's head may take, from its first byte, or from the accept for a connection's first one. Default
    /// 30 seconds; then 408.
    /// </summary>
    public TimeSpan RequestHeadTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a read of the body may wait for the next byte. Default 30 seconds; then 408.</summary>
    public TimeSpan RequestBodyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a write may wait for the client to read. Default 30 seconds; then the connection is aborted.</summary>
    public TimeSpan ResponseWriteTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The least that a client must send of its body, or take of its response, in bytes per second of waiting for it, after
    /// the first 5 seconds. Default 240, as slow as a line of 1990; 0 for no such rule. A slower body gets 408, a slower
    /// reader is cut off. For one request: <see cref="HttpRequest.MinBodyDataRate"/>, <see cref="HttpResponse.MinDataRate"/>.
    /// </summary>
    public int MinDataRate { get; set; } = 240;

    /// <summary>How long a stop waits for requests in flight before it aborts them. Default 30 seconds.</summary>
    public TimeSpan ShutdownGracePeriod { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a stop goes on accepting before it begins to drain, for load balancers to notice: readiness answers 503, and
    /// every response carries <c>Connection: close</c>. Default 0. Comes before the grace period.
    /// </summary>
    public TimeSpan DrainDelay { get; set; } = TimeSpan.Zero;

    /// <summary>
    /// In a drain, how long an idle connection is kept for a request that is already on its way. Default 500 milliseconds.
    /// </summary>
    public TimeSpan DrainIdleTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>What the server does when the job queue is full or the limit of connections is reached. Default: reject.</summary>
    public OverloadPolicy Overload { get; set; } = OverloadPolicy.Reject;

    /// <summary>
    /// How long a request may wait for a worker, or a permit for the thread pool; one that has waited longer is answered with 503 instead of being run.
    /// Default 60 seconds, after which most clients have given up; <see cref="Timeout.InfiniteTimeSpan"/> for no end.
    /// </summary>
    public TimeSpan QueueTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Connections from one address at once; the next is answered with 503. Default: no limit per address. The address is the connection's, or
    /// that of the PROXY protocol: an HTTP proxy's connections carry the requests of many clients.
    /// </summary>
    public int? MaxConnectionsPerAddress { get; set; }

    /// <summary>
    /// How many requests each client address may make; beyond that they are answered with 429 and <c>Retry-After</c>. Default: null, no limit. In
    /// configuration <c>10/s</c>, <c>600/m</c>, or <c>10/s:50</c> with a burst.
    /// </summary>
    /// <remarks>
    /// The address is <see cref="HttpRequest.RemoteEndPoint"/>'s, of IPv6 the first 64 bits. Clients without one, of unix sockets, are not limited,
    /// nor are <see cref="HealthChecks"/>. The last 65,536 addresses are remembered, in 4 MB.
    /// </remarks>
    public RateLimit? RateLimit { get; set; }

    /// <summary>
    /// Answer GET <c>/healthz/live</c> with 200 as long as the process runs, and <c>/healthz/ready</c> with 200, or 503 once a
    /// stop has begun; inline, so that they are answered while every worker is blocked. Default: no.
    /// </summary>
    public bool HealthChecks { get; set; }

    /// <summary>
    /// The value of <c>Server</c> in every response whose handler sets none (RFC 9110 §10.2.4): visible ASCII, at most 32 characters. Default
    /// <c>PipeServer</c>; empty for no such field. Can be changed while the server runs.
    /// </summary>
    public string ServerHeader { get; set; } = ServerFields.Default.Server;

    /// <summary>
    /// Send <c>Date</c> with every response, as a server with a clock must (RFC 9110 §6.6.1). Default: yes. No is for a server behind a proxy that adds
    /// it: caches reckon the age of a response from it (RFC 9111 §4.2.3). Can be changed while the server runs.
    /// </summary>
    public bool DateHeader { get; set; } = ServerFields.Default.HasDate;

    /// <summary>
    /// A page in HTML that goes with 500 and 503 where the server itself answers so: a handler's fault, a full queue. Default:
    /// none, one line of plain text.
    /// </summary>
    public ReadOnlyMemory<byte> ServerErrorPage { get; set; }

    /// <summary>
    /// Gives that page anew for each such answer, in place of <see cref="ServerErrorPage"/>, for one that may change. Called on any thread, at
    /// the same time on several; must neither block nor throw. Default: null, <see cref="ServerErrorPage"/> it is.
    /// </summary>
    public Func<ReadOnlyMemory<byte>>? GetServerErrorPage { get; set; }

    /// <summary>
    /// Gives that page by the request that is answered so, for a server of several sites; goes before the other two. As
    /// <see cref="GetServerErrorPage"/>. Default: null.
    /// </summary>
    public Func<HttpRequest, ReadOnlyMemory<byte>>? GetServerErrorPageFor { get; set; }

    /// <summary>
    /// Says of a request at an endpoint with <see cref="HttpEndpoint.HttpsRedirectPort"/> whether it is redirected; if not, its handler gets it: for a
    /// server that knows which hosts are its own. Called on any thread, at the same time on several; must not block. Default: null, all are.
    /// </summary>
    public Func<HttpRequest, bool>? ShouldRedirect { get; set; }

    /// <summary>
    /// Accept this many connections, then close the listener and complete <see cref="HttpServer.AcceptLimitReached"/>; null for no limit.
    /// The Rust Book does this with <c>take(2)</c>.
    /// </summary>
    public int? AcceptLimit { get; set; }

    /// <summary>
    /// Event loops of the epoll transport, each a thread. Default: one per core, because more would only share the cores.
    /// </summary>
    public int Loops { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// What moves the bytes; null for the platform's default: epoll on Linux, System.Net.Sockets elsewhere. One transport
    /// serves one server, which stops it.
    /// </summary>
    public ITransport? Transport { get; set; }

    /// <summary>
    /// Where the server's log goes. Default: faults (<see cref="LogLevel.Error"/> and above) to standard error, one escaped line each, at most
    /// ten a second; nobody waits for it to be read, and what cannot be written is counted and told later. NullLoggerFactory.Instance silences it.
    /// </summary>
    /// <remarks>
    /// A logger of your own is called on the threads that serve: one that blocks holds up its request, one that throws is ignored.
    /// </remarks>
    public ILoggerFactory LoggerFactory { get; set; } = LineLoggerFactory.StandardError;

    /// <summary>
    /// Is told of each request that has ended, the server's own refusals included (400, 404, 405, 408, 429, 431, 503…), once and in the order of its
    /// connection. Default: nobody, which costs nothing. Several may listen: <c>options.OnCompleted += …</c>.
    /// </summary>
    /// <remarks>
    /// It is called where the request was answered, an event loop or a worker: it must not wait for anything, and is called on several threads at
    /// once. What it throws changes no request; the first time it is logged. The answer lies in the connection's buffer then, or is sent: whether
    /// it arrives is not known yet.
    /// </remarks>
    public RequestCompletedHandler? OnCompleted { get; set; }

    /// <summary>
    /// Offer metrics by a <see cref="Meter"/> named <c>PipeServer</c>, which lives from the start until the server is disposed of. Default: yes. A
    /// request pays for it only while somebody listens.
    /// </summary>
    public bool Metrics { get; set; } = true;

    /// <summary>
    /// Among those metrics, offer the instruments that OpenTelemetry has for every HTTP server, <c>http.server.*</c>. Default: yes. No is for a server below a
    /// framework that emits them itself, as ASP.NET Core does: what is named <c>pipeserver.*</c> stays. Means nothing without <see cref="Metrics"/>.
    /// </summary>
    public bool RequestMetrics { get; set; } = true;

    /// <summary>
    /// Makes that meter, as <c>IMeterFactory.Create</c> does in a program with dependency injection. Default: null, the server makes it; then its
    /// <see cref="Meter.Scope"/> is the <see cref="HttpServer"/>. Its tags, where the server listens, tell several servers apart.
    /// </summary>
    public Func<MeterOptions, Meter>? MeterFactory { get; set; }

    /// <summary>
    /// Offer an <see cref="System.Diagnostics.Activity"/> for each request, by the source named <c>PipeServer</c>: the current one while its
    /// handler runs, and the child of the one that the client names by <c>traceparent</c>. Default: yes. Without a listener there is none.
    /// </summary>
    public bool Activities { get; set; } = true;

    /// <summary>The clock behind every timeout and the Date header.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>
    /// Puts something in front of every handler, whoever has mapped it: what it returns is called in the handler's place, on the thread that received
    /// the request, and may call it. Null for nothing.
    /// </summary>
    internal Func<RequestHandler, RequestHandler>? Guard { get; set; }

    /// <summary>Descriptors that connections have to leave to others in the process, beside what the runtime needs.</summary>
    internal int ReservedDescriptors { get; set; }

    /// <summary>Every place to listen at; each with its own options and those of all.</summary>
    internal IReadOnlyList<HttpEndpoint> EffectiveEndpoints()
    {
        var endpoints = Endpoints.Select(static endpoint => endpoint.Copy()).ToList();
        if (endpoints.Count == 0)
        {
            endpoints.Add((ListenDescriptor, UnixSocketPath) switch
            {
                ({ } descriptor, _) => HttpEndpoint.Inherited(descriptor),
                (null, { } path) => HttpEndpoint.Unix(path),
                _ => new HttpEndpoint(Address, Port),
            });
        }

        endpoints.ForEach(endpoint => endpoint.ProxyProtocol |= ProxyProtocol);
        foreach (var endpoint in endpoints.Where(static endpoint => endpoint.HasSocketFile))
        {
            endpoint.SocketMode ??= SocketMode;
            endpoint.SocketGroup ??= SocketGroup;
        }

        return endpoints;
    }

    /// <summary>A copy that nobody else can change, of options that are in order.</summary>
    internal HttpServerOptions Validated()
    {
        HttpServerOptionsRules.Check(this);
        var copy = Copy();
        copy.Endpoints = [.. EffectiveEndpoints()];
        copy.Tls = Tls?.Copy();
        copy.TrustedProxies = [.. TrustedProxies];
        HttpServerOptionsRules.CheckEndpoints(copy);
        return copy;
    }

    /// <summary>A copy as it is.</summary>
    internal HttpServerOptions Copy() => (HttpServerOptions)MemberwiseClone();
}
