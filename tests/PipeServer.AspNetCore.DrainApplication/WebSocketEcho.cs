using System.Net.WebSockets;

namespace DrainApplication;

/// <summary>Sends back what comes. When the application stops it closes with 1001, as SignalR does: nobody else does that for an application.</summary>
internal sealed class WebSocketEcho : IDisposable
{
    private readonly WebSocket _socket;
    private readonly SemaphoreSlim _sending = new(1);
    private bool _isClosing;

    private WebSocketEcho(WebSocket socket) => _socket = socket;

    /// <summary>Serves one; to its end.</summary>
    public static async Task RunAsync(HttpContext context, IHostApplicationLifetime lifetime)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var echo = new WebSocketEcho(socket);
        var closing = Task.CompletedTask;
        await using (lifetime.ApplicationStopping.Register(() => closing = echo.CloseAsync()))
        {
            await echo.AnswerAsync(context.RequestAborted);
        }

        await closing;
    }

    public void Dispose() => _sending.Dispose();

    private async Task CloseAsync()
    {
        await Task.Yield(); // who stops the application has others to tell
        await _sending.WaitAsync();
        try
        {
            _isClosing = true;
            if (_socket.State is WebSocketState.Open)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, "the server is stopping", CancellationToken.None);
            }
        }
        catch (WebSocketException)
        {
            // The client has gone.
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task AnswerAsync(CancellationToken aborted)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer.AsMemory(), aborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                if (_socket.State == WebSocketState.CloseReceived)
                {
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                }

                return;
            }

            await _sending.WaitAsync(aborted);
            try
            {
                if (!_isClosing)
                {
                    await _socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, aborted);
                }
            }
            finally
            {
                _sending.Release();
            }
        }
    }
}
