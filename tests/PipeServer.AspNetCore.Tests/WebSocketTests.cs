using System.Net.WebSockets;
using System.Text;

namespace PipeServer.AspNetCore.Tests;

/// <summary>Upgrades: the framework's WebSockets, and protocols of one's own.</summary>
public sealed class WebSocketTests
{
    [Fact]
    public async Task A_WebSocket_is_accepted()
    {
        await using var host = await ApplicationHost.StartAsync(static application =>
        {
            application.UseWebSockets();
            application.Run(Echo.AnswerAsync);
        });
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("chat");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Client.BaseAddress!.Port}/"), CancellationToken.None).WaitAsync(ApplicationHost.Patience);
        Assert.Equal("chat", socket.SubProtocol);
        await Echo.TalkAsync(socket);
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
