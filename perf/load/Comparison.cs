using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>Two saved runs side by side. Ratios to the floor of the same run, because the machine has slow and fast hours.</summary>
internal static class Comparison
{
    /// <exception cref="MeasurementException">One is no saved run.</exception>
    public static int Print(string beforePath, string afterPath)
    {
        var (before, after) = (ResultJson.Read(beforePath), ResultJson.Read(afterPath));
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
