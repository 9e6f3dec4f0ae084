using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>How much listings may hold at once.</summary>
public sealed class ListingBudgetTests
{
    [Fact]
    public void Eight_of_the_largest_have_room_or_many_small_ones()
    {
        var budget = new ListingBudget(50_000);
        var shares = Enumerable.Range(0, 8).Select(_ => budget.TryBegin()!).ToList();
        Assert.All(shares, static share => Assert.True(share.TryHold(50_001)));
        var small = new List<ListingBudget.Share>();
        while (budget.TryBegin() is { } share)
        {
            small.Add(share);
        }

        Assert.InRange(small.Count, 0, 8);
        shares[0].Shrink(); // streamed from now on
        Assert.NotNull(budget.TryBegin());
        Assert.False(shares[0].TryHold(50_001));
        shares.ForEach(static share => share.Dispose());
        for (var count = 0; count < 700; count++)
        {
            Assert.NotNull(budget.TryBegin());
        }
    }

    [Fact]
    public async Task What_was_held_is_given_back_by_everybody()
    {
        var budget = new ListingBudget(1000);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(number => Task.Run(() =>
        {
            for (var round = 0; round < 5000; round++)
            {
                using var share = budget.TryBegin();
                if (share is not null && share.TryHold((round * 37) % 3000) && round % 3 == 0)
                {
                    share.Shrink();
                }
            }
        })));
        var shares = Enumerable.Range(0, 64).Select(_ => budget.TryBegin()).ToList();
        Assert.All(shares, Assert.NotNull);
        Assert.Null(budget.TryBegin());
    }

    // Without a bound, who asks for large listings and does not read them fills the memory.
    [Fact]
    public async Task More_listings_at_once_are_answered_503_until_some_have_ended()
    {
        await using var folder = new StaticFolder("memory");
        for (var number = 0; number < 1200; number++)
        {
            folder.Write($"root/{number}-{new string('x', 200)}.txt", "");
        }

        var server = await folder.ServeAsync(static options => (options.Browse, options.MaxSortedEntries) = (true, 100));
        var waiting = new List<TestClient>();
        for (var number = 0; number < 64; number++)
        {
            waiting.Add(await server.ConnectAsync());
            await waiting[^1].SendAsync(TestClient.Get("/"));
            Assert.Equal("HTTP/1.1 200 OK", await waiting[^1].ReadLineAsync());
        }

        await using var client = await server.ConnectAsync();
        var refused = await client.RequestAsync(TestClient.Get("/"));
        Assert.Equal((503, "1"), (refused.Status, refused["Retry-After"]));
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get($"/0-{new string('x', 200)}.txt"))).Status); // files are not held up
        foreach (var one in waiting)
        {
            await one.DisposeAsync();
        }

        await Eventually.TrueAsync(
            async () => (await client.RequestAsync(TestClient.Get("/"))).Status == 200, "the room is given back");
    }
}
