using System.Net.WebSockets;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.WebSockets;

/// <summary>The life of a WebSocket as its handler, its client and the ledger see it: how it ends, its limits, its times, and the drain.</summary>
public abstract class WebSocketTests(string transport)
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    [Fact]
    public async Task The_status_and_the_reason_of_the_client_come_back()
    {
        await using var server = await StartAsync();
        foreach (var (payload, status, reason) in new[]
        {
            (TestWebSocket.ClosePayload(1000), 1000, ""), (TestWebSocket.ClosePayload(4711, "bye ä"), 4711, "bye ä"), ([], 1005, ""),
        })
        {
            await using var socket = await TestWebSocket.ConnectAsync(server);
            await socket.SendTextAsync("hello");
            Assert.Equal("hello", await socket.ReadTextAsync());
            await socket.SendAsync(8, payload);
            Assert.Equal((status, reason), await socket.ReadCloseAsync());
            Assert.True(await socket.Client.IsClosedAsync());
        }

        await Eventually.TrueAsync(() => server.Server.Requests is { Received: 3, Completed: 3 }, "three requests");
        await Eventually.TrueAsync(() => server.Server.Connections is { Accepted: 3, Closed: 3 }, "three connections");
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    // A receive without a buffer took the close frame, which the handler threw away: clients saw 1006.
    [Fact]
    public async Task A_receive_without_a_buffer_takes_nothing()
    {
        await using var server = await StartAsync();
        await using var socket = await TestWebSocket.ConnectAsync(server, "/looks");
        await socket.SendAsync(1, []);
        await socket.SendTextAsync("one");
        await socket.SendAsync(9, [7]);
        await socket.SendCloseAsync(1000);
        Assert.Equal("0 True", await socket.ReadTextAsync());
        Assert.Equal("3 True", await socket.ReadTextAsync());
        Assert.Equal(0x8A, (await socket.ReadAsync()).First);
        Assert.Equal("Close Close InvalidState", await socket.ReadTextAsync());
        Assert.Equal((1000, ""), await socket.ReadCloseAsync());
        Assert.True(await socket.Client.IsClosedAsync());
    }

    [Theory]
    [InlineData("/returns", 1000)]
    [InlineData("/throws", 1011)]
    public async Task A_handler_that_does_not_close_it_has_it_closed(string path, int status)
    {
        await using var server = await StartAsync();
        await using var socket = await TestWebSocket.ConnectAsync(server, path);
        Assert.Equal((status, ""), await socket.ReadCloseAsync());
        await socket.SendTextAsync("on its way");
        await socket.SendCloseAsync(status);
        Assert.True(await socket.Client.IsClosedAsync());
        await Eventually.TrueAsync(() => server.Server.Requests.Completed == 1, "it is answered");
        Assert.Equal(path == "/throws" ? 1 : 0, server.Log.CountOf("The handler of GET /throws threw; its websocket is closed with an error"));
        Assert.Equal(path == "/throws" ? 1 : 0, server.Log.CountFrom(LogLevel.Warning));
    }

    // The client breaks a rule, or leaves: neither is a fault of the handler that lets the exception pass.
    [Theory]
    [InlineData("not masked", 1002)]
    [InlineData("not UTF-8", 1007)]
    [InlineData("too long", 1009)]
    [InlineData("too long in parts", 1009)]
    public async Task A_client_that_breaks_a_rule_is_told_and_nobody_else(string rule, int status)
    {
        await using var server = await StartAsync();
        await using var socket = await TestWebSocket.ConnectAsync(server);
        switch (rule)
        {
            case "not masked":
                await socket.Client.SendAsync(new byte[] { 0x81, 1, 65 });
                break;
            case "not UTF-8":
                await socket.SendAsync(1, [0xC0, 0x80]);
                break;
            case "too long":
                await socket.SendAsync(2, new byte[1001]);
                break;
            default:
                await socket.SendAsync(2, new byte[600], isFinal: false);
                Assert.Equal(0x02, (await socket.ReadAsync()).First);
                await socket.SendAsync(0, new byte[401]);
                break;
        }

        Assert.Equal(status, (await socket.ReadCloseAsync()).Status);
        Assert.True(await socket.Client.IsClosedAsync());
        await Eventually.TrueAsync(() => server.Server.Requests.Completed == 1, "it is counted");
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_vanishes_is_no_fault(bool resets)
    {
        await using var server = await StartAsync();
        var socket = await TestWebSocket.ConnectAsync(server);
        await socket.SendAsync(2, [1, 2], isFinal: false);
        await socket.ReadAsync();
        if (resets)
        {
            await socket.Client.ResetAsync();
        }

        await socket.DisposeAsync();

        // One that has ended its direction in order may still read what it was sent, so that the server ends in order too: it was cut off once, and lost it.
        // Whether this one is seen to be gone for good depends on what carries it.
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted + (resets ? 0 : server.Server.Requests.Completed) == 1, "it is counted");
        await Eventually.TrueAsync(() => server.Server.Connections.Aborted + (resets ? 0 : server.Server.Connections.Closed) == 1, "it is counted");
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Fact]
    public async Task What_was_sent_and_received_is_told_when_it_has_ended()
    {
        var told = new TaskCompletionSource<(long?, long?, long, long, int)>();
        await using var server = await StartAsync(options => options.OnCompleted = (in RequestCompletion completion) => told.TrySetResult(
            (completion.MessagesReceived, completion.MessagesSent, completion.BodyBytesReceived, completion.BodyBytesSent, completion.StatusCode)));
        await using var socket = await TestWebSocket.ConnectAsync(server);
        await socket.SendTextAsync("one");
        await socket.SendAsync(2, [1], isFinal: false);
        await socket.SendAsync(0, [2, 3]);
        for (var i = 0; i < 3; i++)
        {
            await socket.ReadAsync();
        }

        await socket.SendCloseAsync(1000);
        await socket.ReadCloseAsync();
        Assert.Equal((2, 2, 6 + 3 + 6 + 1 + 6 + 2 + 6 + 2, 2 + 3 + 2 + 1 + 2 + 2 + 2 + 2, 101), await told.Task.WaitAsync(Patience));
    }

    [Theory]
    [InlineData("/ws")]
    [InlineData("/deflate")]
    public async Task A_long_message_comes_back_whole(string path)
    {
        await using var server = await StartAsync();
        await using var socket = await TestWebSocket.ConnectAsync(server, path + "?long", "Sec-WebSocket-Extensions: permessage-deflate");
        var message = new byte[3_000_000];
        new Random(5).NextBytes(message);
        var sending = socket.SendAsync(2, message);
        var received = new List<byte>();
        int first;
        do
        {
            (first, var payload) = await socket.ReadAsync();
            received.AddRange(payload);
        }
        while (first < 0x80);

        await sending;
        Assert.True(path == "/deflate" || message.AsSpan().SequenceEqual(received.ToArray()));
        await socket.SendCloseAsync(1000);
        Assert.Equal(1000, (await socket.ReadCloseAsync()).Status);
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Fact]
    public async Task A_silent_client_is_pinged_and_cut_off_where_it_does_not_answer()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(options => options.TimeProvider = time);
        await using var answers = await TestWebSocket.ConnectAsync(server);
        await answers.SendTextAsync("a");
        await answers.ReadAsync();
        for (var minute = 0; minute < 3; minute++)
        {
            time.Advance(TimeSpan.FromSeconds(31));
            Assert.Equal(0x89, (await answers.ReadAsync()).First);
            await answers.SendAsync(10, []);
            await answers.SendTextAsync("here");
            Assert.Equal("here", await answers.ReadTextAsync());
        }

        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(0x89, (await answers.ReadAsync()).First);
        time.Advance(TimeSpan.FromSeconds(21));
        await answers.Client.IsClosedAsync();
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "it is cut off");
        Assert.Equal(1, server.Log.CountOf("The WebSocket of GET /ws (websocket), "));
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Fact]
    public async Task A_client_without_messages_is_told_to_go_and_cut_off_where_it_does_not()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(options => options.TimeProvider = time);
        await using var goes = await TestWebSocket.ConnectAsync(server, "/idle");
        await using var stays = await TestWebSocket.ConnectAsync(server, "/idle");
        await goes.SendTextAsync("a");
        await goes.ReadAsync();
        await stays.SendTextAsync("a");
        await stays.ReadAsync();
        time.Advance(TimeSpan.FromSeconds(9));
        await stays.SendAsync(9, []); // no message
        Assert.Equal(0x8A, (await stays.ReadAsync()).First);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1001, (await goes.ReadCloseAsync()).Status);
        Assert.Equal(1001, (await stays.ReadCloseAsync()).Status);
        await goes.SendCloseAsync(1001);
        Assert.True(await goes.Client.IsClosedAsync());
        time.Advance(TimeSpan.FromSeconds(7));
        await Eventually.TrueAsync(() => server.Server.Requests is { Completed: 1, Aborted: 1 }, "the other one is cut off");
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Fact]
    public async Task A_client_that_does_not_answer_the_handlers_close_is_cut_off()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(options => options.TimeProvider = time);
        await using var socket = await TestWebSocket.ConnectAsync(server, "/returns");
        Assert.Equal(1000, (await socket.ReadCloseAsync()).Status);
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(6)); // the handler may have returned a moment ago
                return server.Server.Requests.Aborted == 1;
            },
            "it is cut off");
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    // Whatever the handler does: receives, sends without a receive, or is stuck in something else.
    [Theory]
    [InlineData("/ws")]
    [InlineData("/deflate")]
    [InlineData("/sends")]
    [InlineData("/waits")]
    public async Task In_a_drain_each_client_is_told_and_waited_for(string path)
    {
        await using var server = await StartAsync();
        await using var socket = await TestWebSocket.ConnectAsync(server, path, "Sec-WebSocket-Extensions: permessage-deflate");
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "it is there");
        var stopping = server.Server.StopAsync();
        (int First, byte[] Payload) frame;
        do
        {
            frame = await socket.ReadAsync();
        }
        while (frame.First != 0x88);

        Assert.Equal(1001, (frame.Payload[0] << 8) | frame.Payload[1]);
        Assert.False(stopping.IsCompleted);
        await socket.SendTextAsync("on its way");
        await socket.SendCloseAsync(1001);
        Assert.True(await socket.Client.IsClosedAsync());
        await socket.DisposeAsync();
        var report = await stopping.WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal((1, 1), (report.Requests.Received, report.Requests.Completed));
        Assert.Equal((1, 1), (report.Connections.Accepted, report.Connections.Closed));
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Theory]
    [InlineData("/ws")]
    [InlineData("/sends")]
    public async Task Who_does_not_answer_that_is_cut_off_and_named(string path)
    {
        await using var server = await StartAsync(static options => options.ShutdownGracePeriod = TimeSpan.FromMilliseconds(500));
        await using var socket = await TestWebSocket.ConnectAsync(server, path);
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "it is there");
        var report = await server.Server.StopAsync().WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.TimedOut, report.Outcome);
        Assert.StartsWith($"GET {path} (websocket), ", Assert.Single(report.CutOff));
        Assert.Equal((1, 1), (report.Requests.Received, report.Requests.Aborted));
        Assert.Equal(0, server.Log.Entries.Count(static entry => entry.Exception is not null));
    }

    [Fact]
    public async Task The_frameworks_rules_hold_for_the_handler()
    {
        await using var server = await StartAsync();
        await using var socket = await TestWebSocket.ConnectAsync(server, "/misuse");
        await socket.SendTextAsync("go");
        Assert.Equal("InvalidOperationException ArgumentException ArgumentException CloseSent InvalidState", await socket.ReadTextAsync());
        Assert.Equal((3000, "enough"), await socket.ReadCloseAsync());
        await socket.SendCloseAsync(1000);
        Assert.True(await socket.Client.IsClosedAsync());
        await Eventually.TrueAsync(() => server.Server.Requests.Completed == 1, "it is counted");
    }

    [Fact]
    public async Task A_cancelled_receive_aborts_it()
    {
        var state = new TaskCompletionSource<WebSocketState>();
        await using var server = await TestServer.StartAsync(transport, server => server.MapGet("/ws", async (request, _) =>
        {
            using var socket = await request.AcceptWebSocketAsync();
            using var cancellation = new CancellationTokenSource(50);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await socket.ReceiveAsync(new byte[10].AsMemory(), cancellation.Token));
            state.SetResult(socket.State);
        }));
        await using var socket = await TestWebSocket.ConnectAsync(server);
        Assert.Equal(WebSocketState.Aborted, await state.Task.WaitAsync(Patience));
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "it is cut off");
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        static server => WebSocketHandlers.Map(server),
        configure);
}
