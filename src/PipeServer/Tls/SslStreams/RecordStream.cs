using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using PipeServer.Transport;

namespace PipeServer.Tls.SslStreams;

/// <summary>
/// The records of a connection, as the stream that <see cref="System.Net.Security.SslStream"/> works on: it gets one whole record for each read, so that it
/// never holds a part of one, and what it writes only fills the transport's buffers until somebody flushes them.
/// </summary>
/// <remarks>
/// One reader and one writer at a time, which need not be the same. In the handshake a read waits for the client, by way of <see cref="IHandshakeIo"/>.
/// Afterwards its owner hands in the records (<see cref="Supply"/>), and a read that finds none waits for the next.
/// </remarks>
internal sealed class RecordStream(TransportConnection inner) : Stream, IValueTaskSource<int>
{
    private const byte CloseNotify = 0;

    private IHandshakeIo? _handshake;
    private volatile bool _isClosed; // the transport's connection may be another client's
    private long _handshakeBytes;
    private ReadOnlySequence<byte> _held; // received, and not handed on: from the first record on
    private ReadOnlySequence<byte> _record; // the rest of the one that is being handed on
    private bool _isHolding; // the transport's read is not advanced yet
    private long _examined; // so much of a record that has not come as a whole was looked at: a pipe allows no going back
    private ManualResetValueTaskSourceCore<int> _starving;
    private Memory<byte> _wanted;

    /// <summary>A read waits for a record.</summary>
    public bool IsStarving { get; private set; }

    /// <summary>How many bytes of the record are still to be handed on.</summary>
    public int LengthAtHand => (int)_record.Length;

    /// <summary>What the client has sent cannot be records of TLS.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>What has ended the handshake, unless it was the records themselves.</summary>
    public Exception? Failure { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>From now on reads wait for the client.</summary>
    public void BeginHandshake(IHandshakeIo io) => _handshake = io;

    /// <summary>From now on its owner supplies the records; those that have come already are there.</summary>
    public void EndHandshake() => _handshake = null;

    /// <summary>The transport is about to be disposed of: from now on nothing is read from it, and what is written is dropped.</summary>
    public override void Close()
    {
        _isClosed = true;
        _handshake = null;
    }

    /// <summary>Holds on to what the transport has received.</summary>
    public void Hold(in ReadResult read)
    {
        _held = read.Buffer;
        _isHolding = true;
    }

    /// <summary>
    /// Hands on the next record, if it is here as a whole; a read that waits for one goes on right here. False, and the transport is free for the next
    /// read, when it is not.
    /// </summary>
    public bool Supply()
    {
        if (!TryTakeRecord())
        {
            return false;
        }

        if (IsStarving)
        {
            IsStarving = false;
            _starving.SetResult(Copy(_wanted));
        }

        return true;
    }

    /// <summary>Nothing more comes: a read that waits finds the end.</summary>
    public void End()
    {
        if (IsStarving)
        {
            IsStarving = false;
            _starving.SetResult(0);
        }

        LetGo();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_record.IsEmpty || buffer.IsEmpty)
        {
            return new ValueTask<int>(Copy(buffer));
        }

        if (_handshake is { } io)
        {
            return ReadInHandshakeAsync(io, buffer);
        }

        _starving.Reset();
        _wanted = buffer;
        IsStarving = true;
        return new ValueTask<int>(this, _starving.Version);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        _handshake is { } io ? FlushInHandshakeAsync(io) : Task.CompletedTask;

    public override void Flush()
    {
        // Somebody flushes the transport's output when it is time.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!_isClosed)
        {
            inner.Output.Write(buffer);
        }
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    int IValueTaskSource<int>.GetResult(short token) => _starving.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _starving.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _starving.OnCompleted(continuation, state, token, flags);

    private int Copy(Memory<byte> buffer)
    {
        var part = _record.Slice(0, Math.Min(_record.Length, buffer.Length));
        part.CopyTo(buffer.Span);
        _record = _record.Slice(part.End);
        return (int)part.Length;
    }

    private bool TryTakeRecord()
    {
        var length = _isHolding ? RecordHeader.LengthOfFirst(in _held) : 0;
        if (length > 0)
        {
            _record = _held.Slice(0, length);
            _held = _held.Slice(_record.End);
            _examined = 0;
            return true;
        }

        IsMalformed |= length < 0;
        LetGo();
        return false;
    }

    private void LetGo()
    {
        if (_isHolding)
        {
            _isHolding = false;
            _examined = _held.Length;
            inner.Input.AdvanceTo(_held.Start, _held.End);
            _held = default;
        }
    }

    private async ValueTask<int> ReadInHandshakeAsync(IHandshakeIo io, Memory<byte> buffer)
    {
        try
        {
            if (!TryTakeRecord())
            {
                await WaitForRecordAsync(io).ConfigureAwait(false);
            }

            ThrowIfHandshakeIsOver();
            return Copy(buffer);
        }
        catch (Exception exception)
        {
            Failure ??= exception;
            throw;
        }
    }

    // The engine goes on to ask for records behind a client's close_notify, and keeps what it cannot use: neither has an end of its own.
    private void ThrowIfHandshakeIsOver()
    {
        const int AlertBytes = RecordHeader.Length + 2; // as long as it is not encrypted
        _handshakeBytes += _record.Length;
        if (_handshakeBytes > TlsTransportConnection.MaxHandshakeBytes)
        {
            throw new TlsHandshakeException("its TLS handshake is too long");
        }

        Span<byte> alert = stackalloc byte[AlertBytes];
        if (_record.Length == AlertBytes)
        {
            _record.CopyTo(alert);
            if (alert[0] == RecordHeader.Alert && alert[^1] == CloseNotify)
            {
                throw new TlsHandshakeException("it ended within its TLS handshake");
            }
        }
    }

    // Pieces are put together where they come; only the whole record is worth a thread of handshakes.
    private async ValueTask WaitForRecordAsync(IHandshakeIo io)
    {
        while (!IsMalformed)
        {
            var read = await io.ReadAsync(isCostly: false).ConfigureAwait(false);
            var length = RecordHeader.LengthOfFirst(read.Buffer);
            if (length > 0)
            {
                // Not all of it has been looked at, as far as the transport knows: the next read has it at once.
                inner.Input.AdvanceTo(read.Buffer.Start, read.Buffer.GetPosition(_examined));
                Hold(await io.ReadAsync(isCostly: true).ConfigureAwait(false));
                TryTakeRecord();
                return;
            }

            _examined = read.Buffer.Length;
            IsMalformed = length < 0;
            inner.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                throw new TlsHandshakeException("it ended within its TLS handshake");
            }
        }

        throw new TlsHandshakeException("what it sends is not TLS");
    }

    private async Task FlushInHandshakeAsync(IHandshakeIo io)
    {
        try
        {
            await io.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Failure ??= exception;
            throw;
        }
    }
}
