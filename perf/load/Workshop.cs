using System.Diagnostics;
using System.Globalization;

namespace PipeServer.Load;

/// <summary>Builds the peers, and keeps their files in one temporary folder that goes when the run ends.</summary>
internal sealed class Workshop : IDisposable
{
    private readonly string _repository = FindRepository();
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
    public static void CheckTools(bool needsNginx)
    {
        var missing = new List<string>();
        foreach (var (program, package) in new[] { ("wrk", "wrk"), ("cc", "gcc"), ("nginx", "nginx-light") })
        {
            if (!IsInstalled(program) && (program != "nginx" || needsNginx))
            {
                missing.Add(package);
            }
        }

        if (missing.Count > 0)
        {
            throw new LoadException($"missing: {string.Join(", ", missing)}. On Debian: apt install {string.Join(' ', missing)}");
        }
    }

    public static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, program)));

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
        await CaptureAsync(cancellation, "cc", "-O2", "-pthread", "-o", Floor, Path.Combine(_repository, "perf/load/peers/floor.c"));
        foreach (var project in new[] { "src/PipeServer.Cli", "perf/load/peers/Kestrel", "perf/load/peers/ThreadPool" })
        {
            await CaptureAsync(cancellation, "dotnet", "build", "-c", "Release", "-v", "quiet", "--nologo", Path.Combine(_repository, project));
        }

        try
        {
            var dirty = await CaptureAsync(cancellation, "git", "-C", _repository, "status", "--porcelain", "--untracked-files=no");
            var commit = await CaptureAsync(cancellation, "git", "-C", _repository, "rev-parse", "--short=12", "HEAD");
            Commit = commit.Trim() + (dirty.Trim().Length > 0 ? " with changes" : "");
        }
        catch (LoadException)
        {
            // Not a clone.
        }
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

    /// <summary>Runs a program to its end; its standard output.</summary>
    public static async Task<string> CaptureAsync(CancellationToken cancellation, params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0
                ? output
                : throw new LoadException($"{string.Join(' ', command)} failed: {output}{await errors}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private async Task WriteFileAsync(string name, int length, CancellationToken cancellation)
    {
        var path = Path.Combine(Files, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, new byte[length], cancellation);
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "PipeServer.sln")))
            {
                return folder.FullName;
            }
        }

        throw new LoadException("run it from a clone of the repository: PipeServer.sln is not above the program.");
    }

    private string Built(string project, string assembly) =>
        Path.Combine(_repository, project, "bin", "Release", string.Create(CultureInfo.InvariantCulture, $"net{Environment.Version.Major}.0"), assembly);
}
