using PipeServer.Fuzz.Http2;

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
        using var gate = new SemaphoreSlim(0);
        Func<Task>? sendNext = null;
        var blocking = 0;
        await using var host = await Http2Host.StartAsync("epoll", server =>
        {
            Http2Handlers.Map(server);
            server.MapGet("/ends", async (HttpRequest _, HttpResponse response) =>
            {
                response.WriteText("ends");
                await sendNext!(); // at once: so that it is the turn that this thread goes on with that finds it, most often
            });
            server.MapGet("/blocks", async (HttpRequest _, HttpResponse response) =>
            {
                await server.Workers.ContinueOnWorker();
                Interlocked.Increment(ref blocking);
                gate.Wait(TestClient.Patience);
                response.WriteText("blocks");
            }, Dispatch.Inline);
        });
        await using var client = await host.ConnectAsync();
        for (var round = 1; round <= 50; round++)
        {
            var (ends, blocks) = (Get(client, "/ends"), Get(client, "/blocks"));
            sendNext = () => client.SendBytesAsync(blocks.Encode());
            await client.SendAsync(ends);
            client.Conversation.Note(blocks);
            Assert.Equal("ends", (await client.ResponseAsync(ends.StreamId)).Text);
            await Eventually.TrueAsync(() => Volatile.Read(ref blocking) == round, "it blocks");
            Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
            gate.Release();
            Assert.Equal("blocks", (await client.ResponseAsync(blocks.StreamId)).Text);
        }
    }

    private static Http2Frame Get(Http2TestClient client, string path) =>
        Http2Frame.Headers(client.TakeStream(), client.Encoder.Encode(client.Fields("GET", path)));
}
