using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// Every case of <see cref="Http2Cases"/> on the wire, in one piece; over memory cut in two at every point too, as far as the bytes are not many. One suite,
/// unchanged over each transport.
/// </summary>
public abstract class Http2CaseProtocolTests(string transport)
{
    private const int AtOnce = 16;

    // Longer cases are about sizes: they are cut where a frame's header ends and begins, near both ends, and here and there.
    private const int MaxBytesCutEverywhere = 220;
    private const int StepOfLongCases = 97;

    public static TheoryData<string> Sections => [.. Http2Cases.All.Select(static item => item.Section).Distinct()];

    [Theory]
    [MemberData(nameof(Sections))]
    public async Task Every_case_goes_as_the_standard_says(string section)
    {
        await using var host = await Http2Host.StartAsync(transport, ProtocolServer.Map);
        var problems = new ConcurrentQueue<string>();
        var failed = new ConcurrentDictionary<string, bool>();
        var runs = Http2Cases.All.Where(item => item.Section == section).SelectMany(item => Cuts(item).Select(cut => (item, cut)));
        await Parallel.ForEachAsync(runs, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (run, _) =>
        {
            var (item, cut) = run;
            if (problems.Count > AtOnce || failed.ContainsKey(item.Id))
            {
                return;
            }

            await using var client = await host.ConnectRawAsync();
            var runner = new Http2CaseRunner(client.Stream, client.ShutdownSend) { Patience = TestClient.Patience };
            if (await runner.RunAsync(item, cut) is { } problem)
            {
                failed[item.Id] = true;
                problems.Enqueue($"cut at {cut}: {problem}");
            }
        });
        var faults = host.Log.Entries.Where(static entry => entry.Level >= LogLevel.Error).Select(static entry => $"{entry.Message} {entry.Exception}").Take(2);
        Assert.True(problems.IsEmpty, string.Join('\n', [.. problems.Take(40), .. faults]));
        Assert.DoesNotContain(host.Log.Entries, static entry => entry.Level >= LogLevel.Error);
    }

    private IEnumerable<int> Cuts(Http2Case item)
    {
        yield return 0;
        if (transport != "memory")
        {
            yield break;
        }

        var length = item.Opening.Length + item.Steps.TakeWhile(static step => !step.IsWait).Sum(static step => step.Bytes.Length);
        for (var cut = 1; cut < length; cut += cut < MaxBytesCutEverywhere ? 1 : Math.Max(StepOfLongCases, length / 100))
        {
            yield return cut;
        }
    }
}
