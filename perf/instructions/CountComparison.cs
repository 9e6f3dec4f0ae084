using System.Globalization;
using System.Text.Json;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>A run beside a saved one: which workloads have grown, and in which functions.</summary>
internal static class CountComparison
{
    // Counting the same file twice differs by less; what goes through a worker depends on who sleeps when.
    private const double AllowedGrowth = 1.01;
    private const double AllowedGrowthThroughWorker = 1.03;

    // Of the functions that changed most, so many are shown a workload.
    private const int ShownFunctions = 12;

    /// <summary>Prints the comparison.</summary>
    /// <returns>False when a workload has grown by more than 1 %, or 3 % through a worker.</returns>
    /// <exception cref="MeasurementException">The file is not a saved run.</exception>
    public static bool Print(string path, CountResult now)
    {
        var before = Read(path);
        Console.WriteLine($"\nagainst {path}: {before.Commit}, {before.Tools}");
        if (before.Tools != now.Tools)
        {
            Console.WriteLine($"with other tools than now ({now.Tools}): the figures below say nothing about the code.");
        }

        var isWithin = true;
        foreach (var count in now.Workloads)
        {
            if (before.Workloads.FirstOrDefault(item => item.Name == count.Name) is not { } earlier)
            {
                continue;
            }

            var growth = count.Instructions / earlier.Instructions;
            var isTooMuch = growth > (IsThroughWorker(count.Name) ? AllowedGrowthThroughWorker : AllowedGrowth);
            isWithin &= !isTooMuch;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {count.Name,-14} {earlier.Instructions,10:N0} → {count.Instructions,10:N0}  {Math.Round((growth - 1) * 100, 1):+0.0;-0.0;0.0} %{(isTooMuch ? "  grown" : "")}"));
            if (isTooMuch)
            {
                PrintFunctions(earlier, count);
            }
        }

        return isWithin || before.Tools != now.Tools;
    }

    private static bool IsThroughWorker(string name) => name is "worker" or "worker-16" or "json" or "echo-1k";

    private static void PrintFunctions(WorkloadCount before, WorkloadCount now)
    {
        var changes = before.Functions.Keys.Union(now.Functions.Keys, StringComparer.Ordinal)
            .Select(name => (Name: name, Change: now.Functions.GetValueOrDefault(name) - before.Functions.GetValueOrDefault(name)))
            .Where(static item => Math.Abs(item.Change) >= 1)
            .OrderByDescending(static item => Math.Abs(item.Change))
            .Take(ShownFunctions);
        foreach (var (name, change) in changes)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"      {change,+8:+0.0;-0.0}  {name}"));
        }
    }

    private static CountResult Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), CountJson.Default.CountResult)
                ?? throw new MeasurementException($"{path} is not a saved run.");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new MeasurementException($"{path} is not a saved run: {exception.Message}");
        }
    }
}
