using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>A server that is measured: how it is started, and which routes it has.</summary>
/// <param name="Name">Its name on the command line and in the tables.</param>
/// <param name="Description">What it is, for the legend.</param>
/// <param name="Command">Program and arguments.</param>
/// <param name="Paths">Route → path; a route that is missing is not measured.</param>
/// <param name="Reports">True when it writes how much it allocated.</param>
/// <param name="EndsConnections">True when it ends a connection whose request asks for it.</param>
/// <param name="IsUsual">True when it takes part without being named.</param>
/// <param name="SpeaksTls">True when it can be told to speak TLS.</param>
/// <param name="IsTlsOnly">True when it takes part in workloads of TLS only: by the engine that resumes no sessions.</param>
/// <param name="SpeaksHttp2">True when it speaks HTTP/2, in clear text and over TLS.</param>
/// <param name="IsAspNet">True when it runs the ASP.NET Core application.</param>
/// <param name="IsAspNetOnly">True when it does nothing else.</param>
/// <param name="Native">The native file that it is, to be published before; null for another program.</param>
/// <param name="Project">The project of its assembly, to be built before; null for another program.</param>
internal sealed record Peer(
    string Name,
    string Description,
    Func<PeerStart, IReadOnlyList<string>> Command,
    IReadOnlyDictionary<string, string> Paths,
    bool Reports = false,
    bool EndsConnections = true,
    bool IsUsual = true,
    bool SpeaksTls = false,
    bool IsTlsOnly = false,
    bool SpeaksHttp2 = false,
    bool IsAspNet = false,
    bool IsAspNetOnly = false,
    NativeProgram? Native = null,
    string? Project = null)
{
    private static readonly string[] FileRoutes = ["/1k.bin", "/small/", "/64k.bin", "/medium/", "/10m.bin"];
    private static readonly string[] EveryRoute = ["/plaintext", "/json", "/echo", .. FileRoutes];
    private static readonly string[] RouterRoutes = ["/hello/world", "/nothing"];

    /// <summary>True when a just-in-time compiler has to warm up.</summary>
    public bool IsJit => Project is not null;

    /// <summary>True when the server of this name is PipeServer.</summary>
    public static bool IsOursByName(string name) =>
        name.StartsWith("epoll", StringComparison.Ordinal) || name.StartsWith("jit", StringComparison.Ordinal) || name.StartsWith("sockets", StringComparison.Ordinal)
        || name.StartsWith("aspnet", StringComparison.Ordinal);

    public static IReadOnlyList<Peer> All(Workshop workshop) => [.. Others(workshop), .. Ours(workshop)];

    /// <summary>Starts it, and waits until it answers.</summary>
    public async Task<RunningPeer> StartAsync(Placement placement, Workload workload, CancellationToken cancellation)
    {
        var port = LoopbackPort.Free();
        var report = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var command = Command(new PeerStart(port, report, placement.ServerCores, IsTls: workload.Tls != TlsUse.None, IsHttp2: workload.IsHttp2));
        var running = new RunningPeer(this, ExternalProgram.Start([.. placement.Server, .. command]), port, report);
        try
        {
            await running.WaitUntilItAnswersAsync(cancellation);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>True when it can do what the workload asks for.</summary>
    public bool Takes(Workload workload) =>
        (workload.IsHttp2 ? SpeaksHttp2 : workload.Tls == TlsUse.None ? !IsTlsOnly : SpeaksTls && (workload.Tls != TlsUse.Resumed || !IsTlsOnly))
        && (workload.IsAspNet ? IsAspNet : !IsAspNetOnly) && Paths.ContainsKey(workload.Route) && (EndsConnections || !workload.EndsConnections);

    private static Peer[] Others(Workshop workshop) =>
    [
        new("floor", "C, one epoll loop per core, canned reply, no parsing: the floor", start => [workshop.Floor, $"{start.Port}", $"{start.Cores}"],
            Routes("/plaintext"), EndsConnections: false),
        new("nginx", "nginx, return 200 and static files", start => ["nginx", "-c", workshop.Write(NginxConfiguration.Text, start)],
            Routes(["/plaintext", "/json", .. FileRoutes, .. RouterRoutes]), SpeaksTls: true, SpeaksHttp2: true),
        new("h2o", "h2o; text and JSON are files too, which costs it less than its scripting language",
            start => ["h2o", "-c", workshop.Write(H2oConfiguration.Text, start)],
            Routes(["/plaintext", "/json", .. FileRoutes]), SpeaksHttp2: true),
        new("kestrel", "Kestrel on the runtime, one middleware; files by its static file middleware",
            start => ["dotnet", workshop.Assembly(Workshop.KestrelProject), .. workshop.KestrelArguments(start)],
            Routes([.. EveryRoute, .. RouterRoutes, "/ws"]), Reports: true, SpeaksTls: true, SpeaksHttp2: true, IsAspNet: true,
            Project: Workshop.KestrelProject),
        new("kestrel-native", "the same program, published natively", start => [workshop.Native[NativeProgram.Kestrel], .. workshop.KestrelArguments(start)],
            Routes("/plaintext", "/json", "/echo", "/1k.bin", "/64k.bin", "/hello/world", "/nothing", "/ws"), Reports: true, Native: NativeProgram.Kestrel),
    ];

    private static Peer[] Ours(Workshop workshop)
    {
        var worker = new Dictionary<string, string>(Routes("/json", "/echo")) { ["/plaintext"] = "/worker/plaintext" };
        return
        [
            .. new[] { ("workers", "Worker"), ("pool", "ThreadPool"), ("inline", "Inline") }.Select(way => new Peer(
                "aspnet-" + way.Item1, $"the ASP.NET Core application of the Kestrel peer on PipeServer, Dispatch.{way.Item2}",
                start => ["dotnet", workshop.Assembly(Workshop.AspNetProject), .. workshop.KestrelArguments(start), way.Item2],
                Routes(EveryRoute), Reports: true, IsAspNet: true, IsAspNetOnly: true, Project: Workshop.AspNetProject)),
            new("epoll-inline", "PipeServer's native file, epoll, handler on the loop; files as `pipeserver serve` serves them",
                start => workshop.PipeServer(start, "epoll"), Routes(["/plaintext", "/ws", .. FileRoutes]), Reports: true, SpeaksTls: true, SpeaksHttp2: true,
                Native: NativeProgram.CommandLine),
            new("epoll-workers", "the native file, epoll, handler on the worker pool",
                start => workshop.PipeServer(start, "epoll"), worker, Reports: true, SpeaksTls: true, SpeaksHttp2: true, Native: NativeProgram.CommandLine),
            new("epoll-sslstream", "the native file, epoll, TLS by the framework's SslStream instead of OpenSSL",
                start => workshop.PipeServer(start, "epoll", "--tls-engine", "sslstream"), Routes(["/plaintext", .. FileRoutes]), Reports: true,
                SpeaksTls: true, IsTlsOnly: true, Native: NativeProgram.CommandLine),
            new("epoll-uncached", "the native file, epoll, no file kept in memory",
                start => workshop.PipeServer(start, "epoll", "--file-cache", "0"), Routes(FileRoutes), Reports: true, Native: NativeProgram.CommandLine),
            new("epoll-router", "the library alone with one route, native: what the command line has no route for",
                start => [workshop.Native[NativeProgram.Router], $"{start.Port}", $"{start.Cores}"], Routes(RouterRoutes), Native: NativeProgram.Router),
            new("epoll-threadpool", "native, epoll, handler on the .NET thread pool",
                start => [workshop.Native[NativeProgram.ThreadPool], $"{start.Port}", workshop.Files, start.Report],
                Routes("/plaintext"), Reports: true, IsUsual: false, Native: NativeProgram.ThreadPool),
            new("sockets-inline", "the native file, System.Net.Sockets, handler where the bytes arrive",
                start => workshop.PipeServer(start, "sockets"), Routes(EveryRoute), Reports: true, IsUsual: false, Native: NativeProgram.CommandLine),
            new("jit-inline", "as epoll-inline, on the runtime",
                start => workshop.PipeServerOnRuntime(start), Routes(["/plaintext", .. FileRoutes]), Reports: true, IsUsual: false, SpeaksHttp2: true,
                Project: Workshop.CliProject),
            new("jit-workers", "as epoll-workers, on the runtime",
                start => workshop.PipeServerOnRuntime(start), worker, Reports: true, IsUsual: false, SpeaksHttp2: true, Project: Workshop.CliProject),
        ];
    }

    private static Dictionary<string, string> Routes(params string[] routes) => routes.ToDictionary(static route => route);
}
