using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace PipeServer.Server.Http1;

/// <summary>
/// A connection that its handler has taken over for good: its bytes as they are. Writes have the write time-out and the least rate
/// of responses; reads have no time-out. A handler that may block never continues on a thread of the transport.
/// </summary>
/// <remarks>
/// It ends with the handler, whatever the handler has kept of it: the transport's pipes serve another client then. So every call is made under
/// the lock under which the end is noted. Reads and writes may go on beside each other, and each side belongs to one caller at a time.
/// </remarks>
internal sealed class SwitchedPipe : IDuplexPipe
{
    private readonly Lock _lock = new();
    private readonly Http1Exchange _exchange;
    private readonly Reader _input;
    private readonly Writer _output;
    private bool _isOpen;
    private bool _hasEnded;

    public SwitchedPipe(Http1Exchange exchange)
    {
        _exchange = exchange;
        _input = new Reader(this);
        _output = new Writer(this);
    }

    /// <inheritdoc/>
    public PipeReader Input => _input;

    /// <inheritdoc/>
    public PipeWriter Output => _output;

    /// <summary>How many bytes the handler has got behind the head.</summary>
    public long BytesRead => _input.BytesRead;

    /// <summary>How many bytes the handler has written behind the head.</summary>
    public long BytesWritten => _output.BytesWritten;

    /// <summary>After <see cref="End"/>. False when the handler has left a read pending, so that the connection cannot be read any more.</summary>
    public bool MayStillRead { get; private set; }

    /// <summary>Writes the head, and takes the connection out of its loop.</summary>
    /// <exception cref="InvalidOperationException">The handler has ended without waiting for that.</exception>
    public void Open(int statusCode)
    {
        lock (_lock)
        {
            if (_hasEnded)
            {
                throw new InvalidOperationException("The handler has ended, and did not wait until it had the connection.");
            }

            _exchange.Switch(this, statusCode);
            (_input.Source, _output.Target) = (_exchange.Connection.Input, _exchange.Output.Writer);
            _isOpen = true;
        }
    }

    /// <summary>The handler has ended: what it still does with the pipe has no effect. Gives back what it has read and not advanced.</summary>
    /// <returns>What is wrong with how it has left the connection, or null.</returns>
    public string? End()
    {
        lock (_lock)
        {
            if (!_hasEnded)
            {
                _hasEnded = true;
                MayStillRead = !_input.IsPending;
                _input.GiveBack();
            }

            return !_isOpen ? "the handler did not wait until it had the connection"
                : _exchange.Connection.Deadlines.IsWriting ? "the handler has ended before a flush of its own"
                : null;
        }
    }

    private static InvalidOperationException Late() =>
        new("The handler that the connection was given to has ended, or this end of it was completed: nothing more can be read or written.");

    private sealed class Reader(SwitchedPipe pipe) : PipeReader
    {
        private ReadOnlySequence<byte> _current; // what the last read returned, until it is advanced over
        private bool _hasUnread;
        private long _held; // how many bytes the handler has left unconsumed, and whether it has looked at all of them
        private bool _hasUnexamined;
        private bool _isCompleted;
        private bool _isCancelRequested; // by the handler

        public PipeReader Source { get; set; } = null!;

        public bool IsPending { get; private set; }

        public long BytesRead { get; private set; }

        public override bool TryRead(out ReadResult result)
        {
            lock (pipe._lock)
            {
                ThrowIfLate();
                return Source.TryRead(out result) && TryTake(ref result);
            }
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var hasWaited = false;
            try
            {
                while (true)
                {
                    var read = StartAsync(cancellationToken);
                    hasWaited |= !read.IsCompleted;
                    ReadResult result;
                    try
                    {
                        result = await read.ConfigureAwait(false);
                    }
                    catch
                    {
                        IsPending = false;
                        throw;
                    }

                    if (TryTakeUnlessEnded(ref result))
                    {
                        if (hasWaited && pipe._exchange.MustLeaveTransportThread)
                        {
                            await Task.Yield();
                        }

                        return result;
                    }
                }
            }
            catch when (hasWaited && !pipe._hasEnded && pipe._exchange.MustLeaveTransportThread)
            {
                await Task.Yield(); // a handler goes on behind an exception too
                throw;
            }
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            lock (pipe._lock)
            {
                ThrowIfLate();
                Advance(consumed, examined);
            }
        }

        public override void CancelPendingRead()
        {
            lock (pipe._lock)
            {
                if (pipe._hasEnded)
                {
                    return;
                }

                _isCancelRequested = true;
            }

            // Outside of the lock, because the handler may go on inside of this call. Every reader takes a cancellation that is not its own for none.
            Source.CancelPendingRead();
        }

