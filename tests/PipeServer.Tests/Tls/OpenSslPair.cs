using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Tls;
using PipeServer.Tls.OpenSsl;
using PipeServer.Transport;

namespace PipeServer.Tests.Tls;

/// <summary>A connection by OpenSSL over a transport, without a server, and its client; the handshake is done.</summary>
internal sealed class OpenSslPair : IAsyncDisposable
{
    private readonly ITransport _transport;
    private readonly IConnectionListener _listener;

    private OpenSslPair(ITransport transport, IConnectionListener listener, TlsTransportConnection server, SslStream client, HoldingStream wire)
    {
        (_transport, _listener, Server, Client, Wire) = (transport, listener, server, client, wire);
    }

    public TlsTransportConnection Server { get; }

    public SslStream Client { get; }

    /// <summary>Below the client's TLS.</summary>
    public HoldingStream Wire { get; }

    public static async Task<OpenSslPair> ConnectAsync(string transportName, SslProtocols version = SslProtocols.Tls13, int pieceBytes = 0)
    {
        OpenSslServer.SkipWhereMissing();
        Assert.SkipUnless(OperatingSystem.IsLinux() || transportName != "epoll", "epoll is Linux's.");
        var transport = Transports.Create(transportName);
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        var engine = new OpenSslEngine(OpenSslServer.Options(), TimeProvider.System, NullLogger.Instance, transportName);
        Stream stream;
        if (transport is MemoryTransport memory)
        {
            stream = memory.Connect();
        }
        else
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(listener.EndPoint);
            stream = new NetworkStream(socket, ownsSocket: true);
        }

        var wire = new HoldingStream(stream, pieceBytes: pieceBytes);
        var carrier = (await listener.AcceptAsync())!;
        var server = engine.Accept(carrier);
        var client = new SslStream(wire);
        var options = OpenSslServer.ClientOptions();
        options.EnabledSslProtocols = version;
        await Task.WhenAll(client.AuthenticateAsClientAsync(options), server.HandshakeAsync(new Io(carrier)).AsTask()).WaitAsync(TestClient.Patience);
        return new OpenSslPair(transport, listener, server, client, wire);
    }

    /// <summary>Reads so many bytes of what the client has sent.</summary>
    public async Task<byte[]> ReadAsync(int count, IReadConsumer? consumer = null)
    {
        using var received = new MemoryStream();
        while (received.Length < count)
        {
            var reading = consumer is null ? Server.Input.ReadAsync().AsTask() : Server.ReadAsync(consumer).AsTask();
            var read = await reading.WaitAsync(TestClient.Patience);
            foreach (var piece in read.Buffer)
            {
                received.Write(piece.Span);
            }

            Server.Input.AdvanceTo(read.Buffer.End);
            Assert.False(read.IsCompleted && received.Length < count);
        }

        return received.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        await _listener.DisposeAsync();
        Assert.Empty(await _transport.StopAsync(TestClient.Patience));
    }

    internal sealed class Io(TransportConnection carrier) : IHandshakeIo
    {
        public async ValueTask<ReadResult> ReadAsync(bool isCostly)
        {
            var read = await carrier.Input.ReadAsync();
            return read.Buffer.IsEmpty && read.IsCompleted ? throw new TlsHandshakeException("it ended") : read;
        }

        public async ValueTask FlushAsync() => await carrier.Output.FlushAsync();
    }
}
