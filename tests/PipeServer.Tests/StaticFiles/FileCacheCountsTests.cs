using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>What the file cache finds and does not find is counted, unless nobody wants to know.</summary>
public sealed class FileCacheCountsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Hits_and_misses_are_counted_where_somebody_wants_to_know(bool isCounted)
    {
        await using var folder = new StaticFolder("epoll");
        folder.Write("root/a.txt", new string('a', 1000));
        using var files = new StaticFileHandler(folder.Root, new StaticFileOptions { Metrics = isCounted, TimeProvider = new LaterTime() });
        await using var server = await TestServer.StartAsync("epoll", server => server.MapFallback(files.TryHandle, files.HandleAsync));
        await using var client = await server.ConnectAsync();
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/a.txt"))).Status);
        Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/nothing"))).Status);
        var before = files.GetStatistics();
        Assert.Equal((isCounted ? 2 : 0, 0), (before.Misses, before.Hits));
        Assert.Equal((1, 0), (before.Entries, before.OpenFiles));
        Assert.InRange(before.Bytes, 1000, 5000);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/a.txt"))).Status);
        }

        // One that is compared with the disk is found all the same.
        Assert.Equal((isCounted ? 2 : 0, isCounted ? 10 : 0), (files.GetStatistics().Misses, files.GetStatistics().Hits));

        // What has changed is not found, and the look that learns it is counted too.
        folder.Replace("root/a.txt", "another");
        Assert.Equal("another", (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        Assert.Equal((isCounted ? 3 : 0, isCounted ? 10 : 0), (files.GetStatistics().Misses, files.GetStatistics().Hits));
    }

    // A look counts as a hit until it is known to be in vain: hits that were told in between went back, which Prometheus takes for a restart.
    [Fact]
    public void Hits_that_were_told_never_go_back()
    {
        var counts = new FileCacheCounts();
        counts.Look();
        Assert.Equal(1, counts.Hits);
        counts.Miss(wasCounted: true);
        Assert.Equal((1, 1), (counts.Hits, counts.Misses));
        counts.Look();
        Assert.Equal(1, counts.Hits);
        counts.Look();
        Assert.Equal(2, counts.Hits);
    }

    // What has just been written has not changed for long.
    private sealed class LaterTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);
    }
}
