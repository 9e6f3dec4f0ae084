using System.Globalization;
using System.Text.Json;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>
/// One run: for each workload starts all servers, warms them up, then measures them in turn, round by round, so that a slow
/// minute of the machine hits all alike; every other round in the opposite order. Medians count.
/// </summary>
internal sealed class LoadRun(RunSettings settings)
{
    /// <summary>Rounds of workloads that nothing is aimed at, at most.</summary>
    public const int RoundsWithoutAims = 3;

    // What starting wrk takes beside its load, and starting a server.
    private static readonly TimeSpan PauseOfRound = TimeSpan.FromSeconds(0.15);
    private static readonly TimeSpan PauseOfServer = TimeSpan.FromSeconds(0.5);

    private readonly List<Measurement> _measurements = [];
    private readonly Workshop _workshop = new();

    /// <summary>Measures and saves.</summary>
    /// <returns>0.</returns>
    /// <exception cref="MeasurementException">A tool is missing, or a server does not do what is expected.</exception>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new MeasurementException("it reads /proc: run it on Linux.");
        }

        using (_workshop)
        {
            var all = Peer.All(_workshop);
            var workloads = WithSplit(Choice.Of(Workload.All, settings.Workloads, [], static workload => workload.Name, workload => workload.IsUsual && workload.Kind == settings.Kind, "--workloads"));
            var peers = Choice.Of(all, settings.Servers, settings.With, static peer => peer.Name, static peer => peer.IsUsual, "--servers")
                .Where(peer => workloads.Any(peer.Takes)).ToList();
            HashSet<RunKind> kinds = [.. workloads.Select(static workload => workload.Kind)];
            await Workshop.CheckToolsAsync(peers, settings.Split is not null, kinds, cancellation);
            await _workshop.BuildAsync(peers, kinds, cancellation);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{workloads.Count} workloads, {peers.Count} servers: about {Estimate(workloads, peers).TotalMinutes:F0} minutes."));
            for (var number = 0; number < workloads.Count; number++)
            {
                Console.WriteLine($"[{number + 1}/{workloads.Count}] {workloads[number].Name}");
                await MeasureAsync(workloads[number], [.. peers.Where(peer => peer.Takes(workloads[number]))], cancellation);
            }

            var result = new RunResult(
                DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture), _workshop.Commit, Machine.This(), settings.Rounds,
                (int)settings.Duration.TotalSeconds, _measurements, settings.Command);
            Save(result, peers);
            return 0;
        }
    }

    private List<Workload> WithSplit(List<Workload> workloads)
    {
        if (settings.Split is not { } names)
        {
            return workloads;
        }

        var split = Choice.Of(Workload.All, names, [], static workload => workload.Name, workload => workloads.Contains(workload), "--split");
        return [.. workloads.SelectMany(workload => workload.IsLoad && split.Contains(workload) ? [workload, workload.Split()] : new[] { workload })];
    }

    private TimeSpan Estimate(List<Workload> workloads, List<Peer> peers) => workloads.Aggregate(TimeSpan.Zero, (sum, workload) =>
        peers.Where(peer => peer.Takes(workload)).Aggregate(sum, (time, peer) => time + workload.Name switch
        {
            Workload.Idle or Workload.Http2Idle => IdleMemory.Estimate,
            Workload.TlsIdle => 3 * IdleMemory.Estimate,
            Workload.WebSocketIdle => IdleWebSockets.Estimate,
            Workload.Start => StartTimes.Estimate(peer),
            _ => PauseOfServer + workload.WarmUp(peer) + ((settings.Duration + PauseOfRound) * Rounds(workload)),
        }));

    private int Rounds(Workload workload) => workload.HasAims ? settings.Rounds : Math.Min(settings.Rounds, RoundsWithoutAims);

    private async Task MeasureAsync(Workload workload, List<Peer> peers, CancellationToken cancellation)
    {
        switch (workload.Name)
        {
            case Workload.Idle or Workload.TlsIdle or Workload.Http2Idle:
                _measurements.AddRange(await IdleMemory.MeasureAsync(workload, peers, cancellation));
                break;
            case Workload.WebSocketIdle:
                _measurements.AddRange(await IdleWebSockets.MeasureAsync(_workshop, workload, peers, cancellation));
                break;
            case Workload.Start:
                _measurements.AddRange(await StartTimes.MeasureAsync(_workshop, workload, peers, cancellation));
                break;
            default:
                await MeasureLoadAsync(workload, peers, cancellation);
                break;
        }
    }

    // Each server has its own entity tag for the file.
    private static async Task<string> ConditionAsync(RunningPeer server, Workload workload, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        using var response = await client.GetAsync(server.Peer.Paths[workload.Route], cancellation);
        return response.Headers.ETag is { } tag ? $"If-None-Match: {tag}" : throw new MeasurementException($"{server.Peer.Name} has no ETag for {workload.Route}.");
    }

    private async Task MeasureLoadAsync(Workload workload, List<Peer> peers, CancellationToken cancellation)
    {
        var placement = workload.IsSplit ? Placement.Split() : Placement.Shared;
        var servers = new List<LoadedPeer>();
        try
        {
            foreach (var peer in peers)
            {
                var server = new LoadedPeer(_workshop, await peer.StartAsync(placement, workload, cancellation), workload, placement);
                servers.Add(server);
                if (workload.IsConditional)
                {
                    server.Workload = workload with { Headers = [await ConditionAsync(server.Running, workload, cancellation)] };
                }
            }

            foreach (var server in servers)
            {
                await server.LoadAsync(workload.WarmUp(server.Running.Peer), cancellation);
            }

            for (var round = 1; round <= Rounds(workload); round++)
            {
                foreach (var server in round % 2 == 1 ? servers : Enumerable.Reverse(servers))
                {
                    await server.MeasureAsync(round, settings.Duration, cancellation);
                }
            }
        }
        finally
        {
            foreach (var server in servers)
            {
                _measurements.AddRange(await server.FinishAsync(Rounds(workload)));
                await server.Running.DisposeAsync();
            }
        }
    }

    private void Save(RunResult result, IReadOnlyList<Peer> peers)
    {
        Directory.CreateDirectory(settings.Output);
        var name = settings.Kind switch { RunKind.Tls => "tls", RunKind.WebSocket => "websocket", RunKind.Http2 => "http2", RunKind.AspNet => "aspnet", _ => "latest" };
        var files = new (string Name, string Text)[]
        {
            ($"{name}.json", JsonSerializer.Serialize(result, ResultJson.Default.RunResult) + "\n"),
            ($"{name}.md", MarkdownReport.Write(result, [.. peers.Select(static peer => (peer.Name, peer.Description))])),
            ($"{name}.svg", BarChart.Draw(result)),
        };
        foreach (var (file, text) in files)
        {
            File.WriteAllText(Path.Combine(settings.Output, file), text);
        }

        Console.WriteLine();
        Console.WriteLine(files[1].Text);
        Console.WriteLine($"Saved as {settings.Output}/{name}.json, .md and .svg.");
    }
}
