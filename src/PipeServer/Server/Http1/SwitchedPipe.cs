using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace PipeServer.Server.Http1;

/// <summary>
/// A connection that its handler has taken over for good: its bytes as they are. Writes have the write time-out and the least rate
/// of responses; reads have no time-out. A handler that may block never continues on a thread of the transport.
/// </summary>
internal sealed class SwitchedPipe(Http1Exchange exchange) : IDuplexPipe
{
    private readonly Reader _input = new(exchange);

    /// <inheritdoc/>
    public PipeReader Input => _input;

    /// <inheritdoc/>
    public PipeWriter Output { get; } = new Writer(exchange);

    /// <summary>
    /// The handler has ended: gives back what it has read and not advanced. False when it has left a read pending, so that the
    /// connection cannot be read any more.
    /// </summary>
    public bool TryEndReads()
    {
        _input.Complete();
        return !_input.IsPending;
    }

    private sealed class Reader(Http1Exchange exchange) : PipeReader
    {
        private readonly PipeReader _input = exchange.Connection.Input;
        private ReadOnlySequence<byte> _current; // what the last read returned, until it is advanced over
        private bool _hasUnread;
        private long _held; // how many bytes the handler has left unconsumed, and whether it has looked at all of them
        private bool _hasUnexamined;
        private int _cancelRequested;

        public bool IsPending { get; private set; }

        public override bool TryRead(out ReadResult result) => _input.TryRead(out result) && TryTake(ref result);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var hasWaited = false;
            ReadResult result;
            try
            {
                do
                {
                    IsPending = true;
                    try
                    {
                        var read = _input.ReadAsync(cancellationToken);
                        hasWaited |= !read.IsCompleted;
                        result = await read.ConfigureAwait(false);
                    }
                    finally
                    {
                        IsPending = false;
                    }
                }
                while (!TryTake(ref result));
            }
            catch when (hasWaited && exchange.MustLeaveTransportThread)
            {
                await Task.Yield(); // a handler goes on behind an exception too
                throw;
            }

            if (hasWaited && exchange.MustLeaveTransportThread)
            {
                await Task.Yield();
            }

            return result;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _held = _current.IsEmpty ? 0 : _current.Slice(consumed).Length;
            _hasUnexamined = !_current.IsEmpty && !examined.Equals(_current.End);
            _current = default;
            _hasUnread = false;
            _input.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead()
        {
            Volatile.Write(ref _cancelRequested, 1);
            _input.CancelPendingRead();
        }

        public override void Complete(Exception? exception = null)
        {
            // The connection reads on until its client has closed it; see LingeringClose.
            if (_hasUnread)
            {
                AdvanceTo(_current.Start);
            }
        }

        // The heartbeat cancels a read whose time is up, and that may come late: the read was the head's, which has arrived in that moment. A
        // handler sees its own cancellation only. False: the read was cancelled by the server, and holds nothing that the handler has not seen.
        private bool TryTake(ref ReadResult result)
        {
            if (result.IsCanceled && Interlocked.Exchange(ref _cancelRequested, 0) == 0)
            {
                if (!result.IsCompleted && !_hasUnexamined && result.Buffer.Length == _held)
                {
                    _input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                    return false;
                }

                result = new ReadResult(result.Buffer, isCanceled: false, result.IsCompleted);
            }

            _current = result.Buffer;
            _hasUnread = true;
            return true;
        }
    }

    private sealed class Writer(Http1Exchange exchange) : PipeWriter
    {
        private readonly PipeWriter _output = exchange.Output.Writer;

        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes => _output.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _output.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => _output.GetSpan(sizeHint);

        public override void Advance(int bytes) => _output.Advance(bytes);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            exchange.Output.FlushForHandlerAsync(exchange, cancellationToken);

        public override void CancelPendingFlush() => _output.CancelPendingFlush();

        public override void Complete(Exception? exception = null)
        {
            // What is written is flushed, and the connection half-closed, when the handler ends.
        }
    }
}
