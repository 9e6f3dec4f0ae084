using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
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
    private const int DiscardBytes = 1024;

    private readonly Exchange _exchange;
    private readonly Connection _connection;
    private readonly long _id;
    private readonly PipeReader _input;
    private readonly FrameReader _frames;
    private readonly FrameWriter _output;
    private readonly InflatingSocket? _inflating; // where compression was agreed on
    private readonly WebSocketTimes _times;
    private readonly string? _subProtocol;
    private TaskCompletionSource? _received; // made by who has to wait for the end of another one's receive
    private int _isReceiving;
    private bool _isPartSent; // the last send did not end its message
    private bool _isCloseTold; // a receive has returned the client's close frame, to somebody who had room for a message
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
        _input = pipe.Input;
        _subProtocol = subProtocol;
        _output = new FrameWriter(pipe.Output);
        _frames = new FrameReader(_output, rules.MaxMessageBytes, mayBeCompressed: deflate is not null);
        _times = new WebSocketTimes(rules, _connection.Server.Heartbeat);
        _inflating = deflate is null ? null : new InflatingSocket(this, deflate, rules.MaxMessageBytes);
    }

    /// <inheritdoc/>
    public string Name => "websocket";

    /// <inheritdoc/>
    public long MessagesReceived => _frames.Messages;

    /// <inheritdoc/>
    public long MessagesSent => _output.Messages;

    /// <inheritdoc/>
    public bool IsClosed => _frames.IsClosed && _output.IsClosing && !_isAborted;

    public override WebSocketCloseStatus? CloseStatus => _frames.IsClosed ? _frames.CloseStatus : null;

    public override string? CloseStatusDescription => _frames.IsClosed ? _frames.CloseReason : null;

    public override string? SubProtocol => _subProtocol;

    public override WebSocketState State =>
        _isAborted ? WebSocketState.Aborted
        : _isDisposed || _hasEnded || IsClosed ? WebSocketState.Closed
        : _output.IsClosing ? WebSocketState.CloseSent
        : _frames.IsClosed ? WebSocketState.CloseReceived
        : WebSocketState.Open;

    /// <summary>Its frames.</summary>
    internal FrameReader Frames => _frames;

    /// <summary>Where its frames go.</summary>
    internal FrameWriter Output => _output;

    public override ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (CannotReceive() is { } problem)
        {
            return ValueTask.FromException<ValueWebSocketReceiveResult>(problem);
        }

        if (_frames.IsClosed)
        {
            _isCloseTold |= !buffer.IsEmpty; // a receive without a buffer only looks
            return new(new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, endOfMessage: true));
        }

        if (Interlocked.Exchange(ref _isReceiving, 1) != 0)
        {
            return ValueTask.FromException<ValueWebSocketReceiveResult>(new InvalidOperationException("A receive is in progress: await it before the next."));
        }

        if (_inflating is not null || cancellationToken.IsCancellationRequested)
        {
            return WaitAsync(buffer, cancellationToken);
        }

        try
        {
            if (TryTakeAtHand(buffer.Span, out var result) || (_input.TryRead(out var read) && TryTake(read, buffer.Span, out result)))
            {
                EndReceive();
                return new(result);
            }
        }
        catch (Exception exception) when (exception is IOException or WebSocketException)
        {
            EndReceive();
            return ValueTask.FromException<ValueWebSocketReceiveResult>(Vanished(exception));
        }

        return WaitAsync(buffer, cancellationToken);
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

        if (_inflating is not null)
        {
            return _inflating.SendAsync(buffer, messageType, messageFlags, cancellationToken);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        var isFinal = (messageFlags & WebSocketMessageFlags.EndOfMessage) != WebSocketMessageFlags.None;
        var opcode = _isPartSent ? FrameOpcode.Continuation : messageType == WebSocketMessageType.Text ? FrameOpcode.Text : FrameOpcode.Binary;
        _isPartSent = !isFinal;
        var sending = _output.SendAsync(opcode, isFinal, buffer, cancellationToken);
        return sending.IsCompletedSuccessfully ? sending : AfterSendAsync(sending);
    }

    public override async Task CloseOutputAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        CloseFrames.Check(closeStatus, statusDescription);
        if (CannotSend() is { } problem)
        {
            throw problem;
        }

        _output.TryClose(closeStatus, statusDescription);
        await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken)
    {
        CloseFrames.Check(closeStatus, statusDescription);
        if (_isAborted || _isDisposed || _hasEnded || IsClosed)
        {
            throw InvalidState("close");
        }

        _output.TryClose(closeStatus, statusDescription);
        await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
        await WaitForCloseAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Cuts the connection off.</summary>
    public override void Abort()
    {
        _isAborted = true;
        if (!_hasEnded)
        {
            _connection.Abort(_id);
        }
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
            _output.TryClose(WebSocketCloseStatus.EndpointUnavailable, "the server is stopping");
        }

        switch (_times.Check(now, Volatile.Read(ref _isReceiving) != 0, _output.IsClosing, _connection.Draining.IsCancellationRequested))
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
        var excused = _isServersEnd && IsOfConnection(fault);
        if (!_isAborted)
        {
            _ = fault is not null && !excused
                ? _output.TryClose(WebSocketCloseStatus.InternalServerError, reason: null)
                : _frames.IsClosed
                    ? _output.TryClose(_frames.CloseStatus, _frames.CloseReason)
                    : _output.TryClose(WebSocketCloseStatus.NormalClosure, reason: null);
            await _output.FlushAsync().ConfigureAwait(false);
            _times.BeginClosing();
            try
            {
                await WaitForCloseAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
            {
                // Told by the state.
            }
        }

        await _output.EndAsync().ConfigureAwait(false);
        _hasEnded = true;
        _inflating?.Dispose();
        if (!IsClosed && !_isRefused && !_hasLeft)
        {
            _connection.Abort(_id);
        }

        return excused ? null : fault;
    }

    /// <summary>Reads the frames of messages as they came, for who decompresses them.</summary>
    /// <returns>How many bytes were read; 0 at the end, and where there was no room.</returns>
    /// <exception cref="WebSocketException">The client has broken a rule, or has vanished.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<int> ReadRawAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_frames.IsAtHand)
        {
            var none = ReadOnlySequence<byte>.Empty;
            _frames.TryTakeRaw(ref none, buffer.Span, out var taken);
            return taken;
        }

        while (true)
        {
            var read = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
            _times.OnReceived();
            var bytes = read.Buffer;
            var found = _frames.TryTakeRaw(ref bytes, buffer.Span, out var count);
            _input.AdvanceTo(bytes.Start, found == FrameRead.NeedsMore ? bytes.End : bytes.Start);
            if (found == FrameRead.Data)
            {
                return count;
            }

            if (found == FrameRead.Violation)
            {
                throw Refused();
            }

            if (read.IsCompleted)
            {
                throw Left();
            }
        }
    }

    /// <summary>Ends it because of what its client has sent.</summary>
    internal WebSocketException Refused(WebSocketCloseStatus status, string text)
    {
        _isServersEnd = _isRefused = true;
        _output.TryClose(status, text);
        _isAborted = true;
        return new WebSocketException(WebSocketError.Faulted, $"The client has broken a rule: {text}.");
    }

    // A receive that has to wait, or whose bytes are compressed.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ValueWebSocketReceiveResult> WaitAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            if (_inflating is not null)
            {
                var inflated = await _inflating.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
                OnTaken(inflated, buffer.Length);
                return inflated;
            }

            ValueWebSocketReceiveResult result;
            while (!TryTakeAtHand(buffer.Span, out result)
                && !TryTake(await _input.ReadAsync(cancellationToken).ConfigureAwait(false), buffer.Span, out result))
            {
                // Half a frame, or control frames.
            }

            return result;
        }
        catch (OperationCanceledException)
        {
            Abort();
            throw;
        }
        catch (Exception exception) when (exception is IOException or WebSocketException)
        {
            throw Vanished(exception);
        }
        finally
        {
            EndReceive();
        }
    }

    private bool TryTakeAtHand(Span<byte> destination, out ValueWebSocketReceiveResult result)
    {
        result = default;
        var none = ReadOnlySequence<byte>.Empty;
        return _frames.IsAtHand && _frames.TryTake(ref none, destination, out result) == FrameRead.Data;
    }

    private bool TryTake(in ReadResult read, Span<byte> destination, out ValueWebSocketReceiveResult result)
    {
        var bytes = read.Buffer;
        var hasNews = !bytes.IsEmpty;
        var found = _frames.TryTake(ref bytes, destination, out result);
        _input.AdvanceTo(bytes.Start, found == FrameRead.NeedsMore ? bytes.End : bytes.Start);
        if (hasNews)
        {
            _times.OnReceived();
        }

        switch (found)
        {
            case FrameRead.Data or FrameRead.Close:
                OnTaken(result, destination.Length);
                return true;
            case FrameRead.Violation:
                throw Refused();
            default:
                return !read.IsCompleted ? false : throw Left();
        }
    }

    private void OnTaken(in ValueWebSocketReceiveResult result, int room)
    {
        if (result.MessageType == WebSocketMessageType.Close)
        {
            _isCloseTold |= room > 0;
        }
        else
        {
            _times.OnMessage();
        }
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

    // Reads on until the client's close frame comes, and discards what comes before it.
    private async ValueTask WaitForCloseAsync(CancellationToken cancellationToken)
    {
        if (_frames.IsClosed || _isAborted)
        {
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(DiscardBytes);
        try
        {
            while (!_frames.IsClosed && !_isAborted)
            {
                if (Interlocked.Exchange(ref _isReceiving, 1) == 0)
                {
                    await WaitAsync(buffer, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await WaitForReceiverAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A receive of the application's is in progress: the close frame, or the end of the connection, comes to it.
    private async ValueTask WaitForReceiverAsync(CancellationToken cancellationToken)
    {
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _received, received)?.TrySetResult();
        if (Volatile.Read(ref _isReceiving) != 0)
        {
            await received.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void EndReceive()
    {
        Interlocked.Exchange(ref _isReceiving, 0);
        if (Volatile.Read(ref _received) is not null)
        {
            Interlocked.Exchange(ref _received, null)?.TrySetResult();
        }
    }

    private void CutOff(string reason)
    {
        _isServersEnd = true;
        var request = RequestDescription.Of(_exchange, _connection.Server, _connection.OldestRequestStarted).ToString();
        Log.WebSocketCutOff(_connection.Server.Logger, request, reason);
        Abort();
    }

    private WebSocketException Refused() => Refused(_frames.Violation!.Value.Status, _frames.Violation.Value.Text);

    private WebSocketException Left()
    {
        _hasLeft = true;
        return new WebSocketException(WebSocketError.ConnectionClosedPrematurely);
    }

    // What the application is told where the connection has failed.
    private Exception Vanished(Exception exception)
    {
        _isServersEnd = true;
        _isAborted = true;
        return exception as WebSocketException ?? new WebSocketException(WebSocketError.ConnectionClosedPrematurely, exception);
    }

    private static bool IsOfConnection(Exception? fault) =>
        fault is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException
        || (fault?.InnerException is { } inner && IsOfConnection(inner));

    private Exception? CannotReceive() =>
        _isDisposed ? new ObjectDisposedException(nameof(WebSocket))
        : _isAborted || _hasEnded || (_frames.IsClosed && _isCloseTold) ? InvalidState("receive")
        : null;

    private Exception? CannotSend() =>
        _isDisposed ? new ObjectDisposedException(nameof(WebSocket))
        : _isAborted || _hasEnded || _output.IsClosing ? InvalidState("send")
        : null;

    private WebSocketException InvalidState(string verb) =>
        new(WebSocketError.InvalidState, $"The WebSocket is in the state {State}: there is nothing to {verb} any more.");
}
