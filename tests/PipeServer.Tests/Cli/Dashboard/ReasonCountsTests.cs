using PipeServer.Cli.Dashboard;

namespace PipeServer.Tests.Cli.Dashboard;

public sealed class ReasonCountsTests
{
    [Fact]
    public async Task Threads_that_count_at_once_lose_nothing()
    {
        var counts = new ReasonCounts();
        using var start = new Barrier(4);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => OwnThread.Run(() =>
        {
            start.SignalAndWait(TestClient.Patience);
            for (var i = 0; i < 10_000; i++)
            {
                counts.Add(400 + (i % 5), i % 2 == 0 ? RequestOutcome.Refused : RequestOutcome.Aborted, $"reason {i % 3}");
            }
        })));
        var totals = counts.Totals();
        Assert.Equal(40_000, totals.Sum(static total => total.Count));
        Assert.Equal(30, totals.Count);
        Assert.Equal(30, totals.Select(static total => (total.Status, total.Outcome, total.Reason)).Distinct().Count());
    }

    [Fact]
    public void What_has_no_room_counts_as_other()
    {
        var counts = new ReasonCounts();
        for (var i = 0; i < 1000; i++)
        {
            counts.Add(400, RequestOutcome.Refused, $"reason {i}");
        }

        var totals = counts.Totals();
        Assert.Equal(1000, totals.Sum(static total => total.Count));
        Assert.Equal(65, totals.Count);
        Assert.Equal(936, Assert.Single(totals, static total => total.Reason == ReasonCounts.Other).Count);
    }
}
