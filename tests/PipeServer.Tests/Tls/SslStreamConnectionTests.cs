using System.IO.Pipelines;
using System.Net;
using PipeServer.Tls;
using PipeServer.Tls.SslStreams;
using PipeServer.Transport;

namespace PipeServer.Tests.Tls;

/// <summary>What the engine on SslStream does to the transport's connection.</summary>
public sealed class SslStreamConnectionTests
{
    // SslStream's own disposal flushes its stream. Behind a failed handshake that flushed the transport's connection, which was back in its pool by then, and
    // perhaps another client's, whose thread was writing to it.
    [Theory]
    [InlineData(new byte[] { 22, 3, 1, 0, 1, 9 })]
    [InlineData(new byte[] { 22, 3, 1, 0, 5 })]
    public async Task Nothing_is_done_with_the_transports_connection_once_it_is_disposed_of(byte[] sent)
    {
        var carrier = new Carrier();
        var io = new Io(carrier);
        await carrier.Pipe.Writer.WriteAsync(sent);
        await carrier.Pipe.Writer.CompleteAsync();
        var connection = new SslStreamEngine(new TlsOptions { Certificates = TestCertificates.Source() }).Accept(carrier);
        await Assert.ThrowsAsync<TlsHandshakeException>(async () => await connection.HandshakeAsync(io));
        await connection.DisposeAsync();
        Assert.True(carrier.IsDisposed);
        Assert.Equal(0, io.LateFlushes);
    }

    private sealed class Io(Carrier carrier) : IHandshakeIo
    {
        public int LateFlushes { get; private set; }

        public async ValueTask<ReadResult> ReadAsync(bool isCostly)
        {
            var read = await carrier.Input.ReadAsync();
            if (!read.Buffer.IsEmpty && !read.IsCompleted)
            {
                return read;
            }

            if (carrier.HasGivenAll)
            {
                throw new TlsHandshakeException("it ended");
            }

            carrier.HasGivenAll = read.IsCompleted;
            return read;
        }

        public ValueTask FlushAsync()
        {
            LateFlushes += carrier.IsDisposed ? 1 : 0;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Carrier : TransportConnection
    {
        public Pipe Pipe { get; } = new();

        public bool HasGivenAll { get; set; }

        public bool IsDisposed { get; private set; }

        public override PipeReader Input => Pipe.Reader;

        public override PipeWriter Output { get; } = PipeWriter.Create(new MemoryStream());

        public override EndPoint? RemoteEndPoint => null;

        public override bool IsClosed => IsDisposed;

        public override CancellationToken Closed => CancellationToken.None;

        public override long BytesSent => 0;

        public override ValueTask ShutdownOutputAsync() => ValueTask.CompletedTask;

        public override void Abort()
        {
        }

        public override ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
