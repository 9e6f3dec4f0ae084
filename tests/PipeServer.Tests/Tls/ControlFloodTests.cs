using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Tls;
using PipeServer.Tls.OpenSsl;
using PipeServer.Tls.SslStreams;
using PipeServer.Transport;

namespace PipeServer.Tests.Tls;

/// <summary>A client that has the server answer records without data, and reads none of the answers.</summary>
public sealed class ControlFloodTests
{
    // Each answer went into the transport's output, where nobody waited for it and nothing bounded it: a byte of data now and then was enough.
    [Fact]
    public async Task Answers_that_are_not_read_end_the_connection()
    {
        OpenSslServer.SkipWhereMissing();
        var engine = new OpenSslEngine(OpenSslServer.Options(), TimeProvider.System, NullLogger.Instance, "flood");
        await WithClientAsync(engine, async (client, server) =>
        {
            await Assert.ThrowsAnyAsync<Exception>(async () => // the client finds the end first, or the server does
            {
                for (var i = 0; i < 10_000; i++)
                {
                    await client.UpdateKeyAsync(true);
                    await client.SendAsync(Tls13Client.ApplicationData, new byte[1]);
                    await ReadByteAsync(server);
                    Assert.InRange(server.Output.UnflushedBytes, 0, 100_000);
                }
            });
            Assert.True(server.IsClosed);
        });
    }

    // SslStream keeps its answers until it has something to send, and takes as many records without data as there are.
    [Fact]
    public async Task Too_many_records_without_data_end_the_connection_over_SslStream()
    {
        await WithClientAsync(new SslStreamEngine(new TlsOptions { Certificates = TestCertificates.Source() }), async (client, server) =>
        {
            for (var round = 0; round < 3; round++)
            {
                for (var i = 0; i < 20; i++)
                {
                    await client.UpdateKeyAsync(true);
                }

                await client.SendAsync(Tls13Client.ApplicationData, new byte[1]);
                await ReadByteAsync(server);
            }

            for (var i = 0; i < 40; i++)
            {
                await client.UpdateKeyAsync(true);
            }

            await client.SendAsync(Tls13Client.ApplicationData, new byte[1]);
            await Assert.ThrowsAnyAsync<IOException>(() => ReadByteAsync(server));
            Assert.True(server.IsClosed);
        });
    }

    private static async Task ReadByteAsync(TransportConnection server)
    {
        var read = await server.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience);
        Assert.Equal(1, read.Buffer.Length);
        server.Input.AdvanceTo(read.Buffer.End);
    }

    private static async Task WithClientAsync(ITlsEngine engine, Func<Tls13Client, TlsTransportConnection, Task> talkAsync)
    {
        var transport = new MemoryTransport();
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        await using var stream = transport.Connect();
        using var client = new Tls13Client(stream);
        var carrier = (await listener.AcceptAsync())!;
        await using var server = engine.Accept(carrier);
        await Task.WhenAll(client.HandshakeAsync(), server.HandshakeAsync(new OpenSslPair.Io(carrier)).AsTask()).WaitAsync(TestClient.Patience);
        await talkAsync(client, server);
        await listener.DisposeAsync();
    }
}
