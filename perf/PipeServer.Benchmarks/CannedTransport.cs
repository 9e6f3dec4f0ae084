using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using PipeServer.Transport;

namespace PipeServer.Benchmarks;

/// <summary>A transport without a system: every read returns the same bytes at once, writes go nowhere.</summary>
internal sealed class CannedTransport : ITransport, IConnectionListener
{
    private readonly Channel<TransportConnection> _backlog = Channel.CreateUnbounded<TransportConnection>();

    public string Name => "canned";

    public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 1);

    public ValueTask<IReadOnlyList<IConnectionListener>> ListenAsync(
        EndPoint endPoint, int backlog, CancellationToken cancellationToken) => new([this]);

    public async ValueTask<TransportConnection?> AcceptAsync() =>
        await _backlog.Reader.WaitToReadAsync() && _backlog.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask StopListeningAsync()
    {
        _backlog.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout) => new([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A client that sends the batch so many times, and is done when the server has closed the connection.</summary>
    public Task ConnectAsync(byte[] batch, int reads)
    {
        var connection = new Connection(batch, reads);
        _backlog.Writer.TryWrite(connection);
        return connection.Ended.Task;
    }

    private sealed class Connection(byte[] batch, int reads) : TransportConnection
    {
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override PipeReader Input { get; } = new Reader(batch, reads);

        public override PipeWriter Output { get; } = new Writer();

        public override EndPoint? RemoteEndPoint => null;

        public override CancellationToken Closed => CancellationToken.None;

        public override bool IsClosed => false;

        public override long BytesSent => 0;

        public override ValueTask ShutdownOutputAsync() => ValueTask.CompletedTask;

        public override void Abort()
        {
            // Nobody is there.
        }

        public override ValueTask DisposeAsync()
        {
            Ended.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Reader(byte[] batch, int reads) : PipeReader
    {
        private readonly ReadOnlySequence<byte> _batch = new(batch);
        private int _left = reads;

        public override bool TryRead(out ReadResult result)
        {
            result = default;
            return false;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            new(_left-- > 0 ? new ReadResult(_batch, isCanceled: false, isCompleted: false) : new ReadResult(default, isCanceled: false, isCompleted: true));

        public override void AdvanceTo(SequencePosition consumed)
        {
            // Every batch is consumed whole.
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            // As above.
        }

        public override void CancelPendingRead()
        {
            // Reads never wait.
        }

        public override void Complete(Exception? exception = null)
        {
            // Holds nothing.
        }
    }

    private sealed class Writer : PipeWriter
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private int _written;

        public override bool CanGetUnflushedBytes => true;

        public override long UnflushedBytes => _written;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.AsMemory(_written);

        public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.AsSpan(_written);

        public override void Advance(int bytes) => _written += bytes;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            _written = 0;
            return new(default(FlushResult));
        }

        public override void CancelPendingFlush()
        {
            // Flushes never wait.
        }

        public override void Complete(Exception? exception = null)
        {
            // Holds nothing.
        }
    }
}
