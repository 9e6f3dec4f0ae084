using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>Builds the peers, and keeps their files in one temporary folder that goes when the run ends.</summary>
internal sealed class Workshop : IDisposable
{
    public const string CliProject = "src/PipeServer.Cli";
    public const string KestrelProject = "perf/load/peers/Kestrel";
    public const string AspNetProject = "perf/load/peers/AspNetCore";

    private static readonly string Repo = Checkout.Find();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-load-");

    public string Floor => Path.Combine(_folder.FullName, "floor");

    /// <summary>The load generator of one request a connection (clients/connections.c).</summary>
    public string Connections => Path.Combine(_folder.FullName, "connections");

    /// <summary>The program that times a server's start (clients/first.c).</summary>
    public string First => Path.Combine(_folder.FullName, "first");

    /// <summary>The load generator of one request a TLS connection (clients/handshakes.c).</summary>
    public string Handshakes => Path.Combine(_folder.FullName, "handshakes");

    /// <summary>The client of WebSocket connections (clients/websockets.c).</summary>
    public string WebSockets => Path.Combine(_folder.FullName, "websockets");

    public string Files => Path.Combine(_folder.FullName, "files");

    public NativeFiles Native { get; } = new(Repo, Repo);

    public string Commit { get; private set; } = "unknown";

    /// <summary>The certificate that lies beside the folder of the files.</summary>
    public static string CertificateBeside(string files) => Path.Combine(Path.GetDirectoryName(files)!, "cert.pem");

    /// <summary>Its key.</summary>
    public static string KeyBeside(string files) => Path.Combine(Path.GetDirectoryName(files)!, "key.pem");

    /// <summary>What the Kestrel peer is told.</summary>
    public IReadOnlyList<string> KestrelArguments(PeerStart start) =>
    [
        $"{start.Port}", Files, start.Report, .. start.IsTls ? new[] { CertificateBeside(Files), KeyBeside(Files) } : [],
        .. start.IsHttp2 ? new[] { "http2" } : [],
    ];

    /// <summary>Says which Debian package is missing, if one is.</summary>
    /// <exception cref="MeasurementException">One is.</exception>
    public static async Task CheckToolsAsync(IReadOnlyList<Peer> peers, bool splits, IReadOnlyCollection<RunKind> kinds, CancellationToken cancellation)
    {
        List<(string, string)> needed = [("wrk", "wrk"), ("cc", "gcc")];
        foreach (var (program, package) in new[] { ("nginx", "nginx-light"), ("h2o", "h2o") })
        {
            if (peers.Any(peer => peer.Name == program))
            {
                needed.Add((program, package));
            }
        }

        if (kinds.Contains(RunKind.Tls) || kinds.Contains(RunKind.Http2))
        {
            needed.Add(("openssl", "openssl"));
        }

        if (kinds.Contains(RunKind.Http2))
        {
            needed.Add(("h2load", "nghttp2-client"));
        }

        if (splits)
        {
            needed.Add(("taskset", "util-linux"));
        }

        ExternalProgram.RequireInstalled([.. needed]);
        if (peers.Any(static peer => peer.Native is not null))
        {
            await NativeFiles.RequireToolsAsync(cancellation);
        }
    }

    /// <summary>The command of the native command-line server, with its demo routes.</summary>
    public IReadOnlyList<string> PipeServer(PeerStart start, string transport, params string[] more) =>
        [Native[NativeProgram.CommandLine], .. Serve(start, transport), .. more];

    /// <summary>The same on the runtime, as <c>dotnet build</c> makes it.</summary>
    public IReadOnlyList<string> PipeServerOnRuntime(PeerStart start) => ["dotnet", Assembly(CliProject), .. Serve(start, "epoll")];

    /// <summary>A project's assembly, as it was built.</summary>
    public string Assembly(string project) => Path.Combine(
        Repo, project, "bin", "Release", string.Create(CultureInfo.InvariantCulture, $"net{Environment.Version.Major}.0"),
        project switch { CliProject => "pipeserver.dll", AspNetProject => "aspnet-peer.dll", _ => "kestrel-peer.dll" });

    /// <summary>Writes a configuration; its path.</summary>
    /// <param name="text">The configuration, for its path, the folder of the files, port and cores.</param>
    /// <param name="start">Port and cores.</param>
    public string Write(Func<string, string, PeerStart, string> text, PeerStart start)
    {
        var path = Path.Combine(_folder.FullName, $"{start.Port}.conf");
        File.WriteAllText(path, text(path, Files, start));
        return path;
    }

    public async Task BuildAsync(IReadOnlyList<Peer> peers, IReadOnlyCollection<RunKind> kinds, CancellationToken cancellation)
    {
        await WriteFilesAsync(cancellation);
        Console.WriteLine("Building the peers.");
        await CompileAsync("perf/load/peers/floor.c", Floor, cancellation);
        await CompileAsync("perf/load/clients/connections.c", Connections, cancellation);
        await CompileAsync("perf/load/clients/first.c", First, cancellation);
        foreach (var project in peers.Select(static peer => peer.Project).OfType<string>().Distinct())
        {
            await ExternalProgram.CaptureAsync(cancellation, "dotnet", "build", "-c", "Release", "-v", "quiet", "--nologo", Path.Combine(Repo, project));
        }

        if (kinds.Contains(RunKind.WebSocket))
        {
            await CompileAsync("perf/load/clients/websockets.c", WebSockets, cancellation);
        }

        if (kinds.Contains(RunKind.Tls))
        {
            await CompileAsync("perf/load/clients/handshakes.c", Handshakes, cancellation, "-lssl", "-lcrypto");
        }

        if (kinds.Contains(RunKind.Tls) || kinds.Contains(RunKind.Http2))
        {
            // An elliptic curve's certificate, as certbot makes it.
            await ExternalProgram.CaptureAsync(
                cancellation, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", KeyBeside(Files), "-out", CertificateBeside(Files));
        }

        await Native.PublishAsync(peers.Select(static peer => peer.Native).OfType<NativeProgram>().Distinct(), cancellation);
        Commit = await Checkout.CommitAsync(Repo, cancellation);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static Task<string> CompileAsync(string source, string program, CancellationToken cancellation, params string[] libraries) =>
        ExternalProgram.CaptureAsync(cancellation, ["cc", "-O2", "-pthread", "-o", program, Path.Combine(Repo, source), .. libraries]);

    private string[] Serve(PeerStart start, string transport) =>
    [
        "serve", Files, "--demo", "--quiet", "--listen", Endpoint(start), "--transport", transport, "--report", start.Report, "--backlog", "4096",
        .. start.IsTls ? new[] { "--tls-cert", CertificateBeside(Files), "--tls-key", KeyBeside(Files) } : [],
    ];

    private static string Endpoint(PeerStart start) => $"127.0.0.1:{start.Port}{(start.IsTls ? ",tls" : start.IsHttp2 ? ",h2c" : "")}";

    private async Task WriteFilesAsync(CancellationToken cancellation)
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

        await File.WriteAllTextAsync(Path.Combine(Files, "plaintext.txt"), "Hello, World!", cancellation);
        await File.WriteAllTextAsync(Path.Combine(Files, "greeting.json"), """{"message":"Hello, World!"}""", cancellation);
        if (OperatingSystem.IsLinux())
        {
            // The workers of nginx and h2o are not root.
            File.SetUnixFileMode(_folder.FullName, (UnixFileMode)Convert.ToInt32("755", 8));
        }
    }

    private async Task WriteFileAsync(string name, int length, CancellationToken cancellation)
    {
        var path = Path.Combine(Files, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, new byte[length], cancellation);
    }
}
