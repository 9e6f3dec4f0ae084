using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>One kind of load.</summary>
/// <param name="Name">Its name on the command line and in the tables.</param>
/// <param name="Route">What is asked for; servers map it to their own path.</param>
/// <param name="Connections">How many at once.</param>
/// <param name="Headers">Additional header lines of every request.</param>
/// <param name="Script">A wrk script, or null.</param>
/// <param name="EndsConnections">Some requests ask for the end of their connection.</param>
/// <param name="IsOnePerConnection">Each request has a connection of its own: not for wrk, see clients/connections.c.</param>
/// <param name="IsConditional">Each request has an If-None-Match with the server's own entity tag.</param>
/// <param name="IsRefused">Each answer is a 404.</param>
/// <param name="BodyBytes">Bytes of each answer's content, where they are what counts; else 0.</param>
/// <param name="WarmUpSeconds">Before anything is measured: some thousand requests, or a just-in-time compiler is at work yet.</param>
/// <param name="HasAims">It stands in the table of aims: its rounds are as many as asked for.</param>
/// <param name="IsUsual">It takes part without being named.</param>
/// <param name="Tls">How it uses TLS.</param>
/// <param name="IsWebSocket">Each request is a message of 64 bytes, and its echo the answer: not for wrk, see clients/websockets.c.</param>
/// <param name="Streams">How many requests of a connection are under way at once, as streams of HTTP/2: not for wrk, but for h2load; 0 for HTTP/1.1.</param>
/// <param name="IsAspNet">It is for the servers of one ASP.NET Core application.</param>
/// <param name="IsSplit">The server has a core of its own, and the load generator another.</param>
internal sealed record Workload(
    string Name,
    string Route,
    int Connections,
    IReadOnlyList<string>? Headers = null,
    string? Script = null,
    bool EndsConnections = false,
    bool IsOnePerConnection = false,
    bool IsConditional = false,
    bool IsRefused = false,
    long BodyBytes = 0,
    int WarmUpSeconds = 2,
    bool HasAims = false,
    bool IsUsual = true,
    TlsUse Tls = TlsUse.None,
    bool IsWebSocket = false,
    int Streams = 0,
    bool IsAspNet = false,
    bool IsSplit = false)
{
    public const string Start = "start";

    public const string Idle = "idle-10000";

    public const string TlsIdle = "tls-idle-5000";

    public const string WebSocketIdle = "websocket-idle-10000";

    public const string Http2Idle = "http2-idle-10000";

    /// <summary>So many small files, all of them in any cache.</summary>
    public const int SmallFiles = 1000;

    /// <summary>Bytes of each of them.</summary>
    public const int SmallFileBytes = 4096;

    /// <summary>So many files of 64 KiB: 128 MiB, twice what PipeServer keeps in memory by default.</summary>
    public const int MediumFiles = 2048;

    /// <summary>Bytes of each of them, and of the one that is asked for alone.</summary>
    public const int MediumFileBytes = 64 * 1024;

    /// <summary>Bytes of the large file.</summary>
    public const int LargeFileBytes = 10 * 1024 * 1024;

    // Sixteen requests in one write; wrk waits for all sixteen answers.
    private const string Pipelined = """
        init = function(args)
          local r = {}
          for i = 1, 16 do r[i] = wrk.format() end
          request16 = table.concat(r)
        end
        request = function() return request16 end
        """;

    // wrk counts by thread, not by connection: every tenth request of a thread ends its connection, so ten is the average.
    private const string TenPerConnection = """
        local n = 0
        request = function()
          n = n + 1
          if n % 10 == 0 then return wrk.format(nil, nil, { ["Connection"] = "close" }) end
          return wrk.format()
        end
        """;

    private const string Echo = """
        wrk.method = "POST"
        wrk.body = string.rep("x", 1024)
        wrk.headers["Content-Type"] = "application/octet-stream"
        """;

    // Any of the files, each as likely. The requests are made up before, so that wrk does no more than for one file.
    // With one seed for all, its threads would ask for the same files at the same time.
    private const string AnyOf = """
        local threads = 0
        setup = function(thread)
          threads = threads + 1
          thread:set("number", threads)
        end
        init = function(args)
          requests = {}
          for i = 1, COUNT do requests[i] = wrk.format(nil, wrk.path .. i .. ".bin") end
          math.randomseed(os.time() * 10 + number)
        end
        request = function() return requests[math.random(COUNT)] end
        """;

    public static IReadOnlyList<Workload> All { get; } =
    [
        new("plaintext-1", "/plaintext", 1, IsUsual: false),
        new("plaintext-64", "/plaintext", 64, HasAims: true),
        new("plaintext-256", "/plaintext", 256, HasAims: true),
        new("plaintext-1024", "/plaintext", 1024, IsUsual: false),
        new("pipelined-16", "/plaintext", 256, Script: Pipelined, HasAims: true),
        new("one-per-connection", "/plaintext", 64, EndsConnections: true, IsOnePerConnection: true, HasAims: true),
        new("ten-per-connection", "/plaintext", 64, Script: TenPerConnection, EndsConnections: true, IsUsual: false),
        new("headers-15", "/plaintext", 256, Headers: ["User-Agent: load", "Accept: */*", .. BrowserHead.Lines]),
        new("json-256", "/json", 256),
        new("echo-1k", "/echo", 256, Script: Echo),
        new("parameter", "/hello/world", 256, IsUsual: false),
        new("not-found", "/nothing", 256, IsRefused: true, IsUsual: false),
        new("file-1k", "/1k.bin", 256, HasAims: true),
        new("file-1k-not-modified", "/1k.bin", 256, IsConditional: true),
        new("file-1k-one-per-connection", "/1k.bin", 64, EndsConnections: true, IsOnePerConnection: true, HasAims: true),
        new("files-4k-1000", "/small/", 256, Script: Any(SmallFiles)),
        new("file-64k", "/64k.bin", 64, BodyBytes: MediumFileBytes, HasAims: true),
        new("files-64k-2048", "/medium/", 64, Script: Any(MediumFiles), BodyBytes: MediumFileBytes, HasAims: true),
        new("file-10m", "/10m.bin", 16, BodyBytes: LargeFileBytes, WarmUpSeconds: 8),
        new(Idle, "/plaintext", 10_000),
        new(Start, "/plaintext", 1),
        new("tls-plaintext-64", "/plaintext", 64, HasAims: true, Tls: TlsUse.Kept),
        new("tls-file-64k", "/64k.bin", 64, BodyBytes: MediumFileBytes, HasAims: true, Tls: TlsUse.Kept),
        new("tls-file-10m", "/10m.bin", 16, BodyBytes: LargeFileBytes, WarmUpSeconds: 4, HasAims: true, Tls: TlsUse.Kept),
        new("tls-handshake", "/plaintext", 64, EndsConnections: true, HasAims: true, Tls: TlsUse.NewHandshake),
        new("tls-resumed", "/plaintext", 64, EndsConnections: true, HasAims: true, Tls: TlsUse.Resumed),
        new(TlsIdle, "/plaintext", 5_000, Tls: TlsUse.Kept),
        new("websocket-echo", "/ws", 256, HasAims: true, IsWebSocket: true),
        new(WebSocketIdle, "/ws", 10_000, IsWebSocket: true),
        new("http2-plaintext-32", "/plaintext", 64, HasAims: true, Streams: 32),
        new("http2-file-1k-32", "/1k.bin", 64, HasAims: true, Streams: 32),
        new("http2-plaintext-1", "/plaintext", 64, HasAims: true, Streams: 1),
        new("http2-file-1k-1", "/1k.bin", 64, HasAims: true, Streams: 1),
        new("http2-tls-plaintext-32", "/plaintext", 64, HasAims: true, Tls: TlsUse.Kept, Streams: 32),
        new("http2-tls-file-1k-32", "/1k.bin", 64, HasAims: true, Tls: TlsUse.Kept, Streams: 32),
        new("http2-tls-file-64k", "/64k.bin", 64, BodyBytes: MediumFileBytes, HasAims: true, Tls: TlsUse.Kept, Streams: 1),
        new(Http2Idle, "/plaintext", 10_000, Streams: 1),
        new("aspnet-plaintext-64", "/plaintext", 64, HasAims: true, IsAspNet: true),
        new("aspnet-json-64", "/json", 64, HasAims: true, IsAspNet: true),
        new("aspnet-file-1k", "/1k.bin", 64, HasAims: true, IsAspNet: true),
        new("aspnet-echo-1k", "/echo", 64, Script: Echo, HasAims: true, IsAspNet: true),
    ];

    /// <summary>True where load is put on the server at all, and a split of the cores means something.</summary>
    public bool IsLoad => Name is not (Idle or TlsIdle or WebSocketIdle or Http2Idle or Start);

    /// <summary>True for HTTP/2.</summary>
    public bool IsHttp2 => Streams > 0;

    /// <summary>Of which runs it is.</summary>
    public RunKind Kind => IsAspNet ? RunKind.AspNet : IsHttp2 ? RunKind.Http2 : IsWebSocket ? RunKind.WebSocket : Tls != TlsUse.None ? RunKind.Tls : RunKind.Http;

    /// <summary>The same with a core for the server and one for the client.</summary>
    public Workload Split() => this with { Name = Name + "-split", IsSplit = true };

    /// <summary>How long a server is warmed up: one that was compiled before needs a second at most.</summary>
    public TimeSpan WarmUp(Peer peer) => TimeSpan.FromSeconds(peer.IsJit ? WarmUpSeconds : 1);

    private static string Any(int count) => AnyOf.Replace("COUNT", count.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
