using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace PipeServer.Tests.Tls;

/// <summary>
/// A short run of the fuzzer of records. By hand: <c>dotnet run --project tests/PipeServer.Fuzz -c Release -- --over tls --seconds 600</c>.
/// </summary>
public sealed class TlsFuzzTests
{
    private const int Connections = 400;
    private const int AtOnce = 16;

    public static TheoryData<TlsEngine, string> Servers
    {
        get
        {
            var servers = new TheoryData<TlsEngine, string>();
            foreach (var engine in TlsFuzz.Engines)
            {
                servers.Add(engine, "memory");
                servers.Add(engine, "epoll");
                servers.Add(engine, "sockets");
            }

            return servers;
        }
    }

    // Never a hang, a fault, a wrong answer, one too many or too few, or something that is left behind.
    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Whatever_records_come_the_good_are_answered_and_all_come_to_an_end(TlsEngine engine, string transport)
    {
        Assert.SkipWhen(transport == "epoll" && !OperatingSystem.IsLinux(), "epoll is Linux's.");
        await using var check = await TlsCheck.StartAsync(engine, transport);
        var next = 20261126;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            for (var round = 0; round < Connections / AtOnce; round++)
            {
                var seed = Interlocked.Increment(ref next);
                var problem = await check.FindAsync(seed);
                Assert.True(problem is null, $"--case {seed}: {problem}");
            }
        }));
        Assert.Null(await check.EndAsync());
    }

    // The tool itself: what it encrypts, another implementation understands, after a change of keys too.
    [Fact]
    public async Task The_client_that_encrypts_anything_speaks_TLS_1_3()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = new TcpClient();
        await socket.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await listener.AcceptTcpClientAsync();
        await using var server = new SslStream(accepted.GetStream());
        using var client = new Tls13Client(socket.GetStream());
        var serving = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = TestCertificates.Localhost.Certificate,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        });
        await client.HandshakeAsync(static left => Math.Min(left, 7)).WaitAsync(TestClient.Patience);
        await serving;
        Assert.Equal(SslApplicationProtocol.Http11, server.NegotiatedApplicationProtocol);
        foreach (var text in new[] { "one", "two", "three" })
        {
            await client.SendAsync(Tls13Client.ApplicationData, Encoding.ASCII.GetBytes(text), padding: 20);
            var buffer = new byte[100];
            Assert.Equal(text.Length, await server.ReadAsync(buffer).AsTask().WaitAsync(TestClient.Patience));
            await server.WriteAsync(buffer.AsMemory(0, text.Length));
            var answer = await client.ReceiveAsync().WaitAsync(TestClient.Patience);
            Assert.Equal((Tls13Client.ApplicationData, text), (answer!.Value.Type, Encoding.ASCII.GetString(answer.Value.Content)));
            await client.UpdateKeyAsync(isAsked: text == "one");
        }

        await client.SendForgedAsync(new byte[10]);
        await Assert.ThrowsAnyAsync<IOException>(() => server.ReadAsync(new byte[10]).AsTask().WaitAsync(TestClient.Patience));
    }
}
