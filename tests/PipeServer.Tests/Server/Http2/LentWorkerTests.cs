using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Server.Http2;

/// <summary>What a worker's thread does when a request over HTTP/2 has ended on it: it wakes the loop, which may be busy, and goes on with the next request.</summary>
public sealed class LentWorkerTests
{
    // A worker that had ended a request went on with its connection's loop. A handler that asked for a worker before it blocked was on one, as far as it could
    // see: it went on at once, in the turn, and held up all other streams.
    [Fact]
    public async Task A_handler_that_asks_for_a_worker_does_not_block_the_turn_of_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's.");
        using var ends = new ManualResetEventSlim();
        using var stalls = new ManualResetEventSlim();
        using var blocks = new ManualResetEventSlim();
        var running = new SemaphoreSlim(0);
        await using var host = await Http2Host.StartAsync(
            "epoll",
            server =>
            {
                Http2Handlers.Map(server);
                server.MapGet("/ends", (_, response) => Hold(response, running, ends));
                server.MapGet("/stalls", (_, response) => Hold(response, running, stalls), Dispatch.Inline);
                server.MapGet("/blocks", async (HttpRequest _, HttpResponse response) =>
                {
                    await server.Workers.ContinueOnWorker();
                    Hold(response, running, blocks);
                }, Dispatch.Inline);
            },
            static options => options.Transport = new EpollTransport(new EpollTransportOptions { Loops = 1 }));
        await using var client = await host.ConnectAsync();
        await using var other = await host.ConnectAsync();
        var first = await client.RequestAsync("GET", "/ends");
        Assert.True(await running.WaitAsync(TestClient.Patience));

        // While the loop of the transport is held up by another connection, a worker ends a request, and its client asks for more.
        var stalled = await other.RequestAsync("GET", "/stalls");
        Assert.True(await running.WaitAsync(TestClient.Patience));
        var second = await client.RequestAsync("GET", "/blocks");
        ends.Set();
        await Eventually.TrueAsync(() => host.Server.Running.GetActivity(1).Workers.All(static worker => worker.Request is null), "the worker is free");
        stalls.Set();
        Assert.True(await running.WaitAsync(TestClient.Patience), "it was found");
        Assert.Equal("held", (await other.ResponseAsync(stalled)).Text);
        Assert.Equal("held", (await client.ResponseAsync(first)).Text);
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
        blocks.Set();
        Assert.Equal("held", (await client.ResponseAsync(second)).Text);
    }

    private static void Hold(HttpResponse response, SemaphoreSlim running, ManualResetEventSlim gate)
    {
        running.Release();
        gate.Wait(2 * TestClient.Patience); // longer than any client waits
        response.WriteText("held");
    }
}
