using System.Buffers;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Streams beside each other: none holds up another, and each keeps its bounds.</summary>
public sealed class MultiplexProtocolTests
{
    private const int LargeWindow = 4 * 1024 * 1024;

    public static TheoryData<string> Transports => Http2Transports.All;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_slow_handler_does_not_hold_up_its_siblings(string transport)
    {
        using var gate = new ManualResetEventSlim();
        await using var host = await Http2Host.StartAsync(transport, server =>
        {
            Http2Handlers.Map(server);
            server.MapGet("/slow", (_, response) =>
            {
                gate.Wait(TestClient.Patience);
                response.WriteText("slow");
            });
        });
        await using var client = await host.ConnectAsync();
        var slow = await client.RequestAsync("GET", "/slow");
        string[] ways = ["/worker", "/inline", "/pool"];
        var streams = new List<int>();
        for (var at = 0; at < 63; at++)
        {
            streams.Add(await client.RequestAsync("GET", ways[at % 3]));
        }

        for (var at = 0; at < streams.Count; at++)
        {
            Assert.Equal(ways[at % 3][1..], (await client.ResponseAsync(streams[at])).Text);
        }

        Assert.False(client.Responses[slow].IsOver);
        gate.Set();
        Assert.Equal("slow", (await client.ResponseAsync(slow)).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_stream_that_is_not_read_does_not_hold_up_the_others(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync();
        foreach (var path in new[] { "/bytes/", "/worker/bytes/" })
        {
            var held = await client.RequestAsync("GET", path + "1000000");
            client.HeldStreams.Add(held);
            for (var round = 0; round < 5; round++)
            {
                Assert.Null(Http2Handlers.CheckBytes((await client.GetAsync(path + "200000")).Body, 200_000));
            }

            Assert.Equal(65535, client.Responses[held].BodyLength);
            client.HeldStreams.Clear();
            await client.SendAsync(Http2Frame.WindowUpdate(held, 65535));
            Assert.Null(Http2Handlers.CheckBytes((await client.ResponseAsync(held)).Body, 1_000_000));
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Incremental_streams_are_sent_in_turns(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 0));
        var streams = await OpenAtOnceAsync(client, ["u=3, i", "u=3, i", "u=3, i"]);
        var order = client.Conversation.Frames.Where(static frame => frame is { Kind: FrameKind.Data, Payload.Length: > 0 }).Select(static frame => frame.StreamId).ToList();

        // None of them is half through before each has begun.
        var total = client.Responses[streams[0]].BodyLength;
        foreach (var id in streams)
        {
            var before = order.TakeWhile(one => one != id).GroupBy(static one => one).Select(group => client.Responses[group.Key].DataLengths.Take(group.Count()).Sum());
            Assert.DoesNotContain(before, sum => sum > total / 2);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_more_urgent_stream_is_sent_first(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 0));
        var streams = await OpenAtOnceAsync(client, ["u=6", "u=2", "u=4"]);
        Assert.Equal([streams[1], streams[2], streams[0]], EndOrder(client));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_update_changes_the_urgency(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 0));

        // One before its request has come, one while it waits, one before and against its field, which counts for less (RFC 9218 §7).
        await client.SendAsync(Http2Frame.PriorityUpdate(1, "u=7"), Http2Frame.PriorityUpdate(5, "u=1"));
        var streams = await OpenAtOnceAsync(client, [null, "u=7", "u=7"], Http2Frame.PriorityUpdate(3, "u=0"));
        Assert.Equal([streams[1], streams[2], streams[0]], EndOrder(client));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_full_queue_is_503_on_the_stream(string transport)
    {
        using var gate = new ManualResetEventSlim();
        var running = 0;
        await using var host = await Http2Host.StartAsync(
            transport,
            server =>
            {
                Http2Handlers.Map(server);
                server.MapGet("/slow", (_, response) =>
                {
                    Interlocked.Increment(ref running);
                    gate.Wait(TestClient.Patience);
                    response.WriteText("slow");
                });
            },
            static options => (options.Workers, options.QueueCapacity) = (1, 1));
        await using var client = await host.ConnectAsync();
        var first = await client.RequestAsync("GET", "/slow");
        await Eventually.TrueAsync(() => Volatile.Read(ref running) == 1, "the worker is taken");
        var streams = new List<int>();
        for (var at = 0; at < 10; at++)
        {
            streams.Add(await client.RequestAsync("GET", "/slow"));
        }

        await client.UntilAsync(() => streams.Count(id => client.Responses[id].IsOver) >= 9, "the refusals");
        var refused = streams.Where(id => client.Responses[id].IsOver).Select(id => client.Responses[id]).ToList();
        Assert.All(refused, static response => Assert.Equal(503, response.Status));
        Assert.All(refused, static response => Assert.NotNull(response["retry-after"]));
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
        gate.Set();
        Assert.Equal("slow", (await client.ResponseAsync(first)).Text);
        foreach (var id in streams.Where(id => !client.Responses[id].IsOver))
        {
            Assert.Equal("slow", (await client.ResponseAsync(id)).Text);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task More_streams_than_are_allowed_are_refused(string transport)
    {
        const int Most = 4;
        var gate = new TaskCompletionSource();
        await using var host = await Http2Host.StartAsync(
            transport,
            server =>
            {
                Http2Handlers.Map(server);
                server.MapGet("/slow", async (HttpRequest _, HttpResponse response) =>
                {
                    await gate.Task;
                    response.WriteText("slow");
                });
            },
            static options => options.MaxStreamsPerConnection = Most);
        await using var client = await host.ConnectAsync();
        Assert.Equal((uint)Most, client.Conversation.ServerSettings[Setting.MaxConcurrentStreams]);
        var streams = new List<int>();
        for (var at = 0; at < Most; at++)
        {
            streams.Add(await client.RequestAsync("GET", "/slow"));
        }

        var refused = await client.ResponseAsync(await client.RequestAsync("GET", "/inline"));
        Assert.Equal(Code.RefusedStream, refused.ResetCode);
        Assert.Equal(0, refused.Status);
        gate.SetResult();
        foreach (var id in streams)
        {
            Assert.Equal("slow", (await client.ResponseAsync(id)).Text);
        }

        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_reset_stream_keeps_its_place_until_its_handler_has_returned(string transport)
    {
        const int Most = 4;
        var gate = new TaskCompletionSource();
        var running = 0;
        var most = 0;
        await using var host = await Http2Host.StartAsync(
            transport,
            server =>
            {
                Http2Handlers.Map(server);
                server.MapGet("/slow", async (HttpRequest _, HttpResponse response) =>
                {
                    var now = Interlocked.Increment(ref running);
                    InterlockedMax(ref most, now);
                    await gate.Task;
                    Interlocked.Decrement(ref running);
                });
            },
            static options => options.MaxStreamsPerConnection = Most);
        await using var client = await host.ConnectAsync();
        for (var at = 0; at < Most; at++)
        {
            var id = await client.RequestAsync("GET", "/slow");
            await Eventually.TrueAsync(() => Volatile.Read(ref running) == at + 1, "a handler runs");
            await client.SendAsync(Http2Frame.Reset(id));
        }

        for (var round = 0; round < 30; round++)
        {
            Assert.Equal(Code.RefusedStream, (await client.GetAsync("/slow")).ResetCode);
        }

        Assert.Equal(Most, Volatile.Read(ref running));
        gate.SetResult();
        await Eventually.TrueAsync(() => Volatile.Read(ref running) == 0, "the handlers return");
        await Eventually.TrueAsync(async () => (await client.GetAsync("/inline")).Status == 200, "there is room again");
        Assert.Equal(Most, most);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_reset_tells_the_handler(string transport)
    {
        var aborted = new TaskCompletionSource();
        var failed = new TaskCompletionSource<Exception>();
        var begun = new TaskCompletionSource();
        await using var host = await Http2Host.StartAsync(transport, server =>
        {
            Http2Handlers.Map(server);
            server.MapGet("/waits", async (HttpRequest request, HttpResponse response) =>
            {
                response.Body.Write("begun"u8);
                await response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, request.Aborted).ContinueWith(static _ => { }, TaskScheduler.Default);
                aborted.SetResult();
            });
            server.MapPost("/reads", async (HttpRequest request, HttpResponse response) =>
            {
                begun.SetResult();
                try
                {
                    while (!(await request.Body.ReadAsync()).IsCompleted)
                    {
                        request.Body.AdvanceTo(default);
                    }
                }
                catch (Exception exception)
                {
                    failed.SetResult(exception);
                    throw;
                }
            });
        });
        await using var client = await host.ConnectAsync();
        var waits = await client.RequestAsync("GET", "/waits");
        await client.UntilAsync(() => client.Responses[waits].Text == "begun", "the first bytes");
        var reads = await client.OpenAsync("POST", "/reads");
        await begun.Task.WaitAsync(TestClient.Patience);
        await client.SendAsync(Http2Frame.Reset(waits), Http2Frame.Reset(reads));
        await aborted.Task.WaitAsync(TestClient.Patience);
        Assert.IsAssignableFrom<IOException>(await failed.Task.WaitAsync(TestClient.Patience));
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
    }

    // The streams have their heads, and wait for windows that all open at once; gives them in order of their numbers, when all are over.
    private static async Task<List<int>> OpenAtOnceAsync(Http2TestClient client, string?[] priorities, params Http2Frame[] updates)
    {
        await client.SendAsync(Http2Frame.WindowUpdate(0, LargeWindow));
        var streams = new List<int>();
        foreach (var priority in priorities)
        {
            streams.Add(await client.RequestAsync("GET", "/whole", priority is null ? [] : [new Field("priority", priority)]));
        }

        await client.UntilAsync(() => streams.TrueForAll(id => client.Responses[id].Status == 200), "the heads");
        await client.SendAsync(updates);
        await client.PingAsync();
        await client.SendAsync(Http2Frame.SettingsOf((Setting.InitialWindowSize, 400_000)));
        foreach (var id in streams)
        {
            Assert.Null(Http2Handlers.CheckBytes((await client.ResponseAsync(id)).Body, Http2Handlers.WholeBytes));
        }

        return streams;
    }

    private static IEnumerable<int> EndOrder(Http2TestClient client) => client.Conversation.Frames.Where(static frame => frame.EndsStream).Select(static frame => frame.StreamId);

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value;)
        {
            seen = Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
