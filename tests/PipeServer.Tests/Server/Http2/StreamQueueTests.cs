using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// Streams that end while they wait in the queue of their connection: their object goes to the next request, which must not be found where they stood.
/// Over memory, where the client's reads alone decide when the server may go on.
/// </summary>
public sealed class StreamQueueTests
{
    private const string Memory = "memory";
    private const int Window = 1_000_000;

    // The bug: a stream that ended in the queue stayed there. The request that was given its object stood at its place, before more urgent ones.
    [Fact]
    public async Task A_request_does_not_inherit_the_place_of_one_that_was_reset()
    {
        await using var host = await StartAsync();
        await using var client = await ConnectAsync(host);
        var first = await client.RequestAsync("GET", "/whole", new Field("priority", "u=3"));
        await client.UntilAsync(() => client.Responses[first].BodyLength == 65535, "all that the connection's window lets through");
        var reset = await client.RequestAsync("GET", "/whole", new Field("priority", "u=0"));
        await client.SendAsync(Http2Frame.Reset(reset));
        var last = await client.RequestAsync("GET", "/whole", new Field("priority", "u=7"));
        await client.UntilAsync(() => client.Responses[last].Status == 200, "the head");
        await client.SendAsync(Http2Frame.WindowUpdate(0, Window));
        await AssertOrderAsync(client, first, last);
    }

    // The same bug: a stream that waits there for the client to read, and is ended by the frame that is the first to be seen when it has.
    [Fact]
    public async Task A_request_does_not_inherit_the_place_of_one_that_has_ended()
    {
        using var entered = new SemaphoreSlim(0);
        using var gate = new ManualResetEventSlim();
        await using var host = await StartAsync(server => server.MapGet("/gate", (_, response) =>
        {
            entered.Release();
            gate.Wait(TestClient.Patience);
            response.WriteText("gate");
        }, Dispatch.Inline));
        await using var client = await ConnectAsync(host);
        await client.SendAsync(Http2Frame.WindowUpdate(0, Window));
        var first = await FillAsync(client, "u=3");
        var ended = await client.OpenAsync("POST", "/nothing", new Field("priority", "u=0"));
        await client.RequestAsync("GET", "/gate");
        Assert.True(await entered.WaitAsync(TestClient.Patience));

        // The turn is held up. Now the flush ends that the others wait for, and the next turn finds that and the frames together.
        await client.UntilAsync(() => client.Responses[first].BodyLength > 60_000, "what the connection holds");
        for (var round = 0; round < 20; round++)
        {
            await Task.Run(static () => { }); // the end of the flush is told on the thread pool
        }

        var last = client.TakeStream();
        await client.SendAsync(
            Http2Frame.Data(ended, [], end: true),
            Http2Frame.Headers(last, client.Encoder.Encode(client.Fields("GET", "/whole", new Field("priority", "u=7")))));
        gate.Set();
        await AssertOrderAsync(client, first, last);
        Assert.Equal(204, client.Responses[ended].Status);
    }

    // The bug: an answer that is a head alone was not over, and its callbacks waited, before the queue came to it: behind streams that wait for a window.
    [Fact]
    public async Task An_answer_without_a_body_is_over_though_others_wait_for_the_connections_window()
    {
        using var entered = new SemaphoreSlim(0);
        var completed = new TaskCompletionSource();
        await using var host = await StartAsync(server => server.MapGet("/told", (_, response) =>
        {
            entered.Release();
            response.OnCompleted(_ =>
            {
                completed.SetResult();
                return ValueTask.CompletedTask;
            });
            response.StatusCode = 204;
        }, Dispatch.Inline));
        await using var client = await ConnectAsync(host);
        var first = await FillAsync(client, "u=0");
        var told = await client.RequestAsync("GET", "/told", new Field("priority", "u=7"));
        Assert.True(await entered.WaitAsync(TestClient.Patience));
        Assert.Equal(204, (await client.ResponseAsync(told)).Status);
        await completed.Task.WaitAsync(TestClient.Patience);
        await Eventually.TrueAsync(() => host.Server.Requests is { Completed: 1, InFlight: 1 }, "it is over");
        Assert.Equal(65535, client.Responses[first].BodyLength);
        await client.SendAsync(Http2Frame.WindowUpdate(0, Window));
        Assert.Null(Http2Handlers.CheckBytes((await client.ResponseAsync(first)).Body, Http2Handlers.WholeBytes));
    }

    private static Task<Http2Host> StartAsync(Action<HttpServer>? map = null) => Http2Host.StartAsync(Memory, server =>
    {
        Http2Handlers.Map(server);
        server.MapPost("/nothing", static (_, response) => response.StatusCode = 204, Dispatch.Inline);
        map?.Invoke(server);
    });

    // Its streams' windows are large; the connection's is as it is at first.
    private static async Task<Http2TestClient> ConnectAsync(Http2Host host)
    {
        var client = await host.ConnectAsync((Setting.InitialWindowSize, Window));
        client.OpensWindows = false;
        return client;
    }

    // One whose answer is more than the server writes without a wait: when its head has come the flush waits for the client to read.
    private static async Task<int> FillAsync(Http2TestClient client, string priority)
    {
        var id = await client.RequestAsync("GET", "/whole", new Field("priority", priority));
        await client.UntilAsync(() => client.Responses[id].Status == 200, "the head");
        return id;
    }

    private static async Task AssertOrderAsync(Http2TestClient client, int first, int last)
    {
        Assert.Null(Http2Handlers.CheckBytes((await client.ResponseAsync(last)).Body, Http2Handlers.WholeBytes));
        Assert.Null(Http2Handlers.CheckBytes((await client.ResponseAsync(first)).Body, Http2Handlers.WholeBytes));
        var order = client.Conversation.Frames.Where(static frame => frame.EndsStream).Select(static frame => frame.StreamId).ToList();
        Assert.True(order.IndexOf(first) < order.IndexOf(last), string.Join(", ", order));
    }
}
