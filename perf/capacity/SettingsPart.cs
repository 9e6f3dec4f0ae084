using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>Settings of the system and of the server, each with what it changes: the same load with and without it, between two network namespaces.</summary>
internal static class SettingsPart
{
    private const string Skipped = "Skipped: it needs root and network namespaces (`ip netns`).";

    private static readonly (string Name, Func<Bench, CancellationToken, Task<IReadOnlyList<CapacityTable>>> MeasureAsync)[] Topics =
    [
        ("settings-queue", QueueSettings.MeasureAsync),
        ("settings-ports", PortSettings.MeasureAsync),
        ("settings-descriptors", DescriptorSettings.MeasureAsync),
        ("settings-buffers", BufferSettings.MeasureAsync),
    ];

    public static async Task<IReadOnlyList<CapacityTable>> MeasureAsync(Bench bench, CancellationToken cancellation)
    {
        ExternalProgram.RequireInstalled(("curl", "curl"), ("prlimit", "util-linux"), ("ip", "iproute2"), ("ss", "iproute2"), ("sysctl", "procps"));
        var isAble = false;
        if (await NetworkPair.TryCreateAsync(cancellation) is { } pair)
        {
            await pair.DisposeAsync();
            isAble = true;
        }

        var tables = new List<CapacityTable>();
        foreach (var (name, measureAsync) in Topics)
        {
            tables.AddRange(isAble ? await measureAsync(bench, cancellation) : [new(name, Skipped, [], [])]);
        }

        return tables;
    }

    /// <summary>A new pair of namespaces, for one row: nothing of another one's rests in it.</summary>
    /// <exception cref="MeasurementException">It cannot be made, though one could before.</exception>
    public static async Task<NetworkPair> PairAsync(CancellationToken cancellation) =>
        await NetworkPair.TryCreateAsync(cancellation) ?? throw new MeasurementException("no more network namespaces: 'ip netns list' shows those there are.");

    /// <summary>Puts figures behind the words of a row, and shows them.</summary>
    public static IReadOnlyList<string> Row(string words, IEnumerable<double> figures)
    {
        List<string> row = [words, .. figures.Select(static figure => CapacityTable.Figure(figure))];
        Console.WriteLine($"  {string.Join("  ", row)}");
        return row;
    }
}
