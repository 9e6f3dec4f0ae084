using System.Net.WebSockets;
using System.Text;
using Difference.Runner;

namespace Difference.Scenarios;

/// <summary>WebSockets on both servers: what comes back, and how they close.</summary>
public sealed class WebSocketTests(TwoServers servers)
{
    [Theory]
    [InlineData("text:hello")]
    [InlineData("text:")]
    [InlineData("text:one", "text:two", "bytes:three")]
    [InlineData("bytes:x", "close:1000:bye")]
    [InlineData("close:1001:")]
    [InlineData("close:4000:own")]
    [InlineData("text:close")]
    [InlineData("text:hello", "text:fail")]
    [InlineData("long:100000", "close:1000:bye")]
    public async Task Messages_come_back_and_closes_are_answered(params string[] steps)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(server => TalkAsync(new Uri($"ws://{server.Plain}/socket"), steps));
        Assert.NotEmpty(kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    private static async Task<string> TalkAsync(Uri server, string[] steps)
    {
        using var deadline = new CancellationTokenSource(RawClient.Patience);
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("other");
        socket.Options.AddSubProtocol("echo");
        await socket.ConnectAsync(server, deadline.Token);
        var transcript = new StringBuilder($"protocol {socket.SubProtocol}\n");
        foreach (var step in steps)
        {
            var parts = step.Split(':');
            if (parts[0] == "close")
            {
                await socket.CloseOutputAsync((WebSocketCloseStatus)int.Parse(parts[1]), parts[2], deadline.Token);
            }
            else
            {
                var bytes = Encoding.UTF8.GetBytes(parts[0] == "long" ? new string('l', int.Parse(parts[1])) : parts[1]);
                var type = parts[0] == "bytes" ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
                await socket.SendAsync(bytes, type, endOfMessage: true, deadline.Token);
            }

            transcript.AppendLine(await ReceiveAsync(socket, deadline.Token));
        }

        return transcript.ToString();
    }

    private static async Task<string> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer, cancellationToken);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return $"closed {(int?)received.CloseStatus} '{received.CloseStatusDescription}'";
                }

                message.Write(buffer, 0, received.Count);
                if (received.EndOfMessage)
                {
                    return $"{received.MessageType} of {message.Length}: {Checksum.Of(message.ToArray())}";
                }
            }
        }
        catch (WebSocketException e)
        {
            return $"{e.WebSocketErrorCode}";
        }
    }
}
