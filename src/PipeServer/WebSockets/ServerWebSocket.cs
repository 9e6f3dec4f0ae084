using System.IO.Pipelines;
using System.Net.WebSockets;
using PipeServer.Diagnostics;
using PipeServer.Server;

namespace PipeServer.WebSockets;

/// <summary>
/// The server's side of one WebSocket, on the pipes of its connection (RFC 6455). The frames are the server's own; the framework's socket is there for
/// what is compressed (<see cref="InflatingSocket"/>).
/// </summary>
/// <remarks>
/// One receive at a time, and sends at the same time; what else the server has to say, pongs, pings and close frames, goes between the sends
/// (<see cref="FrameWriter"/>). It needs no timer: <see cref="WebSocketTimes"/> goes by the heartbeat.
/// </remarks>
internal sealed class ServerWebSocket : WebSocket, ISwitchedProtocol
{
    private const string ReasonOfStop = "the server is stopping";

    private readonly Exchange _exchange;
    private readonly Connection _connection;
    private readonly long _id;
    private readonly bool _isStream; // of HTTP/2: the connection has others
    private readonly Lock _ending = new(); // of the stream: once it has ended, nothing of it is touched
    private readonly FrameReader _frames;
    private readonly FrameWriter _output;
    private readonly WebSocketReceiver _receiver;
    private readonly InflatingSocket? _inflating; // where compression was agreed on
    private readonly WebSocketTimes _times;
    private readonly string? _subProtocol;
    private bool _isPartSent; // the last send did not end its message
    private bool _isDisposed;
    private volatile bool _isRefused; // the client has broken a rule, and is told so by a close frame
    private volatile bool _isAborted; // or the rules were broken, or the client has vanished
    private volatile bool _hasLeft; // the client has ended its direction, without a close frame: what it was sent before may still be on its way
    private volatile bool _hasEnded; // the handler has, and the connection goes on without this
    private volatile bool _isServersEnd; // the server, or the client, has ended it, not the handler

    public ServerWebSocket(Exchange exchange, IDuplexPipe pipe, WebSocketRules rules, string? subProtocol, WebSocketDeflateOptions? deflate)
    {
        _exchange = exchange;
        _connection = exchange.Connection;
        _id = _connection.Id;
        _isStream = exchange.Head.IsHttp2;
        _subProtocol = subProtocol;
        _output = new FrameWriter(pipe.Output);
        _frames = new FrameReader(_output, rules.MaxMessageBytes, mayBeCompressed: deflate is not null);
        _times = new WebSocketTimes(rules, _connection.Server.Heartbeat);
        _inflating = deflate is null ? null : new InflatingSocket(this, deflate, rules.MaxMessageBytes);
        _receiver = new WebSocketReceiver(this, pipe.Input, _frames, _times, _inflating);
    }

    /// <inheritdoc/>
    public string Name => "websocket";

    /// <inheritdoc/>
    public long MessagesReceived => _frames.Messages;

    /// <inheritdoc/>
    public long MessagesSent => _output.Messages;

    /// <inheritdoc/>
    public bool EndsInOrder => IsClosed || _isRefused || _hasLeft;

    public override WebSocketCloseStatus? CloseStatus => _frames.IsClosed ? _frames.CloseStatus : null;

    public override string? CloseStatusDescription => _frames.IsClosed ? _frames.CloseReason : null;

    public override string? SubProtocol => _subProtocol;

    public override WebSocketState State =>
        _isAborted ? WebSocketState.Aborted
        : _isDisposed || _hasEnded || IsClosed ? WebSocketState.Closed
        : _output.IsClosing ? WebSocketState.CloseSent
        : _frames.IsClosed ? WebSocketState.CloseReceived
        : WebSocketState.Open;

    /// <summary>What its client sends.</summary>
    internal WebSocketReceiver Receiver => _receiver;

    /// <summary>Nothing can be received any more.</summary>
    internal bool IsAborted => _isAborted;

