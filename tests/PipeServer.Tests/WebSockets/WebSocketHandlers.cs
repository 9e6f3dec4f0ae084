using System.Net.WebSockets;
using System.Text;

namespace PipeServer.Tests.WebSockets;

/// <summary>What <see cref="WebSocketTests"/> talk to.</summary>
internal static class WebSocketHandlers
{
    private static readonly WebSocketAcceptOptions Short = new() { MaxMessageBytes = 1000, CloseTimeout = TimeSpan.FromSeconds(5) };
    private static readonly WebSocketAcceptOptions Long = new() { MaxMessageBytes = 10_000_000 };
    private static readonly WebSocketAcceptOptions Compressed = new() { MaxMessageBytes = 10_000_000, Deflate = new WebSocketDeflateOptions() };
    private static readonly WebSocketAcceptOptions Idle = new() { IdleTimeout = TimeSpan.FromSeconds(10), CloseTimeout = TimeSpan.FromSeconds(5) };

    public static void Map(HttpServer server)
    {
        server.MapGet("/ws", static (request, _) => EchoAsync(request, request.QueryString.Length > 0 ? Long : Short), Dispatch.Inline);
        server.MapGet("/deflate", static (request, _) => EchoAsync(request, Compressed), Dispatch.Inline);
        server.MapGet("/idle", static (request, _) => EchoAsync(request, Idle));
        server.MapGet("/looks", static (request, _) => LookAsync(request), Dispatch.Inline);
        server.MapGet("/returns", static async (HttpRequest request, HttpResponse _) => (await request.AcceptWebSocketAsync(Short)).Dispose());
        server.MapGet("/throws", static (request, _) => ThrowAsync(request), Dispatch.Inline);
        server.MapGet("/sends", static (request, _) => SendAsync(request));
        server.MapGet("/waits", static (request, _) => WaitAsync(request));
        server.MapGet("/misuse", static (request, _) => MisuseAsync(request));
    }

    public static async ValueTask EchoAsync(HttpRequest request, WebSocketAcceptOptions options)
    {
        using var socket = await request.AcceptWebSocketAsync(options);
        var buffer = new byte[8192];
        while (await socket.ReceiveAsync(buffer.AsMemory(), default) is { MessageType: not WebSocketMessageType.Close } received)
        {
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, default);
        }
    }

    private static async ValueTask LookAsync(HttpRequest request)
    {
        using var socket = await request.AcceptWebSocketAsync(Short);
        var buffer = new byte[100];
        while ((await socket.ReceiveAsync(Memory<byte>.Empty, default)).MessageType != WebSocketMessageType.Close)
        {
            await socket.ReceiveAsync(Memory<byte>.Empty, default);
            var received = await socket.ReceiveAsync(buffer.AsMemory(), default);
            await SayAsync(socket, $"{received.Count} {received.EndOfMessage}");
        }

        var looked = (await socket.ReceiveAsync(Memory<byte>.Empty, default)).MessageType;
        var taken = (await socket.ReceiveAsync(buffer.AsMemory(), default)).MessageType;
        var problem = await Assert.ThrowsAsync<WebSocketException>(async () => await socket.ReceiveAsync(buffer.AsMemory(), default));
        await SayAsync(socket, $"{looked} {taken} {problem.WebSocketErrorCode}");
    }

    private static async ValueTask ThrowAsync(HttpRequest request)
    {
        using var socket = await request.AcceptWebSocketAsync(Short);
        throw new FormatException("on purpose");
    }

    private static async ValueTask SendAsync(HttpRequest request)
    {
        using var socket = await request.AcceptWebSocketAsync(Short);
        while (true)
        {
            await SayAsync(socket, "tick");
            await Task.Delay(5);
        }
    }

    private static async ValueTask WaitAsync(HttpRequest request)
    {
        using var socket = await request.AcceptWebSocketAsync(Short);
        await Task.Delay(300);
    }

    private static async ValueTask MisuseAsync(HttpRequest request)
    {
        using var socket = await request.AcceptWebSocketAsync(Short);
        var buffer = new byte[100];
        await socket.ReceiveAsync(buffer.AsMemory(), default);
        var receiving = socket.ReceiveAsync(buffer.AsMemory(), default).AsTask();
        var second = await Assert.ThrowsAnyAsync<Exception>(async () => await socket.ReceiveAsync(new byte[1].AsMemory(), default));
        var reserved = await Assert.ThrowsAnyAsync<Exception>(async () => await socket.CloseOutputAsync((WebSocketCloseStatus)1006, null, default));
        var close = await Assert.ThrowsAnyAsync<Exception>(async () => await socket.SendAsync(buffer.AsMemory(), WebSocketMessageType.Close, true, default));
        await SayAsync(socket, $"{second.GetType().Name} {reserved.GetType().Name} {close.GetType().Name} CloseSent InvalidState");
        await socket.CloseOutputAsync((WebSocketCloseStatus)3000, "enough", default);
        Assert.Equal(WebSocketState.CloseSent, socket.State);
        var late = await Assert.ThrowsAsync<WebSocketException>(async () => await SayAsync(socket, "late"));
        Assert.Equal(WebSocketError.InvalidState, late.WebSocketErrorCode);
        Assert.Equal(WebSocketMessageType.Close, (await receiving).MessageType);
        Assert.Equal((WebSocketState.Closed, WebSocketCloseStatus.NormalClosure), (socket.State, socket.CloseStatus));
    }

    private static ValueTask SayAsync(WebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text).AsMemory(), WebSocketMessageType.Text, true, CancellationToken.None);
}
