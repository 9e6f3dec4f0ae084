using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>
/// One run: for each workload starts all servers, warms them up, then measures them in turn, round by round, so that a slow
/// minute of the machine hits all alike. Medians count.
/// </summary>
internal sealed class LoadRun(RunSettings settings)
{
    private static readonly TimeSpan IdlePause = TimeSpan.FromSeconds(2);
    private readonly List<Measurement> _measurements = [];

    public async Task RunAsync(CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new MeasurementException("it reads /proc: run it on Linux.");
        }

        using var workshop = new Workshop();
        var peers = Choose(Peer.All(workshop), settings.Servers, static peer => peer.Name, "--servers");
        var workloads = Choose(Workload.All, settings.Workloads, static workload => workload.Name, "--workloads");
        Workshop.CheckTools(needsNginx: peers.Any(static peer => peer.Name == "nginx"));
        await workshop.BuildAsync(cancellation);
        var total = workloads.Sum(workload =>
            peers.Count(peer => peer.Takes(workload)) * (workload.WarmUpSeconds + (settings.Duration * settings.Rounds).TotalSeconds));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{workloads.Count} workloads, {peers.Count} servers: about {total / 60:F0} minutes."));
        var done = 0;
        foreach (var workload in workloads)
        {
            Console.WriteLine($"[{++done}/{workloads.Count}] {workload.Name}");
            var taking = peers.Where(peer => peer.Takes(workload)).ToList();
            await (workload.Name == Workload.Idle
                ? MeasureIdleAsync(workload, taking, cancellation)
                : MeasureAsync(workload, taking, cancellation));
        }

