using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace PipeServer.Server.Http1;

/// <summary>
/// A connection that its handler has taken over for good: its bytes as they are. Writes have the write time-out and the least rate
/// of responses; reads have no time-out. A handler that may block never continues on a thread of the transport.
/// </summary>
internal sealed class SwitchedPipe(Http1Exchange exchange) : IDuplexPipe
{
    /// <inheritdoc/>
    public PipeReader Input { get; } = new Reader(exchange);

    /// <inheritdoc/>
    public PipeWriter Output { get; } = new Writer(exchange);

    private sealed class Reader(Http1Exchange exchange) : PipeReader
    {
        private readonly PipeReader _input = exchange.Connection.Input;

        public override bool TryRead(out ReadResult result) => _input.TryRead(out result);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var result = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (exchange.MustLeaveTransportThread)
            {
                await Task.Yield();
            }

            return result;
        }

        public override void AdvanceTo(SequencePosition consumed) => _input.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _input.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => _input.CancelPendingRead();

        public override void Complete(Exception? exception = null)
        {
            // The connection reads on until its client has closed it; see LingeringClose.
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
