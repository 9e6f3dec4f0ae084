using System.Net.WebSockets;
using PipeServer.Http;

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
    private Utf8Check _text;
    private ValueWebSocketReceiveResult? _held; // an empty end of a message, which a receive without a buffer has come upon

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
        if (_held is { } held)
        {
            _held = buffer.IsEmpty ? held : null;
            return buffer.IsEmpty ? new ValueWebSocketReceiveResult(0, held.MessageType, endOfMessage: false) : held;
        }

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

        // The framework checks it too, but not whether it ends inside a character where the last frame is empty.
        if (result.MessageType == WebSocketMessageType.Text
            && (!_text.TryAdd(buffer.Span[..result.Count]) || (result.EndOfMessage && !_text.IsBetweenCharacters)))
        {
            throw _outer.Refused(WebSocketCloseStatus.InvalidPayloadData, "a text is not UTF-8");
        }

        if (result.EndOfMessage)
        {
            _messageBytes = 0;
            _outer.Receiver.CountMessage();
            if (buffer.IsEmpty)
            {
                // The framework takes an empty end for received then; here a receive without a buffer only looks.
                _held = result;
                return new ValueWebSocketReceiveResult(0, result.MessageType, endOfMessage: false);
            }
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
