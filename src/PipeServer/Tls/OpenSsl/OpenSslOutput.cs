using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using PipeServer.Transport;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// What the client gets. Data is collected in a pooled buffer, or stays where it lies pinned, and is encrypted into the transport's memory when it is
/// flushed, 64 KB of it at a time.
/// </summary>
/// <remarks>
/// One writer at a time. The transport's output is touched under the lock of the handle only, and not by others while a flush is in progress.
/// </remarks>
internal sealed class OpenSslOutput(TransportConnection inner, OpenSslHandle handle) : PipeWriter
{
    private const int SmallBytes = 4 * 1024;

    // How much is encrypted before the system has to take some of it.
    private const int MaxAheadBytes = 64 * 1024;

    private static readonly FlushResult ClientIsGone = new(isCanceled: false, isCompleted: true);

    private byte[]? _buffer;
    private int _start; // of what is not encrypted
    private int _end;
    private PinnedBytes? _pinned; // behind the buffer
    private int _pinnedStart;
    private RecordLengths _records;
    private int _controlAhead; // of what is not flushed, under the lock
    private volatile bool _isFlushing;
    private bool _isCompleted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => PlainBytes + inner.Output.UnflushedBytes;

    /// <summary>Completes when the alert is sent that ends the connection; null where there is none, or it went at once.</summary>
    public Task? LastFlush { get; private set; }

