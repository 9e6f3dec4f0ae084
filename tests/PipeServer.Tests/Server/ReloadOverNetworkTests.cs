namespace PipeServer.Tests.Server;

/// <summary>The limit per address needs clients that have one.</summary>
public abstract class ReloadOverNetworkTests(string transport) : ReloadTests(transport)
{
    // Connections were counted by address only where there was a limit at the start.
    [Fact]
    public async Task A_limit_per_address_that_comes_later_counts_those_that_are_open()
    {
        await using var server = await StartAsync();
        var open = new List<TestClient>();
        for (var number = 0; number < 3; number++)
        {
            open.Add(await server.ConnectAsync());
            Assert.Equal(200, await AskAsync(open[^1]));
        }

        Reload(server, static options => options.MaxConnectionsPerAddress = 2);
        Assert.Equal(503, await AskAnewAsync(server));
        await EndAsync(server, open);
        Assert.Equal(503, await AskAnewAsync(server));
        await EndAsync(server, open);
        open.Add(await server.ConnectAsync());
        Assert.Equal(200, await AskAsync(open[^1]));
        Assert.Equal(503, await AskAnewAsync(server));

        // Off again, and on again: nothing is counted twice, or never.
        Reload(server, static options => options.MaxConnectionsPerAddress = null);
        open.Add(await server.ConnectAsync());
        Assert.Equal(200, await AskAsync(open[^1]));
        Reload(server, static options => options.MaxConnectionsPerAddress = 3);
        Assert.Equal(503, await AskAnewAsync(server));
        while (open.Count > 0)
        {
            await EndAsync(server, open);
        }

        Reload(server, static options => options.MaxConnectionsPerAddress = 1);
        await using var last = await server.ConnectAsync();
        Assert.Equal(200, await AskAsync(last));
        Assert.Equal(503, await AskAnewAsync(server));
    }
}
