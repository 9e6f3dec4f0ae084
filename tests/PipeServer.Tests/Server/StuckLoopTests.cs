using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Server;

/// <summary>
/// The heartbeat beats on the event loops, so a handler that breaks the rule and blocks one of them must not take the timeouts of all other
/// clients with it.
/// </summary>
public sealed class StuckLoopTests
{
    [Fact]
    public async Task Clients_of_the_other_loops_still_time_out()
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "epoll is needed.");
        using var release = new ManualResetEventSlim();
        using var isStuck = new ManualResetEventSlim();
        await using var server = await TestServer.StartAsync(
            "epoll",
            server => MapStuck(server, isStuck, release, "free"),
            static options =>
            {
                options.Transport = new EpollTransport(new EpollTransportOptions { Loops = 2 });
                options.RequestHeadTimeout = TimeSpan.FromSeconds(1);
            });
        try
        {
            // Both connections before anything blocks: one on each loop.
            await using var stuck = await server.ConnectAsync();
            await using var slow = await server.ConnectAsync();
            await Eventually.TrueAsync(() => server.Server.Connections.Accepted == 2, "both are accepted");
            await slow.SendAsync("GET / HTTP/1.1\r\nX: ");
            await stuck.SendAsync(TestClient.Get("/stuck"));
            Assert.True(isStuck.Wait(TestClient.Patience));
            Assert.Equal(408, (await slow.ReadResponseAsync()).Status);
            release.Set();
            Assert.Equal("free", (await stuck.ReadResponseAsync()).Text);
        }
        finally
        {
            release.Set();
        }
    }

    // The heartbeat of a drain was the loops' own too: with every loop in a handler that never returns nobody told the idle clients of it, until
    // all of them were written off as aborted at the end of the grace period.
    [Fact]
    public async Task A_drain_closes_idle_connections_though_every_loop_is_stuck()
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "epoll is needed.");
        using var release = new ManualResetEventSlim();
        using var isStuck = new ManualResetEventSlim();
        await using var server = await TestServer.StartAsync(
            "epoll",
            server =>
            {
                server.MapGet("/", static (_, response) => response.WriteText("free"), Dispatch.Inline);
                MapStuck(server, isStuck, release, "late");
            },
            static options => options.Transport = new EpollTransport(new EpollTransportOptions { Loops = 1 }));
        try
        {
            await using var idle = await server.ConnectAsync();
            await using var stuck = await server.ConnectAsync();
            Assert.Equal("free", (await idle.RequestAsync(TestClient.Get("/"))).Text);
            await stuck.SendAsync(TestClient.Get("/stuck"));
            Assert.True(isStuck.Wait(TestClient.Patience));
            var stopping = server.Server.StopAsync();
            Assert.Empty(await idle.ReadToEndAsync());
            release.Set();
            Assert.Equal("late", (await stuck.ReadResponseAsync()).Text);
            await stuck.DisposeAsync();
            var report = await stopping;
            Assert.Equal((2, 2), (report.Connections.Accepted, report.Connections.Closed));
        }
        finally
        {
            release.Set();
        }
    }

    // A handler that breaks the rule: it holds its loop until it is released.
    private static void MapStuck(HttpServer server, ManualResetEventSlim isStuck, ManualResetEventSlim release, string text) => server.MapGet(
        "/stuck",
        (_, response) =>
        {
            isStuck.Set();
            release.Wait();
            response.WriteText(text);
        },
        Dispatch.Inline);
}
