using System.Net.WebSockets;

namespace PipeServer.Tests.WebSockets;

/// <summary>What a WebSocket costs that only waits. Alone, because the work of the whole process is counted.</summary>
[Collection(nameof(RunsAlone))]
public sealed class WebSocketWaitTests
{
    private const long Busy = 2000; // work items in a tenth of a second; two that wake each other up make some ten thousands

    // Two closes that waited for the same receive woke each other up without end, a whole core for each such connection: also where a handler had left
    // receive and close behind, because the connection then waits too.
    [Fact]
    public async Task Closes_that_wait_for_a_receive_do_nothing_meanwhile()
    {
        var ended = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync("epoll", server => server.MapGet("/ws", async (request, _) =>
        {
            using var socket = await request.AcceptWebSocketAsync(new() { CloseTimeout = Timeout.InfiniteTimeSpan });
            var receiving = socket.ReceiveAsync(new byte[100].AsMemory(), default).AsTask();
            var closing = Enumerable.Range(0, 3).Select(_ => socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default)).ToArray();
            await Task.WhenAll([receiving, .. closing]);
            ended.SetResult();
        }));
        await using var socket = await TestWebSocket.ConnectAsync(server);
        Assert.Equal(1000, (await socket.ReadCloseAsync()).Status);
        var quiet = false;
        for (var tries = 0; tries < 100 && !quiet; tries++)
        {
            var before = ThreadPool.CompletedWorkItemCount;
            await Task.Delay(100);
            quiet = ThreadPool.CompletedWorkItemCount - before < Busy;
        }

        Assert.True(quiet, "Something goes on although nothing has come.");
        await socket.SendCloseAsync(1000);
        await ended.Task.WaitAsync(TestClient.Patience);
        Assert.True(await socket.Client.IsClosedAsync());
    }
}
