using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using PipeServer.Transport;

namespace PipeServer.Fuzz;

/// <summary>A transport without a network: each connection is two pipes, the client's ends in the test's hands.</summary>
internal sealed class MemoryTransport : ITransport, IConnectionListener
{
    private readonly Channel<TransportConnection> _backlog = Channel.CreateUnbounded<TransportConnection>();

    public string Name => "memory";

    public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 1);

    public ValueTask<IReadOnlyList<IConnectionListener>> ListenAsync(
        EndPoint endPoint, int backlog, CancellationToken cancellationToken) => new([this]);

    public async ValueTask<TransportConnection?> AcceptAsync() =>
        await _backlog.Reader.WaitToReadAsync() && _backlog.Reader.TryRead(out var connection) ? connection : null;

    public ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout) => new([]);

    public ValueTask StopListeningAsync()
    {
        _backlog.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _backlog.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public Stream Connect()
    {
        var toServer = new Pipe(new PipeOptions(useSynchronizationContext: false));
        var toClient = new Pipe(new PipeOptions(useSynchronizationContext: false));
        var client = new MemoryClientStream(toClient.Reader, toServer.Writer);
        if (!_backlog.Writer.TryWrite(new MemoryConnection(toServer, toClient, client, EndPoint)))
        {
            throw new IOException("The listener is closed.");
        }

        return client;
    }

    private sealed class MemoryConnection(Pipe toServer, Pipe toClient, MemoryClientStream client, EndPoint local) : TransportConnection
    {
        private readonly CancellationTokenSource _closed = new();
        private readonly MemoryOutput _output = new(toClient.Writer);

        public override PipeReader Input => toServer.Reader;

        public override PipeWriter Output => _output;

        public override EndPoint? RemoteEndPoint => null;

        public override EndPoint? LocalEndPoint => local;

        public override CancellationToken Closed => _closed.Token;

        public override bool IsClosed => _closed.IsCancellationRequested;

        public override long BytesSent => client.BytesRead;

        public override ValueTask ShutdownOutputAsync() => toClient.Writer.CompleteAsync();

        public override void Abort()
        {
            _ = _closed.CancelAsync();
            var reset = new IOException("The connection was aborted.");
            toServer.Writer.Complete(reset);
            toServer.Reader.CancelPendingRead();
            Aborted = true;

            // Each end completes its own side of a pipe only: done by the other one, it came between a read and its result, and failed both.
            client.Reset();
            _output.Abort();
        }

        public override async ValueTask DisposeAsync()
        {
            toServer.Writer.Complete();
            toServer.Reader.CancelPendingRead();
            await toServer.Reader.CompleteAsync();
            await toClient.Writer.CompleteAsync(Aborted ? new IOException("The connection was aborted.") : null);
        }

        private bool Aborted { get; set; }
    }
}
