using System.Globalization;

namespace PipeServer.Capacity;

/// <summary>The ports of a proxy in front that opens a connection for each request, and closes it first: net.ipv4.ip_local_port_range, tcp_tw_reuse.</summary>
internal static class PortSettings
{
    private const int Port = 8080;
    private const int AtOnce = 64;

    private const string Method =
        "A client in a namespace of its own, 64 requests at once, as a proxy in front. Each connection that it closes first leaves a port in TIME_WAIT for a minute. "
        + "CPU: the client's, which searches for a free port when it connects. Without a port: times at which it found none (EADDRNOTAVAIL) and waited a millisecond.";

    private static readonly (string Words, string Way, (string Setting, string Value)[] Settings)[] Rows =
    [
        ("a connection each, 32768–60999, tcp_tw_reuse 2 (the system's defaults)", "fresh", []),
        ("a connection each, 1024–65535", "fresh", [("net.ipv4.ip_local_port_range", "1024 65535")]),
        ("a connection each, tcp_tw_reuse 1", "fresh", [("net.ipv4.tcp_tw_reuse", "1")]),
        ("a connection each, both", "fresh", [("net.ipv4.ip_local_port_range", "1024 65535"), ("net.ipv4.tcp_tw_reuse", "1")]),
        ("connections kept alive, defaults", "kept", []),
    ];

    public static async Task<IReadOnlyList<CapacityTable>> MeasureAsync(Bench bench, CancellationToken cancellation)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var (words, way, settings) in Rows)
        {
            rows.Add(SettingsPart.Row(words, await bench.MedianAsync(() => MeasureAsync(bench, way, settings, cancellation))));
        }

        return [new("settings-ports", Method, ["client", "requests/s", "the client's CPU µs a request", "without a port", "errors"], rows)];
    }

    private static async Task<double[]> MeasureAsync(Bench bench, string way, (string Setting, string Value)[] settings, CancellationToken cancellation)
    {
        await using var pair = await SettingsPart.PairAsync(cancellation);
        foreach (var (setting, value) in settings)
        {
            await pair.SetClientAsync(setting, value, cancellation);
        }

        await using var server = await bench.StartAsync(pair.Server, NetworkPair.Address, Port, cancellation);
        var seconds = ((int)bench.Settings.Duration.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var seen = await Bench.NumbersAsync(cancellation, [.. pair.Client, bench.Bursts, way, $"{NetworkPair.Address}", $"{Port}", $"{AtOnce}", seconds]);
        return [seen[0] / seen[1], seen[4] / seen[0], seen[2], seen[3]];
    }
}