        var result = new RunResult(
            DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture), workshop.Commit, Machine.This(), settings.Rounds,
            (int)settings.Duration.TotalSeconds, _measurements);
        Save(result, peers);
    }

    private static List<T> Choose<T>(IReadOnlyList<T> all, string[] names, Func<T, string> name, string option)
    {
        var unknown = names.FirstOrDefault(wanted => all.All(item => name(item) != wanted));
        return unknown is null
            ? [.. all.Where(item => names.Length == 0 || names.Contains(name(item)))]
            : throw new MeasurementException($"{option}: there is no '{unknown}'. There are: {string.Join(", ", all.Select(name))}.");
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    // Each server has its own entity tag for the file.
    private static async Task<string> ConditionAsync(RunningPeer server, Workload workload, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        using var response = await client.GetAsync(server.Peer.Paths[workload.Route], cancellation);
        return response.Headers.ETag is { } tag ? $"If-None-Match: {tag}" : throw new MeasurementException($"{server.Peer.Name} has no ETag for {workload.Route}.");
    }

    private async Task MeasureAsync(Workload workload, List<Peer> peers, CancellationToken cancellation)
    {
        var running = new List<RunningPeer>();
        var samples = new Dictionary<string, List<(LoadFigures Load, ProcessCost Cost)>>();
        var others = new Dictionary<string, List<LoadFigures>>();
        var asked = new Dictionary<string, Workload>();
        try
        {
            foreach (var peer in peers)
            {
                running.Add(await peer.StartAsync(cancellation));
                samples[peer.Name] = [];
                others[peer.Name] = [];
            }

            foreach (var server in running)
            {
                asked[server.Peer.Name] = workload.IsConditional ? workload with { Header = await ConditionAsync(server, workload, cancellation) } : workload;
                server.Requests += (await Wrk.RunAsync(asked[server.Peer.Name], server.Port, server.Peer.Paths[workload.Route], workload.WarmUp, cancellation)).Requests;
            }

            for (var round = 1; round <= settings.Rounds; round++)
            {
                foreach (var server in running)
                {
                    var path = server.Peer.Paths[workload.Route];
                    var before = server.Cost();
                    var load = await Wrk.RunAsync(asked[server.Peer.Name], server.Port, path, settings.Duration, cancellation);
                    var after = server.Cost();
                    server.Requests += load.Requests;
                    samples[server.Peer.Name].Add((load, new ProcessCost(
                        after.CpuMicroseconds - before.CpuMicroseconds, after.ContextSwitches - before.ContextSwitches)));
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture, $"  round {round}  {server.Peer.Name,-17} {load.RequestsPerSecond,10:N0} requests/s  p99 {load.P99:F2} ms"));
                    if (workload.Name == "plaintext-256" && ExternalProgram.IsInstalled("bombardier"))
                    {
                        var other = await Bombardier.RunAsync(workload, server.Port, path, settings.Duration, cancellation);
                        server.Requests += other.Requests;
                        others[server.Peer.Name].Add(other);
                    }
                }
            }
        }
        finally
        {
            foreach (var server in running)
            {
                await RecordAsync(server, workload, samples[server.Peer.Name], others[server.Peer.Name]);
                await server.DisposeAsync();
            }
        }
    }

    private async Task RecordAsync(RunningPeer server, Workload workload, List<(LoadFigures Load, ProcessCost Cost)> samples, List<LoadFigures> others)
    {
        if (samples.Count < settings.Rounds)
        {
            return; // stopped in between
        }

        var allocated = await server.StopAsync();
        _measurements.Add(new Measurement(
            workload.Name,
            server.Peer.Name,
            Median(samples.Select(static sample => sample.Load.RequestsPerSecond)),
            Median(samples.Select(static sample => (double)sample.Cost.CpuMicroseconds / sample.Load.Requests)),
            Median(samples.Select(static sample => sample.Load.P50)),
            Median(samples.Select(static sample => sample.Load.P99)),
            Median(samples.Select(static sample => (double)sample.Cost.ContextSwitches / sample.Load.Requests)),
            (double?)allocated / server.Requests,
            HadErrors: samples.Any(static sample => sample.Load.Errors)));
        if (others.Count > 0)
        {
            _measurements.Add(new Measurement(
                Bombardier.Workload, server.Peer.Name, Median(others.Select(static load => load.RequestsPerSecond)),
                P50Milliseconds: Median(others.Select(static load => load.P50)), P99Milliseconds: Median(others.Select(static load => load.P99)),
                HadErrors: others.Any(static load => load.Errors)));
        }
    }

    // Every connection has had one answer, and then does nothing.
    private async Task MeasureIdleAsync(Workload workload, List<Peer> peers, CancellationToken cancellation)
    {
        foreach (var peer in peers)
        {
            await using var server = await peer.StartAsync(cancellation);
            var path = peer.Paths[workload.Route];
            await Wrk.RunAsync(workload with { Connections = 64 }, server.Port, path, workload.WarmUp, cancellation);
            var before = server.ResidentKilobytes();
            var request = System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            var sockets = new List<Socket>();
            try
            {
                var buffer = new byte[1024];
                for (var i = 0; i < workload.Connections; i++)
                {
                    var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    sockets.Add(socket);
                    await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), cancellation);
                    await socket.SendAsync(request, cancellation);
                    if (await socket.ReceiveAsync(buffer, cancellation) == 0)
                    {
                        throw new MeasurementException($"{peer.Name} closed its connection {i}: is 'ulimit -n' high enough?");
                    }
                }

                await Task.Delay(IdlePause, cancellation);
                var resident = server.ResidentKilobytes();
                _measurements.Add(new Measurement(
                    workload.Name, peer.Name, ResidentKilobytes: resident,
                    ResidentKilobytesPerConnection: (double)(resident - before) / workload.Connections));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {peer.Name,-17} {resident / 1024.0,8:N1} MB, {(double)(resident - before) / workload.Connections:F2} KB a connection"));
            }
            finally
            {
                sockets.ForEach(static socket => socket.Dispose());
            }
        }
    }

    private void Save(RunResult result, IReadOnlyList<Peer> peers)
    {
        Directory.CreateDirectory(settings.Output);
        var files = new (string Name, string Text)[]
        {
            ("latest.json", JsonSerializer.Serialize(result, ResultJson.Default.RunResult) + "\n"),
            ("latest.md", MarkdownReport.Write(result, peers)),
            ("latest.svg", BarChart.Draw(result)),
        };
        foreach (var (name, text) in files)
        {
            File.WriteAllText(Path.Combine(settings.Output, name), text);
        }

        Console.WriteLine();
        Console.WriteLine(files[1].Text);
        Console.WriteLine($"Saved as {settings.Output}/latest.json, .md and .svg.");
    }
}
