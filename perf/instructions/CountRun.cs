using System.Globalization;
using System.Text.Json;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>One run: publishes, counts each workload in a process of its own, and prints and saves the figures.</summary>
internal sealed class CountRun(RunSettings settings)
{
    // The middle one counts: the heartbeat and the scheduler make small differences.
    private const int Sections = 3;

    // For a section in which a file was looked at on the disk.
    private const int MaxTries = 20;

    // Valgrind 3.19 does not know openat2, so opening a file would be counted as something that no user's server does.
    private const string DiskFunction = "PortableFileRoot";

    /// <summary>Measures.</summary>
    /// <returns>False when a workload has grown by more than is allowed against the saved run.</returns>
    /// <exception cref="MeasurementException">A tool is missing, or a server does not do what is expected.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        ExternalProgram.RequireInstalled(("valgrind", "valgrind"), ("strip", "binutils"), ("cc", "gcc"));
        if (settings.WithNginx)
        {
            ExternalProgram.RequireInstalled(("nginx", "nginx-light"));
        }

        var unknown = settings.Workloads.FirstOrDefault(static name => Workload.All.All(workload => workload.Name != name));
        if (unknown is not null)
        {
            throw new MeasurementException($"there is no workload '{unknown}'. There are: {string.Join(", ", Workload.All.Select(static workload => workload.Name))}.");
        }

        var workloads = Workload.All.Where(workload => settings.Workloads.Length == 0 || settings.Workloads.Contains(workload.Name)).ToList();
        var repository = Repository.Find();
        var source = settings.Source is null ? repository : Path.GetFullPath(settings.Source);
        var files = new NativeFiles(repository, source);
        await files.PublishAsync(workloads.Select(static workload => workload.Server).Distinct(), cancellation);
        var work = Directory.CreateTempSubdirectory("pipeserver-instructions-");
        try
        {
            var site = Path.Combine(work.FullName, "files");
            Directory.CreateDirectory(site);
            await File.WriteAllBytesAsync(Path.Combine(site, "1k.bin"), new byte[1024], cancellation);
            var counts = new List<WorkloadCount>();
            foreach (var workload in workloads)
            {
                counts.Add(await CountAsync(workload, files, work.FullName, site, cancellation));
                Console.WriteLine(Row(counts[^1]));
            }

            var result = new CountResult(await Repository.CommitAsync(source, cancellation), await ToolsAsync(files.Compiler, cancellation), counts);
            if (settings.SaveAs is { } path)
            {
                await File.WriteAllTextAsync(path, JsonSerializer.Serialize(result, CountJson.Default.CountResult) + "\n", cancellation);
                Console.WriteLine($"Saved as {path}.");
            }

            return settings.Against is not { } against || CountComparison.Print(against, result);
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static string Row(WorkloadCount count) => string.Create(
        CultureInfo.InvariantCulture, $"  {count.Name,-14} {count.Instructions,10:N0}{(count.Nginx is { } nginx ? $"   nginx {nginx,10:N0}" : "")}");

    private static async Task<string> ToolsAsync(string compiler, CancellationToken cancellation)
    {
        var sdk = await ExternalProgram.CaptureAsync(cancellation, "dotnet", "--version");
        var valgrind = await ExternalProgram.CaptureAsync(cancellation, "valgrind", "--version");
        var libc = await ExternalProgram.CaptureAsync(cancellation, "getconf", "GNU_LIBC_VERSION");
        return $"SDK {sdk.Trim()}, {compiler}, {valgrind.Trim()}, {libc.Trim()}";
    }

    private async Task<WorkloadCount> CountAsync(Workload workload, NativeFiles files, string work, string site, CancellationToken cancellation)
    {
        IReadOnlyList<string> Command(int port) => workload.Server == MeasuredServer.Router
            ? [files[MeasuredServer.Router], $"{port}"]
            : [files[MeasuredServer.CommandLine], "serve", site, "--demo", "--quiet", "--loops", "1", "--workers", "1", "--port", $"{port}"];

        var own = await MeasureAsync(workload, Command, work, cancellation);
        double? nginx = null;
        if (settings.WithNginx && workload.TakesNginx)
        {
            nginx = PerRequest((await MeasureAsync(workload, port => ["nginx", "-c", WriteNginxConfiguration(work, site, port)], work, cancellation)).Total);
        }

        return new WorkloadCount(
            workload.Name,
            PerRequest(own.Total),
            nginx,
            own.Functions.Select(static pair => (pair.Key, Value: PerRequest(pair.Value)))
                .Where(static pair => pair.Value >= WorkloadCount.LeastOfFunction)
                .OrderByDescending(static pair => pair.Value).ThenBy(static pair => pair.Key, StringComparer.Ordinal)
                .ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal));
    }

    private static double PerRequest(long instructions) => Math.Round((double)instructions / Workload.CountedRequests, 1);

    private static async Task<CallgrindProfile> MeasureAsync(
        Workload workload, Func<int, IReadOnlyList<string>> command, string work, CancellationToken cancellation)
    {
        await using var server = await CountedServer.StartAsync(command, work, cancellation);
        using var client = RawClient.Connect(server.Port, workload);
        client.Run(Workload.WarmUpRequests);
        var sections = new List<CallgrindProfile>();
        for (var tries = 0; sections.Count < Sections && tries < MaxTries; tries++)
        {
            client.Run(Workload.CountedRequests / 10); // a file whose second is over is looked at now
            var profile = await server.CountAsync(
                () =>
                {
                    client.Run(Workload.CountedRequests);
                    return Task.CompletedTask;
                },
                cancellation);
            if (!profile.Functions.Keys.Any(static name => name.Contains(DiskFunction, StringComparison.Ordinal)))
            {
                sections.Add(profile);
            }
        }

        return sections.Count == Sections
            ? sections.OrderBy(static profile => profile.Total).ElementAt(Sections / 2)
            : throw new MeasurementException($"{workload.Name}: a file was looked at on the disk in each of {MaxTries} tries.");
    }

    private static string WriteNginxConfiguration(string work, string site, int port)
    {
        var template = File.ReadAllText(Path.Combine(Repository.Find(), "perf", "instructions", "nginx.conf"));
        var path = Path.Combine(work, $"nginx-{port}.conf");
        File.WriteAllText(
            path,
            template.Replace("PORT", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("FILES", site, StringComparison.Ordinal)
                .Replace("WORK", work, StringComparison.Ordinal));
        return path;
    }
}
