using System.Buffers;
using System.IO.Pipelines;

namespace PipeServer.Server.Http2;

/// <summary>
/// A stream that its handler has taken over for good (RFC 8441, RFC 9110 §9.3.6): its bytes as they are. Writes have the write time-out and the least rate of
/// responses; reads have no time-out, and are completed when the client has ended its side. A handler goes on on the thread pool after each wait.
/// </summary>
/// <remarks>
/// It ends with the handler, whatever the handler has kept of it: the stream's body and response serve another client then. So every call is made under the
/// lock under which the end is noted. Reads and writes may go on beside each other, and each side belongs to one caller at a time.
/// </remarks>
internal sealed class Http2Tunnel : IDuplexPipe
{
    private readonly Lock _lock = new();
    private readonly Http2RequestBody _body;
    private readonly Reader _input;
    private readonly Writer _output;
    private long _bytesRead; // once it has ended
    private bool _hasEnded;

    /// <summary>Takes the stream out of the handling of requests: the reads of its body are not held to a time any more.</summary>
    /// <param name="body">What comes.</param>
    /// <param name="output">Where what is written becomes DATA. To complete it ends the stream behind what was written before.</param>
    public Http2Tunnel(Http2RequestBody body, PipeWriter output)
    {
        _body = body;
        _input = new Reader(this);
        _output = new Writer(this, output);
        body.BeginTunnel(this);
    }

    /// <inheritdoc/>
    public PipeReader Input => _input;

    /// <inheritdoc/>
    public PipeWriter Output => _output;

    /// <summary>How many bytes the handler has got.</summary>
    public long BytesRead
    {
        get
        {
            lock (_lock)
            {
                return _hasEnded ? _bytesRead : _body.ReturnedBytes;
            }
        }
    }

    /// <summary>How many bytes the handler has written.</summary>
    public long BytesWritten => _output.BytesWritten;

    /// <summary>The handler has ended: what it still does with the tunnel has no effect.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (!_hasEnded)
            {
                _bytesRead = _body.ReturnedBytes;
                _hasEnded = true;
            }
        }
    }

    private static InvalidOperationException Late() =>
        new("The handler that the stream was given to has ended, or this end of it was completed: nothing more can be read or written.");

    private sealed class Reader(Http2Tunnel tunnel) : PipeReader
    {
        private bool _isCompleted;

        public override bool TryRead(out ReadResult result)
        {
            lock (tunnel._lock)
            {
                ThrowIfLate();
                return tunnel._body.TryRead(out result);
            }
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            lock (tunnel._lock)
            {
                ThrowIfLate();
                return tunnel._body.ReadAsync(cancellationToken);
            }
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            lock (tunnel._lock)
            {
                ThrowIfLate();
                tunnel._body.AdvanceTo(consumed, examined);
            }
        }

        public override void CancelPendingRead()
        {
            lock (tunnel._lock)
            {
                if (!tunnel._hasEnded)
                {
                    tunnel._body.CancelPendingRead();
                }
            }
        }

        public override void Complete(Exception? exception = null)
        {
            lock (tunnel._lock)
            {
                if (!tunnel._hasEnded)
                {
                    _isCompleted = true;
                    tunnel._body.Complete();
                }
            }
        }

        private void ThrowIfLate()
        {
            if (tunnel._hasEnded || _isCompleted)
            {
                throw Late();
            }
        }
    }

    private sealed class Writer(Http2Tunnel tunnel, PipeWriter target) : PipeWriter
    {
        private long _written;
        private bool _isCompleted;

        public long BytesWritten => Volatile.Read(ref _written);

        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes
        {
            get
            {
                lock (tunnel._lock)
                {
                    return tunnel._hasEnded || _isCompleted ? 0 : target.UnflushedBytes;
                }
            }
        }

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            lock (tunnel._lock)
            {
                ThrowIfLate();
                return target.GetMemory(sizeHint);
            }
        }

        public override Span<byte> GetSpan(int sizeHint = 0)
        {
            lock (tunnel._lock)
            {
                ThrowIfLate();
                return target.GetSpan(sizeHint);
            }
        }

        public override void Advance(int bytes)
        {
            lock (tunnel._lock)
            {
                ThrowIfLate();
                target.Advance(bytes);
                _written += bytes;
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => WriteAsync(default, cancellationToken);

        /// <summary>Writes and flushes in one piece. Once the handler has ended, the result says that nobody reads any more.</summary>
        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            lock (tunnel._lock)
            {
                if (tunnel._hasEnded || (_isCompleted && source.IsEmpty))
                {
                    return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
                }

                if (!source.IsEmpty)
                {
                    ThrowIfLate();
                    target.Write(source.Span);
                    _written += source.Length;
                }

                return target.FlushAsync(cancellationToken);
            }
        }

        public override void CancelPendingFlush()
        {
            lock (tunnel._lock)
            {
                if (!tunnel._hasEnded)
                {
                    target.CancelPendingFlush();
                }
            }
        }

        /// <summary>Ends the server's side of the stream, behind what was written; the client's goes on.</summary>
        public override void Complete(Exception? exception = null)
        {
            lock (tunnel._lock)
            {
                if (!tunnel._hasEnded && !_isCompleted)
                {
                    _isCompleted = true;
                    target.Complete(); // whatever the reason: what was written goes out, as on a connection of HTTP/1
                }
            }
        }

        private void ThrowIfLate()
        {
            if (tunnel._hasEnded || _isCompleted)
            {
                throw Late();
            }
        }
    }
}
