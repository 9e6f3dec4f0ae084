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
        private SequencePosition? _unread; // where the bytes begin that the handler has got and not advanced over

        public bool IsPending { get; private set; }

        public override bool TryRead(out ReadResult result)
        {
            var hasRead = _input.TryRead(out result);
            _unread = hasRead ? result.Buffer.Start : _unread;
            return hasRead;
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            IsPending = true;
            ReadResult result;
            try
            {
                result = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                IsPending = false;
            }

            _unread = result.Buffer.Start;
            if (exchange.MustLeaveTransportThread)
            {
                await Task.Yield();
            }

            return result;
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _unread = null;
            _input.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => _input.CancelPendingRead();

        public override void Complete(Exception? exception = null)
        {
            // The connection reads on until its client has closed it; see LingeringClose.
            if (_unread is { } unread)
            {
                AdvanceTo(unread);
            }
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
