using System.Globalization;
using PipeServer.Load;
using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>How many new connections a second an accepting thread takes, where it ends, and what more of them or more processes do.</summary>
internal static class AcceptPart
{
    private const int AtOnce = 64;

    private const string Method =
        "64 clients at once that open as fast as they can. With a request: it is answered, the server closes, the client opens the next one. Without: "
        + "the client resets the connection as soon as it is open. `1 core each`: the server on one core, the client on the other; else both share two. "
        + "Busiest loop: the share of a core that the busiest thread of the server has run. Overflows: handshakes that found the listen queue full.";

    private static readonly string[] OneAccepts = ["--loops", "2", "--overload", "wait"];

    private static readonly (string Way, bool Asks, bool IsSplit, int Processes, string[] Options)[] Ways =
    [
        ("1 loop, 1 core each, with a request", true, true, 1, ["--loops", "1"]),
        ("1 loop, 1 core each, without", false, true, 1, ["--loops", "1"]),
        ("1 loop, with a request", true, false, 1, ["--loops", "1"]),
        ("2 loops, both accept, with a request", true, false, 1, ["--loops", "2"]),
        ("2 loops, one accepts (`--overload wait`), with a request", true, false, 1, OneAccepts),
        ("2 processes of 1 loop (`--reuse-port`), with a request", true, false, 2, ["--loops", "1", "--reuse-port"]),
        ("1 loop, without", false, false, 1, ["--loops", "1"]),
        ("2 loops, both accept, without", false, false, 1, ["--loops", "2"]),
        ("2 loops, one accepts, without", false, false, 1, OneAccepts),
        ("2 processes of 1 loop, without", false, false, 2, ["--loops", "1", "--reuse-port"]),
    ];

    public static async Task<IReadOnlyList<CapacityTable>> MeasureAsync(Bench bench, CancellationToken cancellation)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var way in Ways)
        {
            var placement = way.IsSplit ? Placement.Split() : Placement.Shared;
            var servers = new List<MeasuredServer>();
            try
            {
                var port = LoopbackPort.Free();
                for (var process = 0; process < way.Processes; process++)
                {
                    servers.Add(await bench.StartAsync(placement.Server, System.Net.IPAddress.Loopback, port, cancellation, ["--backlog", "4096", .. way.Options]));
                }

                await OpenAsync(bench, port, way.Asks, TimeSpan.FromSeconds(1), placement, cancellation);
                var figures = await bench.MedianAsync(() => MeasureAsync(bench, servers, way.Asks, placement, cancellation));
                rows.Add([way.Way, .. figures.Select(static figure => CapacityTable.Figure(figure))]);
                Console.WriteLine($"  {string.Join("  ", rows[^1])}");
            }
            finally
            {
                foreach (var server in servers)
                {
                    await server.DisposeAsync();
                }
            }
        }

        return [new("accept", Method, ["server", "connections/s", "CPU µs a connection", "busiest loop, % of a core", "connections/s, were it 100 %", "other loops, %", "overflows"], rows)];
    }

    private static async Task<double[]> MeasureAsync(
        Bench bench, List<MeasuredServer> servers, bool asks, Placement placement, CancellationToken cancellation)
    {
        var cpu = servers.Sum(static server => server.CpuMicroseconds);
        var listen = ListenCounts.Of(servers[0].ProcessId);
        var threads = servers.ConvertAll(static server => server.ThreadTimes());
        var (connections, seconds) = await OpenAsync(bench, servers[0].Port, asks, bench.Settings.Duration, placement, cancellation);
        var loops = servers.Zip(threads).SelectMany(static pair => Shares(pair.First, pair.Second)).OrderDescending().ToList();
        var dropped = ListenCounts.Of(servers[0].ProcessId).Since(listen);
        return
        [
            connections / seconds, (servers.Sum(static server => server.CpuMicroseconds) - cpu) / connections,
            loops[0] / 1e7 / seconds, connections / (loops[0] / 1e9), loops.Count > 1 ? loops.Skip(1).Sum() / 1e7 / seconds : double.NaN, dropped.Overflows,
        ];
    }

    private static IEnumerable<double> Shares(MeasuredServer server, Dictionary<int, (string Name, long Nanoseconds)> before) =>
        server.ThreadTimes().Where(static thread => thread.Value.Name.StartsWith("loop-", StringComparison.Ordinal))
            .Select(thread => (double)(thread.Value.Nanoseconds - before.GetValueOrDefault(thread.Key).Nanoseconds));

    private static async Task<(double Connections, double Seconds)> OpenAsync(
        Bench bench, int port, bool asks, TimeSpan duration, Placement placement, CancellationToken cancellation)
    {
        if (asks)
        {
            var seen = await ShortConnections.RunAsync(
                bench.Workshop.Connections, Bench.Load("one-per-connection"), port, "/plaintext", duration, placement, cancellation);
            return (seen.Requests, seen.Requests / seen.RequestsPerSecond);
        }

        var numbers = await Bench.NumbersAsync(
            cancellation,
            [.. placement.Client, bench.Bursts, "reset", "127.0.0.1", Text(port), Text(AtOnce), Text((int)duration.TotalSeconds)]);
        return (numbers[0], numbers[1]);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
