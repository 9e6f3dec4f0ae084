namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>All three servers get several times what they can do: each answers what it can, the rest is told so at once, and it is over when the clients are gone.</summary>
internal static class Overload
{
    private const int Workers = 2;
    private const int Queue = 8;
    private const int SleepMilliseconds = 20;
    private const int TimesAsMuch = 8;
    private const string Path = "/sleep?ms=20";

    // Three servers with two workers, each busy for 20 ms a request.
    private const int CanDoPerSecond = 3 * Workers * (1000 / SleepMilliseconds);

    /// <summary>Runs it.</summary>
    public static async Task<ScaleOutResult> RunAsync(ScaleOutOptions options)
    {
        await using var site = await ScaleOutSite.OpenAsync(options, static replica => replica with { Workers = Workers, Queue = Queue });

        // As many clients as can be served at once, without a pause.
        var full = await MeasureAsync(site, new FleetOptions(3 * Workers, 0, Path, IsPost: false), options.Quiet);
        var crowd = await site.StartFleetAsync(new FleetOptions(options.Clients, options.Clients * 1000 / (CanDoPerSecond * TimesAsMuch), Path, IsPost: false));
        await crowd.EndPhaseAsync();
        await Task.Delay(options.Quiet * 2);
        var over = await crowd.EndPhaseAsync();

        // One client stays: from when on it gets nothing but answers.
        var one = await site.StartFleetAsync(new FleetOptions(1, 20, Path, IsPost: false));
        await one.EndPhaseAsync();
        await crowd.StopAsync();
        var gone = FleetPhase.Now;
        await Task.Delay(options.Quiet);
        var recovery = await one.StopAsync();
        var refused = over.Statuses.GetValueOrDefault(503);
        var result = new ScaleOutResult(FormattableString.Invariant(
            $"{full.PerSecond:F0} answers a second with as many clients as workers (at most {CanDoPerSecond}), {over.PerSecond:F0} with {options.Clients} clients who ask {(over.Answered + over.Failed) * 1000.0 / (over.Until - over.Since):F0} times a second; {refused} x 503, median/p99 {over.Failures.Median:F0}/{over.Failures.P99:F0} ms, {over.WithRetryAfter} with Retry-After; answers median/p99 {Of(over, static times => times.Median):F0}/{Of(over, static times => times.P99):F0} ms; {over.Failed - refused} failed otherwise; the last 503 {Math.Max(0, recovery.LastFailureEnded - gone)} ms after the crowd was gone"));
        result.Expect(0, full.Failed, "requests failed that could be served");
        result.Expect(refused, over.Failed, "requests failed, and not all by a 503");
        result.Expect(refused, over.WithRetryAfter, "answers of 503 have a Retry-After");
        result.Expect(refused > 0, "nothing was refused: it was no overload");
        result.Expect(over.Answered > 0, "nothing was answered");
        result.Expect(recovery.Answered > 0, "nothing was answered when the crowd was gone");
        return result;
    }

    private static double Of(FleetReport report, Func<FleetReport.Times, double> time) => report.Servers.Values.Select(time).DefaultIfEmpty().Max();

    private static async Task<FleetReport> MeasureAsync(ScaleOutSite site, FleetOptions options, TimeSpan time)
    {
        var fleet = await site.StartFleetAsync(options);
        await fleet.EndPhaseAsync();
        await Task.Delay(time);
        var report = await fleet.EndPhaseAsync();
        await fleet.StopAsync();
        return report;
    }
}
