namespace PipeServer.Tests.Server;

/// <summary>What only a network can show: resets.</summary>
public abstract class Http1ConnectionOverNetworkTests(string transport) : Http1ConnectionTests(transport)
{
    // The abort of one response took the whole ones before it along: they were in the same unflushed batch.
    [Theory]
    [InlineData("/too-short")]
    [InlineData("/too-short-unflushed")]
    [InlineData("/too-long")]
    public async Task An_abort_does_not_take_the_answers_before_it_along(string target)
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/inline/1") + TestClient.Get("/inline/2") + TestClient.Get(target));
        Assert.Equal("1", (await client.ReadResponseAsync()).Text);
        Assert.Equal("2", (await client.ReadResponseAsync()).Text);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await client.ReadResponseAsync();
            await client.ReadToEndAsync();
        });
        await Eventually.TrueAsync(() => server.Server.Requests is { Completed: 2, Aborted: 1 }, "two are completed, one is aborted");
    }
}