    private long PlainBytes => _end - _start + (_pinned is null ? 0 : _pinned.Memory.Length - _pinnedStart);

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_end);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_end);
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)((_buffer?.Length ?? 0) - _end), nameof(bytes)); // negative ones too
        _end += bytes;
    }

    /// <summary>Writes bytes that are encrypted, later, from where they lie; a few are copied, to share a record with what is before them.</summary>
    public void Append(PinnedBytes bytes)
    {
        var length = bytes.Memory.Length;
        if (_pinned is null && length <= (_buffer is null ? SmallBytes : _buffer.Length - _end))
        {
            bytes.Memory.Span.CopyTo(GetSpan(Math.Max(1, length)));
            _end += length;
            return;
        }

        ThrowIfNotWritable();
        if (_pinned is not null)
        {
            EncryptAll();
        }

        (_pinned, _pinnedStart) = (bytes, 0);
    }

    /// <summary>Sends what is written if the system takes all of it at once, as nearly always. False: <see cref="FlushAsync"/> must see to it.</summary>
    public bool TryFlush()
    {
        lock (handle)
        {
            while (!_isFlushing && !_isCompleted && TryEncrypt(MaxAheadBytes) && inner.TryFlush())
            {
                if (PlainBytes == 0)
                {
                    return true;
                }
            }
        }

        return false;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfNotWritable();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        if (!TryBeginFlush())
        {
            return new ValueTask<FlushResult>(ClientIsGone);
        }

        ValueTask<FlushResult> flush;
        try
        {
            flush = inner.Output.FlushAsync(cancellationToken);
        }
        catch
        {
            _isFlushing = false;
            throw;
        }

        if (!flush.IsCompletedSuccessfully || PlainBytes > 0)
        {
            return PumpAsync(flush, cancellationToken);
        }

        _isFlushing = false;
        return flush;
    }

    public override void CancelPendingFlush() => inner.Output.CancelPendingFlush();

    /// <summary>Nothing more will be written. Sends what the system takes at once. An exception aborts the connection.</summary>
    public override void Complete(Exception? exception = null)
    {
        lock (handle)
        {
            if (_isCompleted || _isFlushing)
            {
                return;
            }

            if (exception is null)
            {
                _ = TryEncrypt(long.MaxValue);
            }

            _isCompleted = true;
        }

        ReturnBuffer();
        inner.Output.Complete(exception);
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        while (exception is null && !_isCompleted && PlainBytes > 0)
        {
            if ((await FlushAsync(CancellationToken.None).ConfigureAwait(false)).IsCompleted)
            {
                break;
            }
        }

        Complete(exception);
    }

    /// <summary>
    /// Encrypts what is left, and the client's notice that nothing follows (close_notify), to be sent when the transport ends its output. False: there is
    /// so much left that it must be flushed first.
    /// </summary>
    public bool TryEnd()
    {
        lock (handle)
        {
            if ((PlainBytes > MaxAheadBytes && !handle.IsUseless) || LastFlush is { IsCompleted: false })
            {
                return false;
            }

            if (!_isCompleted && TryEncrypt(long.MaxValue))
            {
                handle.End(inner.Output);
            }

            _isCompleted = true;
        }

        ReturnBuffer();
        return true;
    }

    /// <summary>
    /// For the reader: sends what OpenSSL has to say by itself, if nobody else is sending; else it goes with the flush in progress, or the next one.
    /// </summary>
    /// <param name="isLast">The connection ends with it.</param>
    public void SendControl(bool isLast)
    {
        lock (handle)
        {
            if (!handle.HasControl || _isFlushing || _isCompleted)
            {
                return;
            }

            _controlAhead = (inner.Output.UnflushedBytes == 0 ? 0 : _controlAhead) + handle.WriteControl(inner.Output);
            var isSent = inner.TryFlush();
            if (!isSent && isLast)
            {
                LastFlush = FlushLastAsync(); // the writer comes no further than to find that nothing can be sent any more
            }
            else if (!isSent && _controlAhead > MaxAheadBytes)
            {
                inner.Abort(); // nobody waits for it, so no deadline ends a client that has much answered and reads nothing
            }
        }
    }

    /// <summary>The connection is disposed of. A buffer that its writer has not given back may be in use: it is left to the garbage collector.</summary>
    public void Release() => _isCompleted = true;

    private async Task FlushLastAsync()
    {
        try
        {
            await inner.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // The alert is lost with the connection.
        }
    }

    private bool TryBeginFlush()
    {
        lock (handle)
        {
            if (!TryEncrypt(MaxAheadBytes))
            {
                return false;
            }

            _isFlushing = true;
            return true;
        }
    }

    // The flush has to wait, or there is more to encrypt than goes at once.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> PumpAsync(ValueTask<FlushResult> flush, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var result = await flush.ConfigureAwait(false);
                if (result.IsCompleted || result.IsCanceled || (PlainBytes == 0 && !handle.LookForControl()))
                {
                    return result;
                }

                if (!TryBeginFlush())
                {
                    return ClientIsGone;
                }

                flush = inner.Output.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            _isFlushing = false;
        }
    }

    // Under the lock. False: nothing can be sent any more.
    private bool TryEncrypt(long maxAhead)
    {
        handle.WriteControl(inner.Output);
        while (PlainBytes > 0)
        {
            if (handle.IsUseless)
            {
                return false;
            }

            if (maxAhead != long.MaxValue && inner.Output.UnflushedBytes >= maxAhead)
            {
                return true;
            }

            if (!TryEncryptRecord(_records.Next(PlainBytes)))
            {
                return false;
            }
        }

        ReturnBuffer();
        return !handle.IsUseless;
    }

    private bool TryEncryptRecord(int record)
    {
        if (_pinned is not null && _end > _start)
        {
            ShareRecord(record);
        }

        var isBuffered = _end > _start;
        var data = isBuffered ? _buffer.AsSpan(_start, _end - _start) : _pinned!.Memory.Span[_pinnedStart..];
        var taken = handle.Write(data[..Math.Min(record, data.Length)], inner.Output);
        _records.Count(taken);
        if (isBuffered)
        {
            _start += taken;
        }
        else if ((_pinnedStart += taken) == _pinned!.Memory.Length)
        {
            _pinned = null;
        }

        return taken > 0;
    }

    // The head, and the beginning of a body that lies elsewhere, as far as there is room behind the head.
    private void ShareRecord(int record)
    {
        var count = Math.Min(Math.Min(_buffer!.Length, _start + record) - _end, _pinned!.Memory.Length - _pinnedStart);
        if (count > 0)
        {
            _pinned.Memory.Span.Slice(_pinnedStart, count).CopyTo(_buffer.AsSpan(_end));
            _end += count;
            if ((_pinnedStart += count) == _pinned.Memory.Length)
            {
                _pinned = null;
            }
        }
    }

    private void MakeRoom(int bytes)
    {
        if (_buffer is null || _pinned is not null || _buffer.Length - _end < Math.Max(1, bytes) || bytes < 0)
        {
            AddRoom(bytes);
        }
    }

    private void AddRoom(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes, "sizeHint");
        ThrowIfNotWritable();
        if (_pinned is not null || _end - _start >= RecordHeader.MaxDataBytes)
        {
            EncryptAll();
        }

        var needed = Math.Max(1, bytes);
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(SmallBytes, needed));
        }
        else if (_buffer.Length - _end < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(RecordHeader.MaxDataBytes, _end - _start + needed));
            _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            (_buffer, _start, _end) = (larger, 0, _end - _start);
        }
    }

    // Data that cannot be sent any more is dropped: the next flush tells its writer.
    private void EncryptAll()
    {
        lock (handle)
        {
            if (!TryEncrypt(long.MaxValue))
            {
                (_start, _end, _pinned) = (0, 0, null);
            }
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer is { } buffer)
        {
            (_buffer, _start, _end) = (null, 0, 0);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void ThrowIfNotWritable()
    {
        if (_isCompleted || _isFlushing)
        {
            throw new InvalidOperationException(
                _isCompleted ? "Writing is not allowed after the writer was completed." : "A flush is in progress: await it before writing on.");
        }
    }
}
