using System.Globalization;
using PipeServer.Load;

namespace PipeServer.Capacity;

/// <summary>How many loops, and how many workers: the same load on each number of them.</summary>
internal static class ThreadPart
{
    private const string Everything = "Server and client share all cores of the machine.";
    private const int SleepMilliseconds = 10;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly int[] Loops = [1, 2, 4];
    private static readonly int[] Workers = [1, 2, 4, 8, 16];

    public static async Task<IReadOnlyList<CapacityTable>> MeasureAsync(Bench bench, CancellationToken cancellation)
    {
        var loops = new List<IReadOnlyList<string>>();
        foreach (var count in Loops)
        {
            loops.Add([Number(count), .. await LoadAsync(bench, "plaintext-256", "/plaintext", ["--loops", Number(count)], cancellation)]);
            Console.WriteLine($"  loops {string.Join("  ", loops[^1])}");
        }

        var sleepers = new List<IReadOnlyList<string>>();
        var workers = new List<IReadOnlyList<string>>();
        foreach (var count in Workers)
        {
            string[] options = ["--workers", Number(count)];
            sleepers.Add([
                Number(count), Number(count * 1000 / SleepMilliseconds),
                .. await LoadAsync(bench, "plaintext-64", $"/sleep?ms={SleepMilliseconds}", options, cancellation),
            ]);
            workers.Add([Number(count), .. await LoadAsync(bench, "json-256", "/json", options, cancellation)]);
            Console.WriteLine($"  workers {string.Join("  ", sleepers[^1])}; JSON {string.Join("  ", workers[^1])}");
        }

        string[] figures = ["requests/s", "CPU µs a request", "p50 ms", "p99 ms"];
        return
        [
            new("threads-loops", $"Plaintext on the loops, 256 connections (`--loops`). {Everything}", ["loops", .. figures], loops),
            new("threads-waiting", $"A handler that waits {SleepMilliseconds} ms (`/sleep?ms={SleepMilliseconds}` of `--demo`), 64 connections (`--workers`). {Everything}",
                ["workers", "workers / 10 ms", .. figures], sleepers),
            new("threads-computing", $"JSON through workers, 256 connections (`--workers`). {Everything}", ["workers", .. figures], workers),
        ];
    }

    private static async Task<IEnumerable<string>> LoadAsync(Bench bench, string load, string path, string[] options, CancellationToken cancellation)
    {
        await using var server = await bench.StartAsync([], cancellation, options);
        await Wrk.RunAsync(Bench.Load(load), server.Port, path, WarmUp, Placement.Shared, cancellation);
        var figures = await bench.MedianAsync(async () =>
        {
            var before = server.CpuMicroseconds;
            var seen = await Wrk.RunAsync(Bench.Load(load), server.Port, path, bench.Settings.Duration, Placement.Shared, cancellation);
            return [seen.RequestsPerSecond, (double)(server.CpuMicroseconds - before) / seen.Requests, seen.P50 ?? double.NaN, seen.P99 ?? double.NaN];
        });
        return figures.Select(static figure => CapacityTable.Figure(figure));
    }

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
