using System.Globalization;

namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>One of the servers: pipeserver on a host, from one process to the next.</summary>
internal sealed class Replica(Lab lab, LabHost host, string folder, ReplicaOptions options)
{
    /// <summary>The folder that they all serve, below that of the lab.</summary>
    public const string Root = "root";

    private WatchedProcess? _started;

    /// <summary>Its host.</summary>
    public LabHost Host => host;

    private string PidFile => Path.Combine(folder, $"{host.Name}.pid");

    private string AccessLog => Path.Combine(folder, $"{host.Name}.log");

    private int Serving => ProcessNumber.Read(PidFile) ?? throw new InvalidOperationException($"{host.Name} does not run.");

    /// <summary>Starts it, and waits until it serves.</summary>
    /// <param name="place">Where it listens; where the front end asks, if not named.</param>
    public async Task StartAsync(string? place = null)
    {
        _started = lab.Start(host, options.Program, [
            "serve", Path.Combine(folder, Root), "--demo", "--health", "--listen", (place ?? $"{host.Address}:8080") + (options.HasProxyProtocol ? ",proxy,h2c" : ",h2c"),
            "--trusted-proxy", LabHost.Front.Address, "--trusted-proxy", "127.0.0.1",
            "--workers", options.Workers.ToString(CultureInfo.InvariantCulture), "--queue", options.Queue.ToString(CultureInfo.InvariantCulture),
            "--drain-delay", options.DrainDelay.ToString(CultureInfo.InvariantCulture), "--grace", "60",
            "--pid-file", PidFile, "--access-log", AccessLog, "--access-log-skip", "/healthz/*",
        ]);
        await _started.WaitAsync(() => _started.HasExited || _started.Lines.Any(static line => line.Contains("Listening on", StringComparison.Ordinal)), $"{host.Name} does not listen");
        await _started.WaitAsync(() => _started.HasExited || ProcessNumber.Read(PidFile) is { } serving && ProcessNumber.IsAlive(serving), $"{host.Name} does not say who it is");
        if (_started.HasExited)
        {
            throw new InvalidOperationException($"{host.Name} does not start: {string.Join('\n', _started.Lines)}");
        }
    }

    /// <summary>Stops it by SIGTERM, and waits for its end.</summary>
    public async Task StopAsync()
    {
        var serving = Serving;
        await ProcessNumber.SignalAsync(serving, "TERM");
        await _started!.WaitAsync(() => !ProcessNumber.IsAlive(serving), $"{host.Name} does not end");
    }

    /// <summary>Puts another process in its place, by SIGUSR2, and waits until that serves and the old one has ended.</summary>
    public async Task UpgradeAsync()
    {
        var before = Serving;
        await ProcessNumber.SignalAsync(before, "USR2");
        await _started!.WaitAsync(() => ProcessNumber.Read(PidFile) is { } now && now != before, $"{host.Name} is not upgraded");
        await _started.WaitAsync(() => !ProcessNumber.IsAlive(before), $"{host.Name}'s old process does not end");
    }

    /// <summary>Ends it without a word, and waits until it is dead.</summary>
    public async Task KillAsync()
    {
        var serving = Serving;
        await ProcessNumber.SignalAsync(serving, "KILL");
        await _started!.WaitAsync(() => !ProcessNumber.IsAlive(serving), $"{host.Name} does not die");
        File.Delete(PidFile);
    }

    /// <summary>How many answers with 200 of a path its access log has, and how many of all its lines are not of the clients' host.</summary>
    public async Task<(int Answered, int OfOthers)> ReadAccessLogAsync(string path)
    {
        var lines = await File.ReadAllLinesAsync(AccessLog);
        return (
            lines.Count(line => line.Contains($" {path} HTTP/", StringComparison.Ordinal) && line.Contains("\" 200 ", StringComparison.Ordinal)),
            lines.Count(static line => !line.StartsWith(LabHost.Clients.Address + " ", StringComparison.Ordinal)));
    }
}