        // The connection reads on until its client has closed it; see LingeringClose.
        public override void Complete(Exception? exception = null)
        {
            lock (pipe._lock)
            {
                if (!pipe._hasEnded)
                {
                    GiveBack();
                    _isCompleted = true;
                }
            }
        }

        /// <summary>Under the lock.</summary>
        public void GiveBack()
        {
            if (_hasUnread)
            {
                Advance(_current.Start, _current.Start);
            }
        }

        private ValueTask<ReadResult> StartAsync(CancellationToken cancellationToken)
        {
            lock (pipe._lock)
            {
                ThrowIfLate();
                var read = Source.ReadAsync(cancellationToken);
                IsPending = true;
                return read;
            }
        }

        private bool TryTakeUnlessEnded(ref ReadResult result)
        {
            lock (pipe._lock)
            {
                if (pipe._hasEnded)
                {
                    throw new IOException("The connection has ended, because its handler has."); // and nothing of this read is touched
                }

                IsPending = false; // not before: whoever ends the pipe finds either a read that is pending or one that can be given back
                return TryTake(ref result);
            }
        }

        private void Advance(SequencePosition consumed, SequencePosition examined)
        {
            _held = _current.IsEmpty ? 0 : _current.Slice(consumed).Length;
            _hasUnexamined = !_current.IsEmpty && !examined.Equals(_current.End);
            _current = default;
            _hasUnread = false;
            Source.AdvanceTo(consumed, examined);
        }

        // The heartbeat cancels a read whose time is up, and that may come late: the read was the head's, which has arrived in that moment. A
        // handler sees its own cancellation only. False: the read was cancelled by the server, and holds nothing that the handler has not seen.
        private bool TryTake(ref ReadResult result)
        {
            var length = result.Buffer.Length;
            var isOwn = _isCancelRequested;
            _isCancelRequested &= !result.IsCanceled;
            if (result.IsCanceled && !isOwn)
            {
                if (!result.IsCompleted && !_hasUnexamined && length == _held)
                {
                    Source.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                    return false;
                }

                result = new ReadResult(result.Buffer, isCanceled: false, result.IsCompleted);
            }

            BytesRead += Math.Max(0, length - _held); // what was held was counted when it came
            _held = length;
            _current = result.Buffer;
            _hasUnread = true;
            return true;
        }

        private void ThrowIfLate()
        {
            if (pipe._hasEnded || _isCompleted)
            {
                throw Late();
            }
        }
    }

    private sealed class Writer(SwitchedPipe pipe) : PipeWriter
    {
        private bool _isCompleted;

        public PipeWriter Target { get; set; } = null!;

        public long BytesWritten { get; private set; }

        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes
        {
            get
            {
                lock (pipe._lock)
                {
                    return pipe._hasEnded ? 0 : Target.UnflushedBytes;
                }
            }
        }

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            lock (pipe._lock)
            {
                ThrowIfLate();
                return Target.GetMemory(sizeHint);
            }
        }

        public override Span<byte> GetSpan(int sizeHint = 0)
        {
            lock (pipe._lock)
            {
                ThrowIfLate();
                return Target.GetSpan(sizeHint);
            }
        }

        public override void Advance(int bytes)
        {
            lock (pipe._lock)
            {
                ThrowIfLate();
                Target.Advance(bytes);
                BytesWritten += bytes;
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => WriteAsync(default, cancellationToken);

        /// <summary>Writes and flushes in one piece. Once the handler has ended, the result says that nobody reads any more.</summary>
        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            lock (pipe._lock)
            {
                if (pipe._hasEnded)
                {
                    return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
                }

                if (!source.IsEmpty)
                {
                    ThrowIfLate();
                    Target.Write(source.Span);
                    BytesWritten += source.Length;
                }

                return pipe._exchange.Output.FlushForHandlerAsync(pipe._exchange, cancellationToken);
            }
        }

        public override void CancelPendingFlush()
        {
            lock (pipe._lock)
            {
                if (pipe._hasEnded)
                {
                    return;
                }
            }

            Target.CancelPendingFlush(); // outside of the lock, as above
        }

        // What is written is flushed, and the connection half-closed, when the handler ends.
        public override void Complete(Exception? exception = null)
        {
            lock (pipe._lock)
            {
                _isCompleted = true;
            }
        }

        private void ThrowIfLate()
        {
            if (pipe._hasEnded || _isCompleted)
            {
                throw Late();
            }
        }
    }
}
