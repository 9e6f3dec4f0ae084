using System.Globalization;
using System.Text.RegularExpressions;

namespace PipeServer.Capacity;

/// <summary>The limit of descriptors (<c>ulimit -n</c>): what the server makes of it, and what clients see who are too many.</summary>
internal static partial class DescriptorSettings
{
    private const int Port = 8080;
    private const int Clients = 2000;

    private static readonly string Method = string.Create(
        CultureInfo.InvariantCulture,
        $"{Clients:N0} clients connect, ask once, and stay. Limit: what /proc says of the running server. Room: the connections that it says it takes, where that is fewer "
        + $"than `--max-connections`. Closed: without an answer.");

    public static async Task<IReadOnlyList<CapacityTable>> MeasureAsync(Bench bench, CancellationToken cancellation)
    {
        var hard = Limits("self")[1];
        var rows = new List<IReadOnlyList<string>>();
        foreach (var limit in new[] { "1024:1024", $"1024:{hard}", $"{hard}:{hard}" })
        {
            var figures = await bench.MedianAsync(() => MeasureAsync(bench, limit, cancellation));
            rows.Add(SettingsPart.Row($"`prlimit --nofile={limit}` (soft:hard)", figures));
        }

        return [new("settings-descriptors", Method, ["started with", "limit", "room", "answered", "503", "closed", "waiting"], rows)];
    }

    private static async Task<double[]> MeasureAsync(Bench bench, string limit, CancellationToken cancellation)
    {
        await using var pair = await SettingsPart.PairAsync(cancellation);
        await using var server = await bench.StartAsync(
            [.. pair.Server, "prlimit", $"--nofile={limit}"], NetworkPair.Address, Port, cancellation, "--backlog", "4096");
        var seen = await Bench.NumbersAsync(cancellation, [.. pair.Client, bench.Bursts, "burst", $"{NetworkPair.Address}", $"{Port}", $"{Clients}"]);
        var room = RoomLine().Match(string.Join('\n', server.Lines));
        return
        [
            Limits(server.ProcessId.ToString(CultureInfo.InvariantCulture))[0],
            room.Success ? double.Parse(room.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture) : double.NaN, .. seen.Take(4),
        ];
    }

    private static double[] Limits(string process) =>
    [
        .. File.ReadLines($"/proc/{process}/limits").First(static line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3..5]
            .Select(static limit => double.TryParse(limit, CultureInfo.InvariantCulture, out var number) ? number : 1 << 20),
    ];

    [GeneratedRegex(@"at most ([\d,]+) connections \(ulimit -n")]
    private static partial Regex RoomLine();
}
