using System.Net.WebSockets;
using System.Text;

namespace PipeServer.AspNetCore.Tests;

/// <summary>Upgrades: the framework's WebSockets, and protocols of one's own.</summary>
public sealed class WebSocketTests
{
    /// <summary>Sends back what comes, until the client closes.</summary>
    public static async Task EchoAsync(HttpContext context)
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

    [Fact]
    public async Task A_WebSocket_is_accepted()
    {
        await using var host = await ApplicationHost.StartAsync(static application =>
        {
            application.UseWebSockets();
            application.Run(EchoAsync);
        });
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("chat");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Client.BaseAddress!.Port}/"), CancellationToken.None).WaitAsync(ApplicationHost.Patience);
        Assert.Equal("chat", socket.SubProtocol);
        await TalkAsync(socket);
    }

    [Fact]
    public async Task A_connection_is_upgraded_to_a_protocol_of_ones_own()
    {
        var completed = new TaskCompletionSource();
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            var upgrade = context.Features.Get<IHttpUpgradeFeature>()!;
            Assert.True(upgrade.IsUpgradableRequest);
            context.Response.Headers.Upgrade = "loud";
            context.Response.OnCompleted(() =>
            {
                completed.SetResult();
                return Task.CompletedTask;
            });
            var stream = await upgrade.UpgradeAsync();
            Assert.Equal(101, context.Response.StatusCode);
            var buffer = new byte[100];
            int count;
            while ((count = await stream.ReadAsync(buffer)) > 0)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(buffer, 0, count).ToUpperInvariant()));
                if (buffer.AsSpan(0, count).Contains((byte)'.'))
                {
                    return;
                }
            }
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: loud\r\n\r\n");
        var head = await client.ReadUntilAsync("\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", head);
        Assert.Contains("Upgrade: loud", head);
        await client.SendAsync("hello.");
        Assert.EndsWith("HELLO.", await client.ReadToEndAsync());
        await completed.Task.WaitAsync(ApplicationHost.Patience);
    }

    [Fact]
    public async Task A_request_that_does_not_ask_is_not_upgraded()
    {
        await using var host = await ApplicationHost.StartAsync(static async context =>
        {
            var upgrade = context.Features.Get<IHttpUpgradeFeature>()!;
            Assert.False(upgrade.IsUpgradableRequest);
            await Assert.ThrowsAsync<InvalidOperationException>(upgrade.UpgradeAsync);
            await context.Response.WriteAsync("stays");
        });
        Assert.Equal("stays", await host.GetAsync("/"));
    }
}
