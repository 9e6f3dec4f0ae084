using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>A server that is measured: how it is started, and which routes it has.</summary>
/// <param name="Name">Its name on the command line and in the tables.</param>
/// <param name="Description">What it is, for the legend.</param>
/// <param name="Command">Program and arguments for a port and a file for the report on exit.</param>
/// <param name="Paths">Route → path; a route that is missing is not measured.</param>
/// <param name="Reports">True when it writes how much it allocated.</param>
/// <param name="EndsConnections">True when it ends a connection whose request asks for it.</param>
internal sealed record Peer(
    string Name,
    string Description,
    Func<int, string, IReadOnlyList<string>> Command,
    IReadOnlyDictionary<string, string> Paths,
    bool Reports = false,
    bool EndsConnections = true)
{
    private static readonly string[] FileRoutes = ["/1k.bin", "/small/", "/64k.bin", "/medium/", "/10m.bin"];
    private static readonly string[] EveryRoute = ["/plaintext", "/json", "/echo", .. FileRoutes];

    public static IReadOnlyList<Peer> All(Workshop workshop)
    {
        var cores = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
        return
        [
            new("floor", "C, one epoll loop per core, canned reply, no parsing: the floor", (port, _) => [workshop.Floor, $"{port}", cores],
                Routes("/plaintext"), EndsConnections: false),
            new("nginx", "nginx, return 200 and static files", (port, _) => ["nginx", "-c", workshop.WriteNginxConfiguration(port)],
                Routes(["/plaintext", "/json", .. FileRoutes])),
            new("kestrel", "Kestrel, one middleware; files by its static file middleware", (port, report) => ["dotnet", workshop.Kestrel, $"{port}", workshop.Files, report],
                Routes(EveryRoute), Reports: true),
            new("epoll-inline", "PipeServer, epoll, handler on the loop; files as `pipeserver serve` serves them", (port, report) => workshop.PipeServer(port, report, "epoll"),
                Routes(["/plaintext", .. FileRoutes]), Reports: true),
            new("epoll-workers", "PipeServer, epoll, handler on the worker pool", (port, report) => workshop.PipeServer(port, report, "epoll"),
                new Dictionary<string, string>(Routes("/json", "/echo")) { ["/plaintext"] = "/worker/plaintext" }, Reports: true),
            new("epoll-uncached", "PipeServer, epoll, no file kept in memory", (port, report) => workshop.PipeServer(port, report, "epoll", "--file-cache", "0"),
                Routes(FileRoutes), Reports: true),
            new("epoll-threadpool", "PipeServer, epoll, handler on the .NET thread pool", (port, report) => ["dotnet", workshop.ThreadPool, $"{port}", workshop.Files, report],
                Routes("/plaintext"), Reports: true),
            new("sockets-inline", "PipeServer, System.Net.Sockets, handler where the bytes arrive", (port, report) => workshop.PipeServer(port, report, "sockets"),
                Routes(EveryRoute), Reports: true),
        ];
    }

    /// <summary>Starts it, and waits until it answers.</summary>
    public async Task<RunningPeer> StartAsync(CancellationToken cancellation)
    {
        var port = LoopbackPort.Free();
        var report = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var running = new RunningPeer(this, ExternalProgram.Start(Command(port, report)), port, report);
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
    public bool Takes(Workload workload) => Paths.ContainsKey(workload.Route) && (EndsConnections || !workload.EndsConnections);

    private static Dictionary<string, string> Routes(params string[] routes) => routes.ToDictionary(static route => route);
}
