using System.Net.Sockets;

namespace PipeServer.Tests.WebSockets;

/// <summary>An echoed message allocates nothing once everything is warm: the client in the same process, with one buffer and blocking calls.</summary>
[Collection(AllocationTests.Name)]
public sealed class WebSocketAllocationTests
{
    private const int Messages = 1000;
    private const int Overhead = 4096; // as in RequestAllocationTests

    [Theory]
    [InlineData(64)]
    [InlineData(1024)]
    public async Task A_message_allocates_nothing(int length)
    {
        await using var server = await TestServer.StartAsync(
            "epoll", static server => server.MapGet("/ws", static (request, _) => WebSocketHandlers.EchoAsync(request, Options), Dispatch.Inline));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(server.Server.EndPoints[0]);
        socket.Send(System.Text.Encoding.ASCII.GetBytes(TestWebSocket.Request("/ws")));
        var buffer = new byte[4096];
        Assert.True(socket.Receive(buffer) > 100);
        var frame = TestWebSocket.Frame(2, new byte[length]);
        var answer = length + (length > 125 ? 4 : 2);
        await AllocationTests.AssertAllocatesAtMostAsync(Overhead, () =>
        {
            for (var i = 0; i < Messages; i++)
            {
                socket.Send(frame);
                for (var received = 0; received < answer;)
                {
                    received += socket.Receive(buffer);
                }
            }

            return Task.CompletedTask;
        });
    }

    private static WebSocketAcceptOptions Options { get; } = new();
}
