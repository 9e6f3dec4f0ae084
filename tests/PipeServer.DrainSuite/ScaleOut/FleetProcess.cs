using System.Globalization;
using System.Text.Json;

namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>The clients, in a process of their own on their own host, which is told when a phase ends.</summary>
internal sealed class FleetProcess
{
    private readonly WatchedProcess _process;
    private int _reports;

    private FleetProcess(WatchedProcess process) => _process = process;

    /// <summary>Starts them.</summary>
    public static FleetProcess Start(Lab lab, FleetOptions options) => new(lab.Start(
        LabHost.Clients,
        "dotnet",
        [
            typeof(FleetProcess).Assembly.Location, "clients", "--at", $"{LabHost.Front.Address}:80",
            "--count", Text(options.Count), "--pause", Text(options.PauseMilliseconds), "--path", options.Path, .. options.IsPost ? (string[])["--post"] : [],
        ]));

    /// <summary>Ends a phase and begins the next one.</summary>
    /// <returns>What was counted in it.</returns>
    public async Task<FleetReport> EndPhaseAsync()
    {
        await _process.TellAsync("");
        return await ReportAsync();
    }

    /// <summary>Waits until a server has answered one of them in this phase.</summary>
    /// <param name="server">Its name; null for any server.</param>
    public Task ServedByAsync(string? server) => _process.WaitAsync(
        () => _process.Lines.LastOrDefault() is ['b', 'y', ' ', .. var names] && (server is null ? names.Length > 0 : names.Split(' ').Contains(server)),
        $"{server ?? "no server"} does not answer");

    /// <summary>Lets them finish what they are at, and ends them.</summary>
    /// <returns>What was counted in the last phase.</returns>
    public async Task<FleetReport> StopAsync()
    {
        await _process.TellAsync(null);
        var report = await ReportAsync();
        await _process.ExitAsync();
        return report;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<FleetReport> ReportAsync()
    {
        string[] Reports() => [.. _process.Lines.Where(static line => line.StartsWith('{'))];
        await _process.WaitAsync(() => Reports().Length > _reports || (_process.HasExited && Reports().Length <= _reports), "the clients do not report");
        return Reports().ElementAtOrDefault(_reports++) is { } line
            ? JsonSerializer.Deserialize<FleetReport>(line)!
            : throw new InvalidOperationException($"The clients have ended: {string.Join('\n', _process.Lines.TakeLast(20))}");
    }
}
