namespace PipeServer.Tests.Server;

public sealed class ShortConnectionOverEpollTests() : ShortConnectionTests("epoll")
{
    // The client has everything and keeps its side open: the server lingered for five seconds, which under this clock never pass, and each
    // connection cost two system calls and a timeout more.
    [Theory]
    [InlineData("/inline", "HTTP/1.1", "Connection: close\r\n")]
    [InlineData("/inline", "HTTP/1.0", "")]
    [InlineData("/worker", "HTTP/1.1", "Connection: close\r\n")]
    [InlineData("/nowhere", "HTTP/1.1", "Connection: close\r\n")]
    public async Task A_client_that_asked_for_the_close_is_not_waited_for(string target, string version, string fields)
    {
        await using var server = await TestServer.StartAsync(
            "epoll",
            static server =>
            {
                server.MapGet("/inline", static (_, response) => response.WriteText("ok"), Dispatch.Inline);
                server.MapGet("/worker", static (_, response) => response.WriteText("ok"));
            },
            static options => options.TimeProvider = new ManualTimeProvider());
        for (var round = 1; round <= 3; round++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync($"GET {target} {version}\r\nHost: a\r\n{fields}\r\n");
            Assert.Equal(target == "/nowhere" ? 404 : 200, (await client.ReadResponseAsync()).Status);
            Assert.True(await client.IsClosedAsync());
            await Eventually.TrueAsync(() => server.Server.Connections.Closed == round, "the connection is over");
        }
    }
}
