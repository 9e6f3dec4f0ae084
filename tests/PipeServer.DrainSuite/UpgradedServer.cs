using System.Globalization;
using System.Text.RegularExpressions;

namespace PipeServer.DrainSuite;

/// <summary>
/// A server of <c>pipeserver</c> in all its generations: the first is started here, by a link in a folder; each further one is started by the one before it.
/// All have died when it is disposed of.
/// </summary>
internal sealed partial class UpgradedServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private const string ConfigurationFile = "config.json";

    private readonly WatchedProcess _first;
    private readonly string _folder;

    private UpgradedServer(string folder, WatchedProcess first) => (_folder, _first) = (folder, first);

    /// <summary>The numbers of all generations so far.</summary>
    public List<int> Generations { get; } = [];

    /// <summary>Where it listens without TLS, on 127.0.0.1.</summary>
    public int Port { get; private set; }

    /// <summary>Where it listens with TLS.</summary>
    public int TlsPort { get; private set; }

    /// <summary>What all of them have written.</summary>
    public IReadOnlyCollection<string> Lines => _first.Lines;

    private string Link => Path.Combine(_folder, "pipeserver");

    private string PidFile => Path.Combine(_folder, "pid");

    /// <summary>Starts the first one.</summary>
    /// <param name="folder">An empty one.</param>
    /// <param name="options">Which program.</param>
    /// <exception cref="InvalidOperationException">It does not serve.</exception>
    public static async Task<UpgradedServer> StartAsync(string folder, UpgradeOptions options)
    {
        Directory.CreateDirectory(Path.Combine(folder, "root"));
        var program = Path.Combine(folder, "pipeserver");
        File.CreateSymbolicLink(program, Path.GetFullPath(options.Program));
        var configuration = Path.Combine(folder, ConfigurationFile);
        await WriteConfigurationAsync(configuration, upgradeTimeout: 60);
        var server = new UpgradedServer(folder, WatchedProcess.Start(program, ["serve", Path.Combine(folder, "root"),
            "--demo", "--health", "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0,tls", "--tls-cert", options.Certificate,
            "--pid-file", Path.Combine(folder, "pid"), "--report", Path.Combine(folder, "report.json"), "--config", configuration], Patience));
        await server._first.WaitAsync(() => server.ReadPid() is not null || server._first.HasExited, "it does not start");
        server.Generations.Add(server.ReadPid() ?? throw new InvalidOperationException($"It does not start: {string.Join('\n', server.Lines)}"));
        server.Port = await server.PortAsync("http");
        server.TlsPort = await server.PortAsync("https");
        return server;
    }

    /// <summary>Upgrades it: another process serves afterwards.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public async Task UpgradeAsync()
    {
        var before = Generations[^1];
        await SignalAsync("USR2");
        await _first.WaitAsync(() => ReadPid() is { } now && now != before, "the upgrade does not come about");
        Generations.Add(ReadPid()!.Value);
    }

    /// <summary>Upgrades it to a script in the place of the program, which is no server: the same process serves afterwards.</summary>
    /// <param name="script">What it runs.</param>
    /// <param name="timeout">The server's patience, in seconds.</param>
    /// <returns>What the server says of it.</returns>
    /// <exception cref="InvalidOperationException">It says nothing.</exception>
    public async Task<string> FailAsync(string script, int timeout)
    {
        var path = Path.Combine(_folder, "script");
        await File.WriteAllTextAsync(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        await ReloadAsync(timeout);
        var right = new FileInfo(Link).LinkTarget!;
        SwitchLink(path);
        var said = Refusals();
        await SignalAsync("USR2");
        await _first.WaitAsync(() => Refusals() > said, "it does not say why there is no upgrade");
        SwitchLink(right);
        await ReloadAsync(60);
        return Lines.Last(static line => line.Contains("Not upgraded", StringComparison.Ordinal));
    }

    /// <summary>Stops the last generation, and waits for the end of all.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        await _first.WaitAsync(() => !Generations.Exists(ProcessNumber.IsAlive), "not all of them end");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var generation in Generations.Append(_first.Id).Where(ProcessNumber.IsAlive))
        {
            await ProcessNumber.SignalAsync(generation, "KILL");
        }

        await _first.DisposeAsync();
    }

    private Task SignalAsync(string signal) => ProcessNumber.SignalAsync(Generations[^1], signal);

    private int Refusals() => Lines.Count(static line => line.Contains("Not upgraded", StringComparison.Ordinal));

    private async Task ReloadAsync(int upgradeTimeout)
    {
        var before = Lines.Count(static line => line.Contains("Reloaded", StringComparison.Ordinal));
        await WriteConfigurationAsync(Path.Combine(_folder, ConfigurationFile), upgradeTimeout);
        await SignalAsync("HUP");
        await _first.WaitAsync(() => Lines.Count(static line => line.Contains("Reloaded", StringComparison.Ordinal)) > before, "it does not reload");
    }

    // Idle connections are left far longer than any client here waits between two requests.
    private static Task WriteConfigurationAsync(string path, int upgradeTimeout) => File.WriteAllTextAsync(
        path, string.Create(CultureInfo.InvariantCulture, $$"""{ "grace": 60, "drain-idle": 10, "upgrade-timeout": {{upgradeTimeout}} }"""));

    private void SwitchLink(string target)
    {
        var next = Link + ".next";
        File.CreateSymbolicLink(next, target);
        File.Move(next, Link, overwrite: true);
    }

    private int? ReadPid() => ProcessNumber.Read(PidFile);

    private async Task<int> PortAsync(string scheme)
    {
        int? Find() => Lines.Select(line => Address().Match(line)).FirstOrDefault(match => match.Success && match.Groups[1].Value == scheme) is { } found
            ? int.Parse(found.Groups[2].Value, CultureInfo.InvariantCulture)
            : null;
        await _first.WaitAsync(() => Find() is not null, $"it does not say where it listens by {scheme}");
        return Find()!.Value;
    }

    [GeneratedRegex("Listening on (https?)://[^/ ]*:([0-9]+)")]
    private static partial Regex Address();
}
