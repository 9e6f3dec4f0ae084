using System.Globalization;

namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>What happens to one server of three, or to all of them, while clients go on. Each scenario has a lab of its own.</summary>
internal static class ScaleOutScenarios
{
    private const int SlowMilliseconds = 100;
    private const string SlowPath = "/sleep?ms=100";
    private const int SlowWorkers = 128;

    // How long a front end holds on to what was in flight on a host that acknowledges nothing any more: nginx by its system's tcp_retries2.
    private static readonly TimeSpan FrontEndPatience = TimeSpan.FromSeconds(15);

    /// <summary>All of them, in their order, by name.</summary>
    public static IReadOnlyList<(string Name, Func<ScaleOutOptions, Task<ScaleOutResult>> Run)> All { get; } =
    [
        ("restart", static options => RollAsync(options, static async replica =>
        {
            await replica.StopAsync();
            await replica.StartAsync();
        })),
        ("upgrade", static options => RollAsync(options, static replica => replica.UpgradeAsync())),
        ("kill", KillAsync),
        ("cable", CableAsync),
        ("loss", LossAsync),
        ("delay", DelayAsync),
        ("overload", Overload.RunAsync),
    ];

    // One server after the other, the next one when this one answers again: nobody notices.
    private static async Task<ScaleOutResult> RollAsync(ScaleOutOptions options, Func<Replica, Task> roll)
    {
        await using var site = await ScaleOutSite.OpenAsync(options);
        var fleet = await site.StartFleetAsync();
        await Task.Delay(options.Quiet);
        var phases = new List<FleetReport>();
        foreach (var replica in site.Replicas)
        {
            await roll(replica);
            phases.Add(await fleet.EndPhaseAsync());
            await fleet.ServedByAsync(replica.Host.Name);
        }

        await Task.Delay(options.Quiet);
        phases.Add(await fleet.StopAsync());
        await Task.WhenAll(site.Replicas.Select(static replica => replica.StopAsync())); // their logs are whole
        var (logged, ofOthers) = await site.ReadAccessLogsAsync("/echo");
        var (answered, failed) = (phases.Sum(static phase => phase.Answered), phases.Sum(static phase => phase.Failed));
        var result = new ScaleOutResult(Invariant(
            $"{answered} answered, {phases.Sum(static phase => phase.Lost)} lost, {phases.Sum(static phase => phase.Reset)} reset, {phases.Sum(static phase => phase.NotConnected)} not connected, {Other(phases)} other statuses; in the servers' logs {logged}; longest answer {phases.Max(Longest):F0} ms"));
        result.Expect(0, failed, "requests failed");
        result.Expect(answered, logged, "answers are in the access logs");
        result.Expect(0, ofOthers, "lines of the access logs are not of the clients' host");
        return result;
    }

    private static async Task<ScaleOutResult> KillAsync(ScaleOutOptions options)
    {
        var (result, during) = await StrikeAsync(options, TimeSpan.Zero, static site => site.Replicas[1].KillAsync(), static site => site.Replicas[1].StartAsync());
        result.Expect(during.Failed <= (2 * InFlight(options)) + 10, $"{during.Failed} requests failed, many more than were in flight there"); // which is chance
        return result;
    }

    private static async Task<ScaleOutResult> CableAsync(ScaleOutOptions options) => (await StrikeAsync(
        options,
        FrontEndPatience,
        static site => site.Lab.SetCableAsync(LabHost.Servers[1], isConnected: false),
        static site => site.Lab.SetCableAsync(LabHost.Servers[1], isConnected: true))).Result;

    // The second server is struck while requests are in flight on it, which take a while; it is gone for some time, and comes back.
    private static async Task<(ScaleOutResult Result, FleetReport During)> StrikeAsync(
        ScaleOutOptions options, TimeSpan patience, Func<ScaleOutSite, Task> strike, Func<ScaleOutSite, Task> mend)
    {
        await using var site = await ScaleOutSite.OpenAsync(options, static replica => replica with { Workers = SlowWorkers });
        var fleet = await site.StartFleetAsync(new FleetOptions(options.Clients, options.PauseMilliseconds, SlowPath, IsPost: false));
        await Task.Delay(options.Quiet);
        var before = await fleet.EndPhaseAsync();
        await strike(site);
        var struck = FleetPhase.Now;
        await Task.Delay(options.Quiet + patience);
        var during = await fleet.EndPhaseAsync();
        await Task.Delay(options.Quiet);
        var without = await fleet.EndPhaseAsync();
        await mend(site);
        await fleet.ServedByAsync(site.Replicas[1].Host.Name);
        await Task.Delay(options.Quiet);
        var after = await fleet.StopAsync();
        var result = new ScaleOutResult(Invariant(
            $"{Say(during, struck)}, where about {InFlight(options)} were in flight; longest answer {new[] { during, without, after }.Max(Longest):F0} ms; later {without.Failed} of {without.Answered + without.Failed} and, once it is back, {after.Failed} of {after.Answered + after.Failed} failed"));
        result.Expect(0, before.Failed, "requests failed before");
        result.Expect(0, without.Failed, "requests failed with two servers");
        result.Expect(0, after.Failed, "requests failed when the third was back");
        return (result, during);
    }

