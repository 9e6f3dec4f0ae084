using System.Globalization;

namespace PipeServer.Capacity;

/// <summary>The queue of connections that nobody has accepted yet: <c>--backlog</c>, net.core.somaxconn, net.ipv4.tcp_max_syn_backlog, tcp_syncookies.</summary>
internal static class QueueSettings
{
    private const int Port = 8080;
    private const int Burst = 2000;

    private static readonly TimeSpan Held = TimeSpan.FromMilliseconds(300);

    private static readonly string Clients = string.Create(CultureInfo.InvariantCulture, $"{Burst:N0} clients connect at the same moment and ask once.");

    private static readonly string Method = string.Create(
        CultureInfo.InvariantCulture,
        $"{Clients} Held: the server gets no processor for {Held.TotalMilliseconds} ms meanwhile (SIGSTOP), as on a machine with too "
        + $"much to do. Overflows: handshakes that found the queue full; their clients try again after 1 s, 3 s, 7 s.");

    private static readonly (string Backlog, string SoMaxConn)[] Queues = [("128", "4096"), ("512", "4096"), ("4096", "4096"), ("4096", "128")];

    private static readonly (string Cookies, string SynBacklog)[] HalfOpen = [("1", "2048"), ("1", "128"), ("0", "2048"), ("0", "128")];

    public static async Task<IReadOnlyList<CapacityTable>> MeasureAsync(Bench bench, CancellationToken cancellation)
    {
        var queue = new List<IReadOnlyList<string>>();
        foreach (var held in new[] { false, true })
        {
            foreach (var (backlog, most) in Queues)
            {
                var figures = await bench.MedianAsync(() => BurstAsync(bench, backlog, [("net.core.somaxconn", most)], held, cancellation));
                queue.Add(SettingsPart.Row($"`--backlog {backlog}`, somaxconn {most}{(held ? ", held" : "")}", figures));
            }
        }

        var halfOpen = new List<IReadOnlyList<string>>();
        foreach (var (cookies, most) in HalfOpen)
        {
            var figures = await bench.MedianAsync(
                () => BurstAsync(bench, "4096", [("net.ipv4.tcp_syncookies", cookies), ("net.ipv4.tcp_max_syn_backlog", most)], isHeld: false, cancellation));
            halfOpen.Add(SettingsPart.Row($"tcp_syncookies {cookies}, tcp_max_syn_backlog {most}", figures));
        }

        string[] columns = ["answered", "overflows", "drops", "cookies", "p50 ms", "p99 ms", "longest ms"];
        return
        [
            new("settings-queue", Method, ["queue", .. columns], queue),
            new("settings-half-open", $"{Clients} `--backlog 4096`, and the queue of half-open connections changed.", ["setting", .. columns], halfOpen),
        ];
    }

    private static async Task<double[]> BurstAsync(
        Bench bench, string backlog, (string Setting, string Value)[] settings, bool isHeld, CancellationToken cancellation)
    {
        await using var pair = await SettingsPart.PairAsync(cancellation);
        foreach (var (setting, value) in settings)
        {
            await pair.SetServerAsync(setting, value, cancellation);
        }

        await using var server = await bench.StartAsync(pair.Server, NetworkPair.Address, Port, cancellation, "--backlog", backlog);
        var before = ListenCounts.Of(server.ProcessId);
        if (isHeld)
        {
            await server.SignalAsync("STOP", cancellation);
        }

        var clients = Bench.NumbersAsync(cancellation, [.. pair.Client, bench.Bursts, "burst", $"{NetworkPair.Address}", $"{Port}", $"{Burst}"]);
        if (isHeld)
        {
            await Task.Delay(Held, cancellation);
            await server.SignalAsync("CONT", cancellation);
        }

        var seen = await clients;
        var counts = ListenCounts.Of(server.ProcessId).Since(before);
        return [seen[0], counts.Overflows, counts.Drops, counts.Cookies, .. seen.Skip(4).Select(static microseconds => microseconds / 1000)];
    }
}
