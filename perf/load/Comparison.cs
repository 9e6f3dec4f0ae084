using System.Globalization;
using System.Text.Json;

namespace PipeServer.Load;

/// <summary>Two saved runs side by side. Ratios to the floor of the same run, because the machine has slow and fast hours.</summary>
internal static class Comparison
{
    public static int Print(string beforePath, string afterPath)
    {
        RunResult? before, after;
        try
        {
            before = JsonSerializer.Deserialize(File.ReadAllText(beforePath), ResultJson.Default.RunResult);
            after = JsonSerializer.Deserialize(File.ReadAllText(afterPath), ResultJson.Default.RunResult);
        }
        catch (JsonException exception)
        {
            Console.Error.WriteLine($"load: not a saved run: {exception.Message}");
            return 1;
        }

        if (before?.Machine is null || after?.Machine is null)
        {
            Console.Error.WriteLine("load: not a saved run.");
            return 1;
        }

        if (!before.Machine.IsComparableWith(after.Machine))
        {
            Console.Error.WriteLine($"load: different machines, so nothing can be compared:\n  {before.Machine}\n  {after.Machine}");
            return 1;
        }

        Console.WriteLine($"before: {before.Date}, {before.Commit}\nafter:  {after.Date}, {after.Commit}\n");
        Console.WriteLine("| workload | server | requests/s | × | CPU µs/request | × | requests/s to the floor, before → after |");
        Console.WriteLine("|---|---|---:|---:|---:|---:|---:|");
        foreach (var now in after.Measurements)
        {
            if (before.Find(now.Workload, now.Server) is { RequestsPerSecond: not null } then)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {now.Workload} | {now.Server} | {now.RequestsPerSecond:N0} | {now.RequestsPerSecond / then.RequestsPerSecond:F2} "
                    + $"| {now.CpuMicrosecondsPerRequest:F2} | {now.CpuMicrosecondsPerRequest / then.CpuMicrosecondsPerRequest:F2} "
                    + $"| {ToFloor(before, then):F2} → {ToFloor(after, now):F2} |"));
            }
        }

        return 0;
    }

    private static double? ToFloor(RunResult run, Measurement measurement) =>
        measurement.RequestsPerSecond / run.Find(measurement.Workload, "floor")?.RequestsPerSecond;
}