    // TCP sends again what is lost: nothing fails, and the others answer as before.
    private static async Task<ScaleOutResult> LossAsync(ScaleOutOptions options)
    {
        const int Percent = 10;
        await using var site = await ScaleOutSite.OpenAsync(options);
        var fleet = await site.StartFleetAsync();
        await fleet.EndPhaseAsync();
        await Task.Delay(options.Quiet);
        var before = await fleet.EndPhaseAsync();
        await site.Lab.SetLossAsync(LabHost.Servers[1], Percent);
        await Task.Delay(options.Quiet * 2);
        var during = await fleet.EndPhaseAsync();
        await site.Lab.SetLossAsync(LabHost.Servers[1], 0);
        await fleet.ServedByAsync(LabHost.Servers[1].Name);
        var after = await fleet.StopAsync();
        return Unharmed(Invariant($"{Percent} % lost each way"), before, during, after);
    }

    private static async Task<ScaleOutResult> DelayAsync(ScaleOutOptions options)
    {
        const int Milliseconds = 100;
        await using var site = await ScaleOutSite.OpenAsync(options);
        var fleet = await site.StartFleetAsync();
        await fleet.EndPhaseAsync();
        await Task.Delay(options.Quiet);
        var before = await fleet.EndPhaseAsync();
        var host = LabHost.Servers[1];
        await site.Replicas[1].StopAsync();
        await site.Replicas[1].StartAsync("127.0.0.1:8081");
        site.Lab.Start(host, "dotnet", typeof(Relay).Assembly.Location, "relay", "--at", $"{host.Address}:8080", "--to", "127.0.0.1:8081", "--delay", Milliseconds.ToString(CultureInfo.InvariantCulture));
        await fleet.ServedByAsync(host.Name);
        var between = await fleet.EndPhaseAsync();
        await Task.Delay(options.Quiet * 2);
        var during = await fleet.StopAsync();
        return Unharmed(Invariant($"{Milliseconds} ms each way"), before, during, between);
    }

    private static ScaleOutResult Unharmed(string what, FleetReport before, FleetReport during, FleetReport other)
    {
        string Median(FleetReport report, string server) => report.Servers.TryGetValue(server, out var times) ? Invariant($"{times.Median:F0}/{times.P99:F0}") : "-";
        var result = new ScaleOutResult(Invariant(
            $"{what}: {before.Failed + during.Failed + other.Failed} of {before.Answered + during.Answered + other.Answered} failed; median/p99 in ms before, during: ")
            + string.Join("; ", LabHost.Servers.Select(host => $"{host.Name} {Median(before, host.Name)}, {Median(during, host.Name)}"))
            + Invariant($"; answers a second {before.PerSecond:F0}, {during.PerSecond:F0}"));
        result.Expect(0, before.Failed + during.Failed + other.Failed, "requests failed");
        return result;
    }

    // On one of three, on average.
    private static int InFlight(ScaleOutOptions options) => options.Clients * SlowMilliseconds / (SlowMilliseconds + options.PauseMilliseconds) / 3;

    private static string Say(FleetReport during, long when) => during.Failed == 0
        ? Invariant($"none of {during.Answered} failed")
        : Invariant($"{during.Failed} of {during.Answered + during.Failed} failed ({string.Join(", ", during.Statuses.Where(static status => status.Key != 200).Select(static status => Invariant($"{status.Value} x {status.Key}")))}; {during.Lost} lost, {during.Reset} reset, {during.NotConnected} not connected), sent from {during.FirstFailed - when} to {during.LastFailed - when} ms, the last told after {during.LastFailureEnded - when} ms");

    private static double Longest(FleetReport report) => report.Servers.Values.Select(static times => times.Longest).DefaultIfEmpty().Max();

    private static int Other(IEnumerable<FleetReport> reports) => reports.Sum(static report => report.Statuses.Where(static status => status.Key != 200).Sum(static status => status.Value));

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
