using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using PipeServer.Transport;

namespace PipeServer.Tls.SslStreams;

/// <summary>
/// What the client gets: collected until it fills a record or is flushed, then encrypted into the transport's own output. Between two answers it holds no
/// buffer.
/// </summary>
/// <remarks>One writer at a time; only <see cref="PipeWriter.CancelPendingFlush"/> may come from other threads.</remarks>
internal sealed class SslStreamOutput(TransportConnection inner, SslStream ssl) : PipeWriter
{
    private const int SmallestBuffer = 4096;

    private byte[]? _buffer;
    private int _length;
    private bool _isBroken; // nothing can be encrypted any more: the client gets no further byte
    private volatile bool _isCompleted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _length + (_isCompleted ? 0 : inner.Output.UnflushedBytes);

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(Math.Max(1, sizeHint));
        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(Math.Max(1, sizeHint));
        return _buffer.AsSpan(_length);
    }

    public override void Advance(int bytes)
    {
        ThrowIfCompleted();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)((_buffer?.Length ?? 0) - _length), nameof(bytes));
        _length += bytes;
    }

    /// <summary>Writes bytes that stay where they are: what fills whole records is encrypted from there.</summary>
    public void Append(ReadOnlyMemory<byte> bytes)
    {
        ThrowIfCompleted();
        if (_length + bytes.Length > RecordHeader.MaxDataBytes)
        {
            // A record that has begun is filled first: an answer's head and the first part of its body leave together.
            if (_length is > 0 and < RecordHeader.MaxDataBytes)
            {
                var part = RecordHeader.MaxDataBytes - _length;
                this.Write(bytes.Span[..part]);
                bytes = bytes[part..];
            }

            Encrypt();
            var whole = bytes.Length / RecordHeader.MaxDataBytes * RecordHeader.MaxDataBytes;
            Encrypt(bytes[..whole]);
            bytes = bytes[whole..];
        }

        this.Write(bytes.Span);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        EncryptAll();
        return _isBroken
            ? new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true))
            : inner.Output.FlushAsync(cancellationToken);
    }

    /// <summary>See <see cref="TransportConnection.TryFlush"/>.</summary>
    public bool TryFlush()
    {
        if (_isCompleted)
        {
            return false;
        }

        EncryptAll();
        return !_isBroken && inner.TryFlush();
    }

    public override void CancelPendingFlush()
    {
        if (!_isCompleted)
        {
            inner.Output.CancelPendingFlush();
        }
    }

    /// <summary>Nothing more will be written; what is written is encrypted, and close_notify behind it. An exception aborts the connection instead.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (TryEnd(exception))
        {
            inner.Output.Complete(exception);
        }
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (TryEnd(exception))
        {
            await inner.Output.CompleteAsync(exception).ConfigureAwait(false);
        }
    }

    /// <summary>Encrypts what is left, and close_notify; what is sent afterwards is the transport's affair. False when that has been done before.</summary>
    public bool TryEnd(Exception? exception)
    {
        if (_isCompleted)
        {
            return false;
        }

        if (exception is null && !inner.IsClosed)
        {
            EncryptAll();
            EncryptEnd();
        }

        Discard();
        return true;
    }

    /// <summary>Nothing more will be written, and what is written and not flushed is dropped.</summary>
    public void Discard()
    {
        _isCompleted = true;
        (var buffer, _buffer, _length) = (_buffer, null, 0);
        if (buffer is not null && !inner.IsClosed)
        {
            ArrayPool<byte>.Shared.Return(buffer); // of a connection that was cut off, a handler may still have it
        }
    }

    private void MakeRoom(int wanted)
    {
        ThrowIfCompleted();
        if (_buffer is not null && _buffer.Length - _length >= wanted)
        {
            return;
        }

        if (_length >= RecordHeader.MaxDataBytes || (_length > 0 && _length + wanted > RecordHeader.MaxDataBytes))
        {
            Encrypt();
            if (_buffer!.Length >= wanted)
            {
                return;
            }
        }

        var usual = _buffer is null ? SmallestBuffer : Math.Min(2 * _buffer.Length, RecordHeader.MaxDataBytes);
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + wanted, usual));
        if (_buffer is not null)
        {
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }

    private void EncryptAll()
    {
        if (_buffer is not null)
        {
            Encrypt();
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }

    private void Encrypt()
    {
        var length = _length;
        _length = 0;
        Encrypt(_buffer.AsMemory(0, length));
    }

    private void Encrypt(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty || _isBroken)
        {
            return;
        }

        try
        {
            var write = ssl.WriteAsync(bytes);
            if (write.IsCompleted)
            {
#pragma warning disable VSTHRD002 // It has completed: the records only go into the transport's buffers.
                write.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            }
            else
            {
                Break();
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or NotSupportedException)
        {
            Break(); // what the client has sent has ended the session, or somebody has disposed of it
        }
    }

    private void EncryptEnd()
    {
        if (_isBroken)
        {
            return;
        }

        try
        {
            if (ssl.IsAuthenticated)
            {
                lock (ssl) // it writes what OpenSSL has by itself, while a read would be inside: memory was corrupted
                {
#pragma warning disable VSTHRD002 // As above.
                    ssl.ShutdownAsync().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
                }
            }
        }
#pragma warning disable CA1031 // The framework has an exception of its own for what OpenSSL says then.
        catch (Exception)
#pragma warning restore CA1031
        {
            _isBroken = true;
        }
    }

    // A client must not take what it has got for the whole.
    private void Break()
    {
        _isBroken = true;
        inner.Abort();
    }

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Writing is not allowed after the writer was completed.");
        }
    }
}
