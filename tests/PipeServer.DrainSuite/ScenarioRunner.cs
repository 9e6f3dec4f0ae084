using System.Diagnostics;
using System.Text.Json;

namespace PipeServer.DrainSuite;

/// <summary>Runs a scenario from the server's start to its end, and says what does not hold.</summary>
internal sealed class ScenarioRunner(SuiteOptions options)
{
    // Beyond the grace period: to abort, to join, to end the process.
    private static readonly TimeSpan ExitMargin = TimeSpan.FromSeconds(4);

    /// <summary>How long the server may take, in all, from the signal to its end.</summary>
    public TimeSpan Patience => options.Grace + ExitMargin;

    /// <inheritdoc cref="RunAsync(string, Func{ServerProcess, Tally, List{string}, Task}, bool, bool)"/>
    public Task<ScenarioResult> RunAsync(
        string name, Func<ServerProcess, Tally, Task> run, bool mayTakeAllTime = false, bool mustBeClean = true) =>
        RunAsync(name, (server, tally, _) => run(server, tally), mayTakeAllTime, mustBeClean);

    /// <summary>Sends a second signal, which ends the server at once, or changes nothing.</summary>
    public async Task CheckSecondSignalAsync(ServerProcess server, List<string> faults)
    {
        var second = Stopwatch.StartNew();
        await server.StopAsync();
        if (options.IgnoresSecondSignal)
        {
            if (await server.ExitAsync(Patience) is not null && second.Elapsed < options.Grace - TimeSpan.FromSeconds(2))
            {
                faults.Add($"the second signal ended it after {second.Elapsed.TotalSeconds:F1} s");
            }
        }
        else if (await server.ExitAsync(TimeSpan.FromSeconds(20)) is null || second.Elapsed > TimeSpan.FromSeconds(3.5))
        {
            faults.Add($"the second signal took {second.Elapsed.TotalSeconds:F1} s");
        }
    }

    /// <summary>Runs it.</summary>
    /// <param name="name">Its name in the scorecard.</param>
    /// <param name="run">Brings the server into a situation, sends the signal, and counts.</param>
    /// <param name="mayTakeAllTime">The stop may take longer than the grace period.</param>
    /// <param name="mustBeClean">The server ends with 0; else, it must not.</param>
    public async Task<ScenarioResult> RunAsync(
        string name, Func<ServerProcess, Tally, List<string>, Task> run, bool mayTakeAllTime = false, bool mustBeClean = true)
    {
        var tally = new Tally();
        var faults = new List<string>();
        using var server = await ServerProcess.StartAsync(options);
        try
        {
            await run(server, tally, faults);
        }
        catch (TimeoutException)
        {
            faults.Add("a client was neither answered nor refused");
        }

        if (name == "nothing-to-do")
        {
            await server.StopAsync();
        }

        var exit = await server.ExitAsync(Patience);
        if (await server.StopRequestAsync() is not RequestFate.Answered and var fate)
        {
            faults.Add($"the request for the stop: {fate}");
        }

        if (tally.Lost + tally.Reset > 0)
        {
            faults.Add($"{tally.Lost} requests lost, {tally.Reset} reset");
        }

        if (tally.Retryable > 0)
        {
            faults.Add($"{tally.Retryable} requests are to be sent again");
        }

        if (exit is null)
        {
            faults.Add("it did not end in time");
        }
        else if (!mayTakeAllTime && exit.Value.Seconds > Math.Max(5, options.Grace.TotalSeconds))
        {
            faults.Add($"it took {exit.Value.Seconds:F1} s");
        }

        if (exit is { } ended && mustBeClean != (ended.Code == 0))
        {
            faults.Add(mustBeClean ? $"it ended with {ended.Code}" : "it ended with 0, as if all had been answered");
        }

        if (mustBeClean && options.ReportPath is not null)
        {
            CompareLedger(tally, faults);
        }

        return new ScenarioResult(name, tally, exit?.Code, exit?.Seconds ?? 0, faults);
    }

    // accepted = completed + refused + aborted, and what the server completed is what the clients got.
    private void CompareLedger(Tally tally, List<string> faults)
    {
        using var report = JsonDocument.Parse(File.ReadAllText(options.ReportPath!));
        long Of(string part, string name) => report.RootElement.GetProperty(part).GetProperty(name).GetInt64();
        if (Of("connections", "accepted") != Of("connections", "closed") + Of("connections", "refused") + Of("connections", "aborted"))
        {
            faults.Add("the ledger of connections does not add up");
        }

        if (Of("requests", "received") != Of("requests", "completed") + Of("requests", "refused") + Of("requests", "aborted"))
        {
            faults.Add("the ledger of requests does not add up");
        }

        // One more for the request that warmed it, and one for the request that stopped it.
        var others = options.StopPath is null ? 1 : 2;
        var answered = tally.WebSockets ?? tally.Answered;
        if (Of("requests", "completed") != answered + others)
        {
            faults.Add($"the server completed {Of("requests", "completed") - others}, the clients got {answered}");
        }

        File.Delete(options.ReportPath!);
    }
}
