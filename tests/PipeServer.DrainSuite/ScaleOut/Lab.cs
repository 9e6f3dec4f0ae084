using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>
/// Five hosts on one machine: network namespaces, each with a cable (veth) to a switch (a bridge) in a sixth. Their addresses are their own, so any number
/// of labs stand beside each other. Needs root and iproute2.
/// </summary>
internal sealed class Lab : IAsyncDisposable
{
    private const string Switch = "switch";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int _labs;

    private readonly string _prefix = string.Create(CultureInfo.InvariantCulture, $"ps{Environment.ProcessId}-{Interlocked.Increment(ref _labs)}-");
    private readonly List<string> _namespaces = [];
    private readonly List<WatchedProcess> _processes = [];

    private readonly PosixSignalRegistration[] _signals;

    // Who ends us half-way is to find no hosts left over.
    private Lab() => _signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        DisposeAsync().AsTask().Wait();
        Environment.Exit(128);
    }))];

    /// <summary>Why no lab can be built here, by the system's own words; null when one can.</summary>
    public static async Task<string?> WhyNotAsync()
    {
        try
        {
            await using var lab = new Lab();
            await lab.AddNamespaceAsync(Switch);
            await lab.OnAsync(Switch, "link", "add", "name", "bridge", "type", "bridge");
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Builds it.</summary>
    /// <exception cref="InvalidOperationException">The system does not let us; the message says what it says.</exception>
    public static async Task<Lab> BuildAsync()
    {
        var lab = new Lab();
        try
        {
            await lab.AddNamespaceAsync(Switch);
            await lab.OnAsync(Switch, "link", "add", "name", "bridge", "type", "bridge");
            await lab.OnAsync(Switch, "link", "set", "dev", "bridge", "up");
            foreach (var host in LabHost.All)
            {
                await lab.AddNamespaceAsync(host.Name);
                await lab.OnAsync(Switch, "link", "add", "name", host.Name, "type", "veth", "peer", "name", "eth0", "netns", lab._prefix + host.Name);
                await lab.OnAsync(Switch, "link", "set", "dev", host.Name, "master", "bridge", "up");
                await lab.OnAsync(host.Name, "addr", "add", host.Address + "/24", "dev", "eth0");
                await lab.OnAsync(host.Name, "link", "set", "dev", "eth0", "up");
                await lab.OnAsync(host.Name, "link", "set", "dev", "lo", "up");
            }

            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a program on a host. It is ended with the lab at the latest.</summary>
    public WatchedProcess Start(LabHost host, string program, params IEnumerable<string> arguments)
    {
        var process = WatchedProcess.Start("ip", ["netns", "exec", _prefix + host.Name, program, .. arguments], Patience);
        lock (_processes)
        {
            _processes.Add(process);
        }

        return process;
    }

    /// <summary>Pulls the host's cable, or puts it in again.</summary>
    public Task SetCableAsync(LabHost host, bool isConnected) => OnAsync(Switch, "link", "set", "dev", host.Name, isConnected ? "up" : "down");

    /// <summary>Sets a sysctl of the host, whose name begins with <c>net.</c>.</summary>
    public Task SetAsync(LabHost host, string name, int value) => RunAsync("ip", [
        "netns", "exec", _prefix + host.Name, "sh", "-c", string.Create(CultureInfo.InvariantCulture, $"echo {value} > /proc/sys/{name.Replace('.', '/')}"),
    ]);

    /// <summary>Has the host lose so many of a hundred packets that it sends, and of those that it receives. Needs nftables.</summary>
    /// <param name="host">The host.</param>
    /// <param name="percent">How many; 0 ends it.</param>
    public async Task SetLossAsync(LabHost host, int percent)
    {
        await RunAsync("ip", ["netns", "exec", _prefix + host.Name, "nft", "add table inet lossy; delete table inet lossy"]);
        if (percent > 0)
        {
            var rules = string.Join("; ", new[] { ("input", "iif"), ("output", "oif") }.Select(way => string.Create(
                CultureInfo.InvariantCulture,
                $"add chain inet lossy {way.Item1} {{ type filter hook {way.Item1} priority 0; }}; add rule inet lossy {way.Item1} {way.Item2} != lo numgen random mod 100 < {percent} drop")));
            await RunAsync("ip", ["netns", "exec", _prefix + host.Name, "nft", $"add table inet lossy; {rules}"]);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Array.ForEach(_signals, static signal => signal.Dispose());

        // Whoever is there, a server's successor and a front end's workers too, which hold the output of the one that we started.
        foreach (var name in _namespaces)
        {
            foreach (var process in (await RunAsync("ip", ["netns", "pids", name])).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                await ProcessNumber.SignalAsync(int.Parse(process, CultureInfo.InvariantCulture), "KILL");
            }
        }

        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        foreach (var name in _namespaces)
        {
            await RunAsync("ip", ["netns", "del", name]);
        }

        _namespaces.Clear();
        _processes.Clear();
    }

    private static async Task<string> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var printed = process.StandardOutput.ReadToEndAsync();
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {said.Trim()}");
        }

        return await printed;
    }

    private async Task AddNamespaceAsync(string name)
    {
        await RunAsync("ip", ["netns", "add", _prefix + name]);
        _namespaces.Add(_prefix + name);
    }

    private Task<string> OnAsync(string name, params IEnumerable<string> command) => RunAsync("ip", ["-n", _prefix + name, .. command]);
}