    private bool IsClosed => _frames.IsClosed && _output.IsClosing && !_isAborted;

    // The server has begun the closing handshake while the handler was at work: where the handler wants to close too, that is what it gets.
    private bool IsServersClose => _isServersEnd && _output.IsClosing && !_isAborted && !_isDisposed && !_hasEnded;

    /// <summary>Where its frames go.</summary>
    internal FrameWriter Output => _output;

    public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (CannotReceive() is { } problem)
        {
            return ValueTask.FromException<ValueWebSocketReceiveResult>(problem);
        }

        return _receiver.ReceiveAsync(buffer, cancellationToken);
    }

    public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        var result = await ReceiveAsync(buffer.AsMemory(), cancellationToken).ConfigureAwait(false);
        return new WebSocketReceiveResult(result.Count, result.MessageType, result.EndOfMessage, CloseStatus, CloseStatusDescription);
    }

    public override Task SendAsync(ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer.AsMemory(), messageType, endOfMessage, cancellationToken).AsTask();

    public override ValueTask SendAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        SendAsync(buffer, messageType, endOfMessage ? WebSocketMessageFlags.EndOfMessage : WebSocketMessageFlags.None, cancellationToken);

    public override ValueTask SendAsync(
        ReadOnlyMemory<byte> buffer, WebSocketMessageType messageType, WebSocketMessageFlags messageFlags, CancellationToken cancellationToken)
    {
        if (messageType is not (WebSocketMessageType.Text or WebSocketMessageType.Binary))
        {
            throw new ArgumentException("A message is text or binary; a close frame is sent by CloseOutputAsync.", nameof(messageType));
        }

        if (CannotSend() is { } problem)
        {
            return ValueTask.FromException(problem);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        var isFinal = (messageFlags & WebSocketMessageFlags.EndOfMessage) != WebSocketMessageFlags.None;
        var opcode = _isPartSent ? FrameOpcode.Continuation : messageType == WebSocketMessageType.Text ? FrameOpcode.Text : FrameOpcode.Binary;
        _isPartSent = !isFinal;
        var sending = _inflating is null
            ? _output.SendAsync(opcode, isFinal, buffer, cancellationToken)
            : _inflating.SendAsync(buffer, messageType, messageFlags, cancellationToken);
        return sending.IsCompletedSuccessfully ? sending : AfterSendAsync(sending);
    }

    public override async Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        CloseFrames.Check(closeStatus, statusDescription);
        if (!IsServersClose && CannotSend() is { } problem)
        {
            throw problem;
        }

        _output.TryClose(closeStatus, statusDescription);
        await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        CloseFrames.Check(closeStatus, statusDescription);
        if (!IsServersClose && (_isAborted || _isDisposed || _hasEnded || IsClosed))
        {
            throw InvalidState("close");
        }

        _output.TryClose(closeStatus, statusDescription);
        await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
        await _receiver.WaitForCloseAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Cuts the connection off.</summary>
    public override void Abort()
    {
        _isAborted = true;
        CutConnection();
    }

    /// <summary>Nothing can be asked of it any more. The closing handshake follows when the handler has ended.</summary>
    public override void Dispose() => _isDisposed = true;

    /// <inheritdoc/>
    public void OnBeat(long now)
    {
        if (_hasEnded || _isAborted)
        {
            return;
        }

        if (_connection.Draining.IsCancellationRequested && !_output.IsClosing)
        {
            _isServersEnd = true;
            _output.TryClose(WebSocketCloseStatus.EndpointUnavailable, ReasonOfStop);
        }

        switch (_times.Check(now, _receiver.IsReceiving, _output.IsClosing, _connection.Draining.IsCancellationRequested))
        {
            case WebSocketVerdict.Ping:
                _output.Ping();
                break;
            case WebSocketVerdict.Idle:
                _isServersEnd = true;
                _output.TryClose(WebSocketCloseStatus.EndpointUnavailable, "no message for too long");
                break;
            case WebSocketVerdict.NoPong:
                CutOff("the client does not answer pings");
                break;
            case WebSocketVerdict.NoClose:
                CutOff("the client does not answer a close frame");
                break;
            default:
                break;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Exception?> EndAsync(Exception? fault)
    {
        _isServersEnd |= _connection.Draining.IsCancellationRequested; // the handler may have seen it before the heartbeat has
        var excused = _isServersEnd && IsOfConnection(fault);
        if (!_isAborted)
        {
            _ = fault is not null && !excused
                ? _output.TryClose(WebSocketCloseStatus.InternalServerError, reason: null)
                : _frames.IsClosed
                    ? _output.TryClose(_frames.CloseStatus, _frames.CloseReason)
                    : _isServersEnd
                        ? _output.TryClose(WebSocketCloseStatus.EndpointUnavailable, ReasonOfStop)
                        : _output.TryClose(WebSocketCloseStatus.NormalClosure, reason: null);
            await _output.FlushAsync().ConfigureAwait(false);
            _times.BeginClosing();
            try
            {
                await _receiver.WaitForCloseAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
            {
                // Told by the state.
            }
        }

        await _output.EndAsync().ConfigureAwait(false);
        if (!EndsInOrder)
        {
            CutConnection();
        }

        lock (_ending)
        {
            _hasEnded = true;
        }

        _inflating?.Dispose();

        return excused ? null : fault;
    }

    /// <summary>Ends it because of what its client has sent.</summary>
    internal WebSocketException Refused(WebSocketCloseStatus status, string text)
    {
        _isServersEnd = _isRefused = true;
        _output.TryClose(status, text);
        _isAborted = true;
        return new WebSocketException(WebSocketError.Faulted, $"The client has broken a rule: {text}.");
    }

    private async ValueTask AfterSendAsync(ValueTask sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Abort(); // in the middle of a frame
            throw;
        }
        catch (WebSocketException exception) when (exception.WebSocketErrorCode == WebSocketError.ConnectionClosedPrematurely)
        {
            throw Vanished(exception);
        }
    }

    // The connection's object is pooled, and so is the stream's: a call that comes late must not hit its next client.
    private void CutConnection()
    {
        if (_isStream)
        {
            lock (_ending)
            {
                if (!_hasEnded)
                {
                    _exchange.Request.Abort();
                }
            }

            return;
        }

        lock (_connection.Deadlines)
        {
            if (_connection.Id == _id)
            {
                _connection.Abort();
            }
        }
    }

    private void CutOff(string reason)
    {
        _isServersEnd = true;
        var request = RequestDescription.Of(_exchange, _connection.Server, _connection.OldestRequestStarted).ToString();
        Log.WebSocketCutOff(_connection.Server.Logger, request, reason);
        Abort();
    }

    /// <summary>What the application is told where the connection has failed.</summary>
    internal Exception Vanished(Exception exception)
    {
        _isServersEnd = true;
        _isAborted = true;
        return exception as WebSocketException ?? new WebSocketException(WebSocketError.ConnectionClosedPrematurely, exception);
    }

    /// <summary>The same where the client has ended its direction in order, but without a close frame.</summary>
    internal WebSocketException Left()
    {
        _hasLeft = true;
        return new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
    }

    private static bool IsOfConnection(Exception? fault) =>
        fault is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException
        || (fault?.InnerException is { } inner && IsOfConnection(inner));

    private Exception? CannotReceive() =>
        _isDisposed ? new ObjectDisposedException(nameof(WebSocket))
        : _isAborted || _hasEnded || _receiver.IsCloseTold ? InvalidState("receive")
        : null;

    private Exception? CannotSend() =>
        _isDisposed ? new ObjectDisposedException(nameof(WebSocket))
        : _isAborted || _hasEnded || _output.IsClosing ? InvalidState("send")
        : null;

    private WebSocketException InvalidState(string verb) =>
        new(WebSocketError.InvalidState, $"The WebSocket is in the state {State}: there is nothing to {verb} any more.");
}
