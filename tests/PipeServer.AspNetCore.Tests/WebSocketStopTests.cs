using System.Net.WebSockets;
using System.Text;

namespace PipeServer.AspNetCore.Tests;

/// <summary>
/// WebSockets over HTTP/1.1 in a stop. The framework's own socket writes its frames to the connection by itself, and nobody told its client that the server
/// went: it was cut off at the end of the grace period, where the application did not close by itself.
/// </summary>
public sealed class WebSocketStopTests
{
    private const string Handshake =
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    [Fact]
    public async Task An_application_that_does_not_care_has_its_clients_told()
    {
        await using var host = await StartAsync(Echo.AnswerAsync);
        using var socket = await ConnectAsync(host);
        Assert.Equal("hello", await ExchangeAsync(socket, "hello"));
        var stopping = host.Application.StopAsync();
        var received = await socket.ReceiveAsync(new byte[100], CancellationToken.None).WaitAsync(ApplicationHost.Patience);
        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.EndpointUnavailable), (received.MessageType, received.CloseStatus));
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await stopping.WaitAsync(ApplicationHost.Patience);
        Assert.Equal((ShutdownOutcome.Drained, 0), (host.Instance.ShutdownReport!.Outcome, host.Instance.ShutdownReport.Requests.Aborted));
    }

    [Fact]
    public async Task The_applications_own_close_frame_is_the_only_one()
    {
        await using var host = await StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[100], CancellationToken.None);
            await socket.CloseOutputAsync((WebSocketCloseStatus)4000, "own", CancellationToken.None);
            await socket.ReceiveAsync(new byte[100], CancellationToken.None);
        });
        using var before = await ConnectAsync(host);
        await using var client = await host.ConnectAsync();
        await client.SendAsync(Handshake);
        await client.ReadUntilAsync("\r\n\r\n");
        await client.SendAsync("\u0081\u0080\0\0\0\0"); // an empty text
        await client.ReadUntilAsync("own");
        using var behind = await ConnectAsync(host);
        var stopping = host.Application.StopAsync();
        await BothAreToldAsync(before, behind);
        await client.SendAsync("\u0088\u0082\0\0\0\0\u000f\u00a0");
        Assert.EndsWith("\u0088\u0005\u000f\u00a0own", await client.ReadToEndAsync());
        await stopping.WaitAsync(ApplicationHost.Patience);
    }

    // A fragment, and after the signal the rest: the close frame comes behind the message, and what the application sends behind that nowhere.
    [Fact]
    public async Task A_message_that_is_being_sent_comes_to_its_end_first()
    {
        var draining = new TaskCompletionSource();
        await using var host = await StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("one, "u8.ToArray(), WebSocketMessageType.Text, endOfMessage: false, CancellationToken.None);
            await draining.Task;
            await socket.SendAsync("two"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            await socket.SendAsync("three"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            await socket.ReceiveAsync(new byte[100], CancellationToken.None);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        });
        using var before = await ConnectAsync(host);
        await using var client = await host.ConnectAsync();
        await client.SendAsync(Handshake);
        await client.ReadUntilAsync("one, ");
        using var behind = await ConnectAsync(host);
        var stopping = host.Application.StopAsync();
        await BothAreToldAsync(before, behind);
        draining.SetResult();
        await client.ReadUntilAsync("\u0088\u0002\u0003\u00e9");
        await client.SendAsync("\u0088\u0082\0\0\0\0\u0003\u00e9");
        Assert.EndsWith("\u0001\u0005one, \u0080\u0003two\u0088\u0002\u0003\u00e9", await client.ReadToEndAsync());
        await stopping.WaitAsync(ApplicationHost.Patience);
    }

    // An implementation of the application's own, which writes its frames as it likes: lengths of all three kinds, byte by byte.
    [Theory]
    [InlineData(5)]
    [InlineData(200)]
    [InlineData(70_000)]
    public async Task The_end_of_a_frame_is_found_in_any_pieces(int length)
    {
        byte[] header = length < 126 ? [0x82, (byte)length]
            : length <= ushort.MaxValue ? [0x82, 126, (byte)(length >> 8), (byte)length]
            : [0x82, 127, 0, 0, 0, 0, 0, (byte)(length >> 16), (byte)(length >> 8), (byte)length];
        var draining = new TaskCompletionSource();
        await using var host = await StartAsync(async context =>
        {
            context.Response.Headers.SecWebSocketAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
            context.Response.Headers.Upgrade = "websocket";
            var stream = await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();
            await stream.WriteAsync(header.AsMemory(0, 1));
            await draining.Task;
            foreach (var value in header[1..])
            {
                await stream.WriteAsync(new[] { value });
            }

            await stream.WriteAsync(new byte[length - 1]);
            await stream.WriteAsync("."u8.ToArray());
            await stream.WriteAsync("behind"u8.ToArray());
            await stream.ReadExactlyAsync(new byte[8]);
        });
        using var before = await ConnectAsync(host);
        await using var client = await host.ConnectAsync();
        await client.SendAsync(Handshake);
        await client.ReadUntilAsync("\u0082");
        using var behind = await ConnectAsync(host);
        var stopping = host.Application.StopAsync();
        await BothAreToldAsync(before, behind);
        draining.SetResult();
        var close = ".\u0088\u0002\u0003\u00e9";
        await client.ReadUntilAsync(close);
        await client.SendAsync("\u0088\u0082\0\0\0\0\u0003\u00e9");
        Assert.EndsWith(close, await client.ReadToEndAsync());
        await stopping.WaitAsync(ApplicationHost.Patience);
    }

    private static Task<ApplicationHost> StartAsync(RequestDelegate answer) => ApplicationHost.StartAsync(application =>
    {
        application.UseWebSockets();
        application.Map("/echo", static branch => branch.Run(Echo.AnswerAsync));
        application.Run(answer);
    });

    // All are told one after the other: who came between these two, too, when both have been.
    private static async Task BothAreToldAsync(ClientWebSocket before, ClientWebSocket behind)
    {
        foreach (var socket in new[] { before, behind })
        {
            var received = await socket.ReceiveAsync(new byte[100], CancellationToken.None).WaitAsync(ApplicationHost.Patience);
            Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, received.CloseStatus);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
    }

    private static async Task<ClientWebSocket> ConnectAsync(ApplicationHost host)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Client.BaseAddress!.Port}/echo"), CancellationToken.None).WaitAsync(ApplicationHost.Patience);
        return socket;
    }

    private static async Task<string> ExchangeAsync(ClientWebSocket socket, string text)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        var buffer = new byte[100];
        var received = await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(ApplicationHost.Patience);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }
}
