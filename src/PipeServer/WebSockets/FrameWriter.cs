using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace PipeServer.WebSockets;

/// <summary>
/// Writes frames, one sender after the other, straight into the connection's output. From any thread. A pong, a ping or a close that finds somebody sending
/// is not waited for: who sends sends it too, when its own frame is whole. Of pongs only the last one is kept (RFC 6455 §5.5.3), so that a
/// client that sends pings without end and reads nothing fills no memory.
/// </summary>
#pragma warning disable CA1001 // Nobody asks the gate for a wait handle, without which it holds nothing to dispose of.
internal sealed class FrameWriter(PipeWriter output)
#pragma warning restore CA1001
{
    // A longer payload is flushed piece by piece, so that a slow client does not have all of it in memory twice.
    private const int MaxPiece = 64 * 1024;

    private const int MaxHeader = 10;

    // What every transport has room for in a block.
    private const int MaxOnePiece = 4096;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private byte[]? _pong; // the payload of the one that is owed
    private int _ping; // 1: one is to be sent
    private byte[]? _close; // the payload of the close frame, set once; from then on nothing else is sent
    private bool _isCloseWritten; // behind the gate
    private bool _hasFailed; // nothing can arrive any more

    /// <summary>A close frame is sent, or is about to be.</summary>
    public bool IsClosing => Volatile.Read(ref _close) is not null;

    /// <summary>How many messages were sent to their end.</summary>
    public long Messages { get; private set; }

    private bool HasControls => Volatile.Read(ref _pong) is not null || Volatile.Read(ref _ping) != 0 || (IsClosing && !Volatile.Read(ref _isCloseWritten));

    /// <summary>Answers a ping.</summary>
    public void Pong(ReadOnlySpan<byte> payload)
    {
        Volatile.Write(ref _pong, payload.ToArray());
        SendControls();
    }

    /// <summary>Asks the client whether it is there.</summary>
    public void Ping()
    {
        Volatile.Write(ref _ping, 1);
        SendControls();
    }

    /// <summary>Has a close frame sent, if none is yet: the first one is the only one.</summary>
    public bool TryClose(WebSocketCloseStatus status, string? reason)
    {
        var isFirst = Interlocked.CompareExchange(ref _close, CloseFrames.Payload(status, reason), null) is null;
        if (isFirst)
        {
            SendControls();
        }

        return isFirst;
    }

    /// <summary>Sends a part of a message.</summary>
    /// <param name="opcode">What it is.</param>
    /// <param name="isFinal">It ends its message.</param>
    /// <param name="payload">The part.</param>
    /// <param name="cancellationToken">Ends the wait for the client, in the middle of a frame: the connection is of no use then.</param>
    /// <exception cref="WebSocketException">Nothing can be sent any more.</exception>
    public ValueTask SendAsync(FrameOpcode opcode, bool isFinal, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (payload.Length > MaxPiece || !TryEnter())
        {
            return SendLongAsync(opcode, isFinal, payload, cancellationToken);
        }

        ValueTask<FlushResult> flush;
        try
        {
            ThrowIfClosing();
            Write(opcode, isFinal, payload.Span);
            flush = output.FlushAsync(cancellationToken);
        }
#pragma warning disable CA1031 // Goes to the caller, by the task.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Exit();
            return ValueTask.FromException(Translated(exception));
        }

        if (!flush.IsCompletedSuccessfully)
        {
            return WaitAsync(flush, isFinal);
        }

#pragma warning disable VSTHRD103 // Completed, so it does not block.
        var result = flush.Result;
#pragma warning restore VSTHRD103
        Messages += isFinal ? 1 : 0;
        Exit();
        return result.IsCompleted ? ValueTask.FromException(Gone()) : ValueTask.CompletedTask;
    }

    /// <summary>Sends a frame that somebody else has made.</summary>
    /// <exception cref="WebSocketException">Nothing can be sent any more.</exception>
    public ValueTask SendRawAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellationToken) =>
        SendLongAsync(opcode: null, isFinal: (frame.Span[0] & 0x80) != 0, frame, cancellationToken);

    /// <summary>Completes when the close frame, and what was to be sent before it, has left; or cannot leave.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await SendUnderGateAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Sends what is still to be sent, and completes when nobody sends any more, nor will: the output is somebody else's from then on.</summary>
    public async ValueTask EndAsync()
    {
        var isSilent = Interlocked.CompareExchange(ref _close, [], null) is null;
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        Volatile.Write(ref _isCloseWritten, isSilent || _isCloseWritten);
        await SendUnderGateAsync(CancellationToken.None).ConfigureAwait(false);
        _hasFailed = true;
        _gate.Release(); // for a sender that comes late: it is told, and does not wait for good
    }

    private static WebSocketException Gone() => new(WebSocketError.ConnectionClosedPrematurely);

    private static Exception Translated(Exception exception) =>
        exception is IOException ? new WebSocketException(WebSocketError.ConnectionClosedPrematurely, exception) : exception;

