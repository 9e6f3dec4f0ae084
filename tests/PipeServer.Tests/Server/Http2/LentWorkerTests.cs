using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Turns of a connection's loop that run on a worker's thread, which has ended a request and goes on with the loop.</summary>
public sealed class LentWorkerTests
{
    // The bug: a handler of such a turn was on a worker, as far as it could see. One that asked for a worker before it blocked went on at once, in the turn,
    // and held up all other streams. Over epoll alone the thread that ends a request also finds what the client has sent meanwhile.
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

        // While the loop of the transport is held up by another connection, nobody but the worker can find what comes next.
        var stalled = await other.RequestAsync("GET", "/stalls");
        Assert.True(await running.WaitAsync(TestClient.Patience));
        var second = await client.RequestAsync("GET", "/blocks");
        ends.Set();
        Assert.True(await running.WaitAsync(TestClient.Patience), "it was found");
        stalls.Set();
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
