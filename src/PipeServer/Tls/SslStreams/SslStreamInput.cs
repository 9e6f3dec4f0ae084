using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Runtime.CompilerServices;
using PipeServer.Transport;

namespace PipeServer.Tls.SslStreams;

/// <summary>
/// What the client sends, decrypted a record at a time. It waits on the transport's own reader, so that a read can be cancelled and loses nothing, and holds
/// no buffer while it waits.
/// </summary>
/// <remarks>One reader at a time; only <see cref="PipeReader.CancelPendingRead"/> may come from other threads.</remarks>
internal sealed class SslStreamInput(TransportConnection inner, SslStream ssl, RecordStream records) : PipeReader
{
    private const int SmallestBuffer = 1024;

    // A read takes what has come, up to about this much: a record of the largest size.
    private const int EnoughBytes = RecordHeader.MaxDataBytes;

    private byte[]? _buffer;
    private int _start;
    private int _end;
    private ValueTask<int> _decrypting; // while it waits for a record, it has the buffer's free part
    private bool _isDecrypting;
    private int _controlRecords; // without data, since the last one with some
    private bool _hasUnexamined;
    private bool _mayHaveMore; // the client's last record did not fit
    private bool _hasEnded; // by close_notify
    private bool _isTruncated; // the client has ended without it
    private bool _isReading;
    private int _isCancelRequested; // the transport's own mark may be late: one without this one means nothing
    private volatile bool _isCompleted;

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfNotReadable();
        while (true)
        {
            var isComplete = TryDecrypt(isLook: true);
            if (TakeCancelRequest() is var isCanceled && (isComplete || isCanceled))
            {
                result = Take(isCanceled);
                return true;
            }

            if (_isTruncated || !inner.Input.TryRead(out var read))
            {
                result = default;
                return false;
            }

            Hold(in read);
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => ReadAsync(isOfBody: true, cancellationToken);

    /// <summary>Reads.</summary>
    /// <param name="isOfBody">
    /// A client that ends without close_notify within a body has its connection aborted: a handler that reads its body must find that the client is gone.
    /// Not where it ends TCP behind its request: the answer is on its way to it, and a reset would take that away.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadResult> ReadAsync(bool isOfBody, CancellationToken cancellationToken)
    {
        ThrowIfNotReadable();
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            var isComplete = TryDecrypt(isLook: false, isOfBody);
            if (TakeCancelRequest() is var isCanceled && (isComplete || isCanceled))
            {
                return Take(isCanceled);
            }

            ReturnIfEmpty();
            var read = await inner.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (_isCompleted)
            {
                throw new IOException("The connection was aborted.");
            }

            Hold(in read);
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isReading)
        {
            throw new InvalidOperationException("There is no read to advance: AdvanceTo belongs to one TryRead or ReadAsync.");
        }

        _isReading = false;
        if (_start == _end)
        {
            return; // the result was empty, and so are its positions
        }

        _start = consumed.GetInteger();
        _hasUnexamined = examined.GetInteger() < _end;
    }

    public override void CancelPendingRead()
    {
        if (!_isCompleted)
        {
            RequestCancel();
            inner.Input.CancelPendingRead();
        }
    }

    /// <summary>The next read, or the one that waits once the transport's is cancelled, is cancelled. From any thread.</summary>
    public void RequestCancel() => Volatile.Write(ref _isCancelRequested, 1);

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        _isReading = false;
        if (inner.IsClosed)
        {
            return; // somebody may still be inside a read: the collector gets what there is
        }

        records.End();
        ReturnBuffer();
    }

    // True when there is something to tell: bytes that are new, or the end. A mere look is not told of a truncation: its caller may have answers to flush.
    private bool TryDecrypt(bool isLook, bool isOfBody = true)
    {
        if (_hasUnexamined)
        {
            return true;
        }

        var decrypted = 0;
        try
        {
            while (!_hasEnded && decrypted < EnoughBytes)
            {
                lock (ssl) // which takes a read beside a write, but no read beside its end: see SslStreamOutput
                {
                    if (!_mayHaveMore && !records.Supply())
                    {
                        break;
                    }

                    decrypted += DecryptOne();
                }
            }
        }
        catch (Exception exception)
        {
            inner.Abort();
            throw new IOException("What the client has sent could not be decrypted.", exception);
        }

        if (decrypted > 0)
        {
            return true;
        }

        if (!_hasEnded && (records.IsMalformed || (_isTruncated && !isLook)))
        {
            if (records.IsMalformed || isOfBody)
            {
                inner.Abort();
            }

            throw new IOException(records.IsMalformed
                ? "What the client has sent is not TLS."
                : "The client has ended the connection without TLS's close_notify.");
        }

        return _hasEnded;
    }

    // One record, or the rest of one that was larger than the buffer. Records without content leave the read waiting, and its buffer with it.
    private int DecryptOne()
    {
        if (!_isDecrypting)
        {
            MakeRoom();
#pragma warning disable CA2012 // Taken once: below, now or when its record has come.
            _decrypting = ssl.ReadAsync(_buffer.AsMemory(_end));
#pragma warning restore CA2012
            _isDecrypting = true;
        }

        if (_decrypting.IsCompleted)
        {
            _isDecrypting = false;
            var room = _buffer!.Length - _end;
#pragma warning disable VSTHRD002 // It has completed.
            var count = _decrypting.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            _end += count;
            _hasEnded = count == 0;
            _mayHaveMore = count == room;
            _controlRecords = 0;
            return count;
        }

        _mayHaveMore = false;
        return ++_controlRecords <= TlsTransportConnection.MaxControlRecords ? 0 : throw new IOException("There are too many records without data.");
    }

    private void MakeRoom()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }

        var wanted = Math.Max(SmallestBuffer, records.LengthAtHand);
        if (_buffer is not null && _buffer.Length - _end >= wanted)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(_end - _start + wanted + 1);
        if (_buffer is not null)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = (larger, 0, _end - _start);
    }

    private bool TakeCancelRequest() => Volatile.Read(ref _isCancelRequested) != 0 && Interlocked.Exchange(ref _isCancelRequested, 0) != 0;

    private void Hold(in ReadResult read)
    {
        _isTruncated |= read.IsCompleted;
        records.Hold(in read);
    }

    private ReadResult Take(bool isCanceled)
    {
        _isReading = true;
        _hasUnexamined = false;
        return new ReadResult(_buffer is null ? default : new ReadOnlySequence<byte>(_buffer, _start, _end - _start), isCanceled, _hasEnded);
    }

    private void ReturnIfEmpty()
    {
        if (_start == _end)
        {
            ReturnBuffer();
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer && !_isDecrypting)
        {
            (_buffer, _start, _end) = (null, 0, 0);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void ThrowIfNotReadable()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
        }

        if (_isReading)
        {
            throw new InvalidOperationException("A read is in progress: call AdvanceTo before the next.");
        }
    }
}
