using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>Builds the peers, and keeps their files in one temporary folder that goes when the run ends.</summary>
internal sealed class Workshop : IDisposable
{
    private readonly string _repository = Repository.Find();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-load-");

    public string Floor => Path.Combine(_folder.FullName, "floor");

    public string Files => Path.Combine(_folder.FullName, "files");

    public string Kestrel => Built("perf/load/peers/Kestrel", "kestrel-peer.dll");

    public string ThreadPool => Built("perf/load/peers/ThreadPool", "threadpool-peer.dll");

    public string Commit { get; private set; } = "unknown";

    /// <summary>The command of the real command-line server, with its demo routes.</summary>
    public IReadOnlyList<string> PipeServer(int port, string report, string transport, params string[] more) =>
    [
        "dotnet", Built("src/PipeServer.Cli", "pipeserver.dll"), "serve", Files, "--demo", "--quiet", "--port", $"{port}",
        "--transport", transport, "--report", report, "--backlog", "4096", .. more,
    ];

    /// <summary>Says which Debian package is missing, if one is.</summary>
    /// <exception cref="MeasurementException">One is.</exception>
    public static void CheckTools(bool needsNginx)
    {
        (string, string)[] always = [("wrk", "wrk"), ("cc", "gcc")];
        ExternalProgram.RequireInstalled(needsNginx ? [.. always, ("nginx", "nginx-light")] : always);
    }

    public async Task BuildAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(Files);
        await WriteFileAsync("1k.bin", 1024, cancellation);
        await WriteFileAsync("64k.bin", Workload.MediumFileBytes, cancellation);
        await WriteFileAsync("10m.bin", Workload.LargeFileBytes, cancellation);
        for (var number = 1; number <= Workload.SmallFiles; number++)
        {
            await WriteFileAsync($"small/{number}.bin", Workload.SmallFileBytes, cancellation);
        }

        for (var number = 1; number <= Workload.MediumFiles; number++)
        {
            await WriteFileAsync($"medium/{number}.bin", Workload.MediumFileBytes, cancellation);
        }

        if (OperatingSystem.IsLinux())
        {
            // nginx's workers are not root.
            File.SetUnixFileMode(_folder.FullName, (UnixFileMode)Convert.ToInt32("755", 8));
        }

        Console.WriteLine("Building the peers.");
        await ExternalProgram.CaptureAsync(cancellation, "cc", "-O2", "-pthread", "-o", Floor, Path.Combine(_repository, "perf/load/peers/floor.c"));
        foreach (var project in new[] { "src/PipeServer.Cli", "perf/load/peers/Kestrel", "perf/load/peers/ThreadPool" })
        {
            await ExternalProgram.CaptureAsync(cancellation, "dotnet", "build", "-c", "Release", "-v", "quiet", "--nologo", Path.Combine(_repository, project));
        }

        Commit = await Repository.CommitAsync(_repository, cancellation);
    }

    public string WriteNginxConfiguration(int port)
    {
        var path = Path.Combine(_folder.FullName, $"nginx-{port}.conf");
        File.WriteAllText(path, $$"""
            daemon off;
            worker_processes {{Environment.ProcessorCount}};
            worker_rlimit_nofile 20000;
            pid {{path}}.pid;
            error_log {{path}}.log crit;
            events { worker_connections 12000; }
            http {
              access_log off;
              keepalive_requests 1000000000;
              sendfile on;
              tcp_nopush on;
              open_file_cache max=4000;
              server {
                listen 127.0.0.1:{{port}} backlog=4096;
                root {{Files}};
                location = /plaintext { default_type text/plain; return 200 "Hello, World!"; }
                location = /json { default_type application/json; return 200 '{"message":"Hello, World!"}'; }
              }
            }

            """);
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task WriteFileAsync(string name, int length, CancellationToken cancellation)
    {
        var path = Path.Combine(Files, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, new byte[length], cancellation);
    }

    private string Built(string project, string assembly) =>
        Path.Combine(_repository, project, "bin", "Release", string.Create(CultureInfo.InvariantCulture, $"net{Environment.Version.Major}.0"), assembly);
}
