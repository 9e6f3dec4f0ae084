using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>Runs servers under callgrind, each count in a process of its own, with their files in one temporary folder.</summary>
internal sealed class CountBench : IDisposable
{
    // The one that has the least counts: the heartbeat, in a section that takes longer, only adds.
    private const int Sections = 5;

    // Beside them, for sections in which a file was looked at on the disk. The next section is half as long: on a machine on which all requests
    // take more than a second, each of them has such a look.
    private const int MaxFailedTries = 15;
    private const int LeastRequests = Workload.CountedRequests / 16;

    // Valgrind 3.19 does not know openat2, so opening a file would be counted as something that no user's server does.
    private const string DiskFunction = "PortableFileRoot";

    private readonly NativeFiles _files;
    private readonly DirectoryInfo _work = Directory.CreateTempSubdirectory("pipeserver-instructions-");
    private readonly string _site;

    private CountBench(NativeFiles files)
    {
        _files = files;
        _site = Path.Combine(_work.FullName, "files");
    }

    public static async Task<CountBench> OpenAsync(NativeFiles files, CancellationToken cancellation)
    {
        var bench = new CountBench(files);
        Directory.CreateDirectory(bench._site);
        await File.WriteAllBytesAsync(Path.Combine(bench._site, "1k.bin"), new byte[1024], cancellation);
        return bench;
    }

    /// <summary>Counts the workload on our server.</summary>
    /// <exception cref="MeasurementException">The server does not do what is expected.</exception>
    public async Task<WorkloadCount> CountAsync(Workload workload, CancellationToken cancellation)
    {
        string[] Listen(int port) => workload.IsHttp2 ? ["--listen", $"127.0.0.1:{port},h2c"] : ["--port", $"{port}"];
        IReadOnlyList<string> Command(int port) => workload.Server == NativeProgram.Router
            ? [_files[NativeProgram.Router], $"{port}"]
            : [_files[NativeProgram.CommandLine], "serve", _site, "--demo", "--quiet", "--loops", "1", "--workers", "1", .. Listen(port)];

        var section = await MeasureAsync(workload, Command, cancellation);
        return new WorkloadCount(
            workload.Name,
            section.InstructionsPerRequest,
            Nginx: null,
            Kestrel: null,
            section.Profile.Functions.Select(pair => (pair.Key, Value: section.PerRequest(pair.Value)))
                .Where(static pair => pair.Value >= WorkloadCount.LeastOfFunction)
                .OrderByDescending(static pair => pair.Value).ThenBy(static pair => pair.Key, StringComparer.Ordinal)
                .ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal));
    }

    /// <summary>Instructions a request of nginx, one process.</summary>
    public async Task<double> CountNginxAsync(Workload workload, CancellationToken cancellation) =>
        (await MeasureAsync(workload, port => ["nginx", "-c", WriteNginxConfiguration(port, workload.IsHttp2)], cancellation)).InstructionsPerRequest;

    /// <summary>Instructions a request of a native Kestrel.</summary>
    public async Task<double> CountKestrelAsync(Workload workload, CancellationToken cancellation) =>
        (await MeasureAsync(workload, port => KestrelCommand(port, workload.IsHttp2), cancellation)).InstructionsPerRequest;

    public void Dispose() => _work.Delete(recursive: true);

    private async Task<Section> MeasureAsync(Workload workload, Func<int, IReadOnlyList<string>> command, CancellationToken cancellation)
    {
        await using var server = await CountedServer.StartAsync(command, _work.FullName, cancellation);
        using ICountedClient client = workload.IsHttp2 ? Http2CountedClient.Connect(server.Port, workload) : RawClient.Connect(server.Port, workload);
        client.Run(Workload.WarmUpRequests);
        var sections = new List<Section>();
        var requests = workload.Counted(Workload.CountedRequests);
        for (var tries = 0; sections.Count < Sections && tries < Sections + MaxFailedTries; tries++)
        {
            client.Run(Workload.CountedRequests / 10); // a file whose second is over is looked at now
            using var threads = new ServerThreads(server.ProcessId);
            var profile = await server.CountAsync(
                () =>
                {
                    client.Run(requests, threads.WaitUntilAllSleep);
                    return Task.CompletedTask;
                },
                cancellation);
            if (profile.Functions.Keys.Any(static name => name.Contains(DiskFunction, StringComparison.Ordinal)))
            {
                requests = workload.Counted(Math.Max(requests / 2, LeastRequests));
            }
            else
            {
                sections.Add(new Section(profile, requests));
            }
        }

        return sections.MinBy(static section => section.InstructionsPerRequest)
            ?? throw new MeasurementException($"{workload.Name}: a file was looked at on the disk in each of {Sections + MaxFailedTries} tries.");
    }

    private List<string> KestrelCommand(int port, bool isHttp2)
    {
        List<string> command = [_files[NativeProgram.Kestrel], $"{port}", _site, Path.Combine(_work.FullName, "report")];
        if (isHttp2)
        {
            command.Add("http2");
        }

        return command;
    }

    // By HTTP/2 as perf/load has it.
    private string WriteNginxConfiguration(int port, bool isHttp2)
    {
        var template = File.ReadAllText(Path.Combine(Checkout.Find(), "perf", "instructions", "nginx.conf"));
        var path = Path.Combine(_work.FullName, $"nginx-{port}.conf");
        File.WriteAllText(
            path,
            template.Replace("PORT", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("PROTOCOL", isHttp2 ? "http2" : "", StringComparison.Ordinal)
                .Replace("SENDFILE", isHttp2 ? "off" : "on", StringComparison.Ordinal)
                .Replace("FILES", _site, StringComparison.Ordinal)
                .Replace("WORK", _work.FullName, StringComparison.Ordinal));
        return path;
    }

    // Requests that were counted at a time, and what they cost.
    private sealed record Section(CallgrindProfile Profile, int Requests)
    {
        public double InstructionsPerRequest => PerRequest(Profile.Total);

        public double PerRequest(long instructions) => Math.Round((double)instructions / Requests, 1);
    }
}
