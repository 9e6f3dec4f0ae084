using System.Net.WebSockets;

namespace PipeServer.WebSockets;

/// <summary>
/// The framework's socket inside a <see cref="ServerWebSocket"/>, for messages that may be compressed (RFC 7692): it decompresses and compresses, and
/// checks what is text. It is given the frames of messages, and the close frame, as they came; all the others, and every rule of framing, are seen to before.
/// </summary>
internal sealed class InflatingSocket : IDisposable
{
    private readonly ServerWebSocket _outer;
    private readonly WebSocket _inner;
    private readonly long _maxMessageBytes;
    private long _messageBytes;

    public InflatingSocket(ServerWebSocket outer, WebSocketDeflateOptions deflate, long maxMessageBytes)
    {
        _outer = outer;
        _maxMessageBytes = maxMessageBytes;
        _inner = WebSocket.CreateFromStream(
            new FrameStream(outer),
            new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero, DangerousDeflateOptions = deflate });
    }

    /// <summary>Receives the next part of a message, decompressed.</summary>
    public async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ValueWebSocketReceiveResult result;
        try
        {
            result = await _inner.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (WebSocketException exception) when (!_outer.Output.IsClosing && !IsOfConnection(exception))
        {
            throw _outer.Refused(WebSocketCloseStatus.InvalidPayloadData, "what is compressed cannot be decompressed");
        }

        if (result.MessageType == WebSocketMessageType.Close)
        {
            return result;
        }

        _messageBytes += result.Count;
        if (_messageBytes > _maxMessageBytes)
        {
            throw _outer.Refused(WebSocketCloseStatus.MessageTooBig, "a message is longer than this server takes");
        }

        if (result.EndOfMessage)
        {
            _messageBytes = 0;
            _outer.Receiver.CountMessage();
        }

        return result;
    }

    /// <summary>Sends a part of a message, compressed.</summary>
    public ValueTask SendAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, WebSocketMessageFlags messageFlags, CancellationToken cancellationToken) =>
        _inner.SendAsync(buffer, messageType, messageFlags, cancellationToken);

    // The framework tells all that its stream and its library throw as the end of the connection.
    private static bool IsOfConnection(WebSocketException exception) =>
        exception is { WebSocketErrorCode: WebSocketError.ConnectionClosedPrematurely, InnerException: null or IOException or WebSocketException };

    public void Dispose() => _inner.Dispose();
}