#pragma warning disable VSTHRD103 // Does not wait.
    private bool TryEnter() => _gate.Wait(0, CancellationToken.None);
#pragma warning restore VSTHRD103

    private void Exit()
    {
        _gate.Release();
        if (HasControls)
        {
            SendControls();
        }
    }

    // Never waits: if somebody sends, it is left to him.
    private void SendControls()
    {
        while (!_hasFailed && HasControls && TryEnter())
        {
            ValueTask<FlushResult> flush;
            try
            {
                WriteControls();
                flush = output.FlushAsync(CancellationToken.None);
            }
#pragma warning disable CA1031 // The connection is gone, as its reader learns.
            catch (Exception)
#pragma warning restore CA1031
            {
                _hasFailed = true;
                _gate.Release();
                return;
            }

            if (!flush.IsCompletedSuccessfully)
            {
                _ = EndControlsAsync(flush);
                return;
            }

#pragma warning disable VSTHRD002 // Completed, so it does not block.
            _hasFailed |= flush.Result.IsCompleted;
#pragma warning restore VSTHRD002
            _gate.Release();
        }
    }

    private async ValueTask SendUnderGateAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!_hasFailed && HasControls)
            {
                WriteControls();
                _hasFailed |= (await output.FlushAsync(cancellationToken).ConfigureAwait(false)).IsCompleted;
            }
        }
        catch (IOException)
        {
            _hasFailed = true; // the connection is gone, as its reader learns
        }
    }

    private async Task EndControlsAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            _hasFailed |= (await flush.ConfigureAwait(false)).IsCompleted;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception)
#pragma warning restore CA1031
        {
            _hasFailed = true;
        }

        Exit();
    }

    private void WriteControls()
    {
        if (_isCloseWritten)
        {
            Volatile.Write(ref _pong, null);
            Volatile.Write(ref _ping, 0);
            return;
        }

        if (Interlocked.Exchange(ref _pong, null) is { } pong)
        {
            Write(FrameOpcode.Pong, isFinal: true, pong);
        }

        if (Interlocked.Exchange(ref _ping, 0) != 0)
        {
            Write(FrameOpcode.Ping, isFinal: true, default);
        }

        if (Volatile.Read(ref _close) is { } close)
        {
            Write(FrameOpcode.Close, isFinal: true, close);
            Volatile.Write(ref _isCloseWritten, true);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitAsync(ValueTask<FlushResult> flush, bool isFinal)
    {
        try
        {
            if ((await flush.ConfigureAwait(false)).IsCompleted)
            {
                throw Gone();
            }

            Messages += isFinal ? 1 : 0;
        }
        catch (IOException exception)
        {
            throw Translated(exception);
        }
        finally
        {
            Exit();
        }
    }

    // Without an opcode the payload is a whole frame, header included.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendLongAsync(FrameOpcode? opcode, bool isFinal, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing();
            if (opcode is { } kind)
            {
                output.Advance(WriteHeader(output.GetSpan(MaxHeader), kind, isFinal, payload.Length));
            }

            await WritePiecesAsync(payload, cancellationToken).ConfigureAwait(false);
            Messages += isFinal ? 1 : 0;
        }
        catch (IOException exception)
        {
            throw Translated(exception);
        }
        finally
        {
            Exit();
        }
    }

    private async ValueTask WritePiecesAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        do
        {
            var piece = bytes[..Math.Min(MaxPiece, bytes.Length)];
            bytes = bytes[piece.Length..];
            output.Write(piece.Span);
            if ((await output.FlushAsync(cancellationToken).ConfigureAwait(false)).IsCompleted)
            {
                throw Gone();
            }
        }
        while (!bytes.IsEmpty);
    }

    private void Write(FrameOpcode opcode, bool isFinal, ReadOnlySpan<byte> payload)
    {
        if (MaxHeader + payload.Length > MaxOnePiece)
        {
            output.Advance(WriteHeader(output.GetSpan(MaxHeader), opcode, isFinal, payload.Length));
            output.Write(payload);
            return;
        }

        var span = output.GetSpan(MaxHeader + payload.Length);
        var header = WriteHeader(span, opcode, isFinal, payload.Length);
        payload.CopyTo(span[header..]);
        output.Advance(header + payload.Length);
    }

    private static int WriteHeader(Span<byte> span, FrameOpcode opcode, bool isFinal, int length)
    {
        span[0] = (byte)((isFinal ? 0x80 : 0) | (int)opcode);
        if (length <= FrameHeader.MaxControlPayload)
        {
            span[1] = (byte)length;
            return 2;
        }

        if (length <= ushort.MaxValue)
        {
            span[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)length);
            return 4;
        }

        span[1] = 127;
        BinaryPrimitives.WriteInt64BigEndian(span[2..], length);
        return MaxHeader;
    }

    private void ThrowIfClosing()
    {
        if (IsClosing)
        {
            throw new WebSocketException(WebSocketError.InvalidState, "A close frame has been sent, so that nothing more can be sent.");
        }
    }
}
