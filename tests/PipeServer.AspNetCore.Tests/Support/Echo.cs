using System.Net.WebSockets;
using System.Text;

namespace PipeServer.AspNetCore.Tests.Support;

/// <summary>An echo over a WebSocket, and who talks to it.</summary>
internal static class Echo
{
    /// <summary>Sends back what comes, until the client closes.</summary>
    public static async Task AnswerAsync(HttpContext context)
    {
        Assert.True(context.WebSockets.IsWebSocketRequest);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }

    /// <summary>Talks to an echo, and closes.</summary>
    public static async Task TalkAsync(WebSocket socket)
    {
        using var deadline = new CancellationTokenSource(ApplicationHost.Patience);
        foreach (var text in new[] { "one", new string('x', 40_000), "" })
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, deadline.Token);
            var received = new MemoryStream();
            ValueWebSocketReceiveResult result;
            do
            {
                var buffer = new byte[16 * 1024];
                result = await socket.ReceiveAsync(buffer.AsMemory(), deadline.Token);
                received.Write(buffer, 0, result.Count);
            }
            while (!result.EndOfMessage);

            Assert.Equal(text, Encoding.UTF8.GetString(received.ToArray()));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token);
        Assert.Equal(WebSocketState.Closed, socket.State);
    }
}
