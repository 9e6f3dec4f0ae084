using System.Globalization;
using PipeServer.Load;
using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>One run: measures the parts one after the other, and saves each as soon as it is there.</summary>
internal sealed class CapacityRun(CapacitySettings settings)
{
    /// <summary>The parts, in the order of the page.</summary>
    public static IReadOnlyList<(string Name, Func<Bench, CancellationToken, Task<IReadOnlyList<CapacityTable>>> MeasureAsync)> Parts { get; } =
    [
        ("connections", ConnectionPart.MeasureAsync),
        ("rates", RatePart.MeasureAsync),
        ("accept", AcceptPart.MeasureAsync),
        ("settings", SettingsPart.MeasureAsync),
        ("threads", ThreadPart.MeasureAsync),
    ];

    /// <summary>Measures and saves.</summary>
    /// <returns>0.</returns>
    /// <exception cref="MeasurementException">A tool is missing, or a server does not do what is expected.</exception>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new MeasurementException("it reads /proc: run it on Linux.");
        }

        using var bench = new Bench(settings);
        await bench.PrepareAsync(cancellation);
        foreach (var (name, measureAsync) in Parts.Where(part => settings.Parts.Count == 0 || settings.Parts.Contains(part.Name)))
        {
            Console.WriteLine($"{name}:");
            Save(await measureAsync(bench, cancellation), bench.Workshop.Commit);
        }

        Console.WriteLine($"Saved as {settings.Output}. 'dotnet run --project perf/capacity -c Release -- page' puts the tables into docs/capacity.md.");
        return 0;
    }

    private void Save(IReadOnlyList<CapacityTable> tables, string commit)
    {
        var date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
        var kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        var made = string.Create(
            CultureInfo.InvariantCulture,
            $"{(settings.Rounds == 1 ? "One round" : $"Medians of {settings.Rounds} rounds")} of {settings.Duration.TotalSeconds:F0} s.\n\n{date}, commit {commit}, {Machine.This()}, Linux {kernel}:\n`{settings.Command}`");
        var saved = File.Exists(settings.Output) ? File.ReadAllText(settings.Output) : "";
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(settings.Output))!);
        File.WriteAllText(settings.Output, CapacityReport.Merge(saved, tables.Select(table => table.Write(made))));
    }
}
