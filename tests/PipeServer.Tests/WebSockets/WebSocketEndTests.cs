using System.Net.WebSockets;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.WebSockets;

/// <summary>How a WebSocket ends where handler and server both have a say in it.</summary>
public abstract class WebSocketEndTests(string transport)
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    // A loop that closes what is closed, as most are written, threw in each drain, because the server had sent its 1001 before.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handler_may_close_what_the_server_has_closed(bool waits)
    {
        var ended = new TaskCompletionSource<string>();
        await using var server = await StartAsync(async socket =>
        {
            try
            {
                while (await socket.ReceiveAsync(new byte[100].AsMemory(), default) is { MessageType: not WebSocketMessageType.Close })
                {
                    // Messages are of no interest.
                }

                await (waits ? socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default)
                    : socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", default));
                ended.SetResult("in order");
            }
            catch (WebSocketException exception)
            {
                ended.SetResult(exception.Message);
            }
        });
        await using var socket = await TestWebSocket.ConnectAsync(server);
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "it is there");
        var stopping = server.Server.StopAsync();
        Assert.Equal(1001, (await socket.ReadCloseAsync()).Status);
        await socket.SendCloseAsync(1001);
        Assert.Equal("in order", await ended.Task.WaitAsync(Patience));
        Assert.True(await socket.Client.IsClosedAsync());
        await socket.DisposeAsync();
        Assert.Equal(ShutdownOutcome.Drained, (await stopping.WaitAsync(Patience)).Outcome);
    }

    // The handler heeds the token sooner than the heartbeat beats: its client was told 1011, or 1000, and the handler was called faulty. The clock stands
    // still, so that no beat comes.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handler_that_ends_with_the_drain_has_1001_sent(bool throws)
    {
        var time = new ManualTimeProvider();
        await using var server = await TestServer.StartAsync(
            transport,
            server => server.MapGet("/ws", async (request, _) =>
            {
                using var socket = await request.AcceptWebSocketAsync();
                try
                {
                    await Task.Delay(Timeout.Infinite, request.Draining);
                }
                catch (OperationCanceledException) when (!throws)
                {
                    // It returns.
                }
            }),
            options => options.TimeProvider = time);
        await using var socket = await TestWebSocket.ConnectAsync(server);
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "it is there");
        var stopping = server.Server.StopAsync();
        Assert.Equal(1001, (await socket.ReadCloseAsync()).Status);
        await socket.SendCloseAsync(1001);
        Assert.True(await socket.Client.IsClosedAsync());
        await socket.DisposeAsync();
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return stopping.IsCompleted;
            },
            "the server has stopped");
        Assert.Equal(ShutdownOutcome.Drained, (await stopping).Outcome);
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    // The client was told 1002, but an exception of the handler's own had the connection reset behind it, which may take the close frame with it.
    [Fact]
    public async Task What_the_handler_throws_does_not_cut_off_a_refusal()
    {
        await using var server = await StartAsync(static async socket =>
        {
            await Assert.ThrowsAsync<WebSocketException>(async () => await socket.ReceiveAsync(new byte[100].AsMemory(), default));
            throw new FormatException("on purpose");
        });
        await using var socket = await TestWebSocket.ConnectAsync(server);
        await socket.SendAsync(3, []);
        Assert.Equal(1002, (await socket.ReadCloseAsync()).Status);
        Assert.True(await socket.Client.IsClosedAsync());
        await Eventually.TrueAsync(() => server.Server.Requests is { Completed: 1, Aborted: 0 }, "it is counted as answered");
        Assert.Equal(1, server.Log.CountOf("The handler of GET /ws threw; its websocket is closed with an error"));
    }

    // What came before the close frame was discarded, and each piece of it gave the client another five seconds: for ever, if it liked.
    [Fact]
    public async Task A_client_that_goes_on_sending_has_no_longer_to_answer_the_handlers_close()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(
            static socket => new ValueTask(socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default)), options => options.TimeProvider = time);
        await using var socket = await TestWebSocket.ConnectAsync(server);
        Assert.Equal(1000, (await socket.ReadCloseAsync()).Status);
        for (var second = 0; second < 60 && server.Server.Requests.Aborted == 0; second++)
        {
            try
            {
                await socket.SendAsync(9, []); // it would be answered, were the WebSocket not closed
            }
            catch (Exception exception) when (exception is IOException or InvalidOperationException)
            {
                // It is cut off.
            }

            await Task.Delay(20); // for what was sent to be received
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "it is cut off");
        Assert.Equal(1, server.Log.CountOf("The WebSocket of GET /ws (websocket), "));
    }

    private Task<TestServer> StartAsync(Func<WebSocket, ValueTask> handle, Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        server => server.MapGet("/ws", async (request, _) =>
        {
            using var socket = await request.AcceptWebSocketAsync();
            await handle(socket);
        }),
        configure);
}
