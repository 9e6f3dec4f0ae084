using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.Tests.Tls;

/// <summary>
/// Certificates that are exchanged while handshakes are made: none may fail, and clients get new ones. For a minute, through the files of the command
/// line: <c>tests/certificates-under-load.sh</c>.
/// </summary>
public sealed class CertificateSwapTests
{
    private const int Clients = 4;

    // Each client verifies what it gets, which fails where a certificate goes out with the key or the chain of another.
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task No_handshake_fails(TlsEngine engine)
    {
        var handshakes = Stress.Rounds(300);
        var source = TestCertificates.Source();
        X509Certificate2[] certificates = [.. Enumerable.Range(0, 6).Select(static number => TestCertificates.Create("localhost", isRsa: number % 3 == 2).Certificate)];
        await using var server = await TestServer.StartAsync(
            OperatingSystem.IsLinux() ? "epoll" : "sockets",
            static server => server.MapGet("/", static (_, response) => response.WriteText("Hello, World!")),
            options => options.Endpoints.Add(new HttpEndpoint(IPAddress.Loopback, 0) { Tls = new TlsOptions { Certificates = source, Engine = engine } }));
        var seen = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var done = 0;
        using var first = await ConnectAsync(server, SslProtocols.Tls13);
        var clients = Enumerable.Range(0, Clients).Select(async number =>
        {
            for (; Interlocked.Increment(ref done) is var round && round <= handshakes;)
            {
                // A new object each time, as a source that reads files makes it.
                source.Default = new TlsCertificate(certificates[round % certificates.Length]);
                using var client = await ConnectAsync(server, (round + number) % 2 == 0 ? SslProtocols.Tls12 : SslProtocols.Tls13);
                seen.AddOrUpdate(client.RemoteCertificate!.GetSerialNumberString(), 1, static (_, count) => count + 1);
                Assert.Equal(200, await AskAsync(client));
            }
        });
        await Task.WhenAll(clients);
        Assert.Equal(certificates.Length, seen.Count);

        // Who was there before is not touched.
        Assert.Equal(200, await AskAsync(first));
    }

    private static async Task<SslStream> ConnectAsync(TestServer server, SslProtocols version)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Server.EndPoints[0]);
        var client = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = version,
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { TestCertificates.Authority },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        }).WaitAsync(TestClient.Patience);
        return client;
    }

    private static async Task<int> AskAsync(SslStream stream)
    {
        var client = new TestClient(stream);
        await client.SendAsync(TestClient.Get("/"));
        return (await client.ReadResponseAsync()).Status;
    }
}
