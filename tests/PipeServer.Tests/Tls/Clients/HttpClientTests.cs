using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.Tests.Tls.Clients;

/// <summary>The framework's client.</summary>
public sealed class HttpClientTests
{
    public static TheoryData<TlsEngine, SslProtocols> Versions
    {
        get
        {
            var versions = new TheoryData<TlsEngine, SslProtocols>();
            foreach (var engine in TlsFuzz.Engines)
            {
                versions.Add(engine, SslProtocols.Tls12);
                versions.Add(engine, SslProtocols.Tls13);
            }

            return versions;
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Keep_alive_uploads_and_downloads(TlsEngine engine, SslProtocols version)
    {
        await using var host = await TlsHost.StartAsync(engine);
        var connections = 0;
        using var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = 1,
            SslOptions = Options(version),
            ConnectCallback = async (context, cancellationToken) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(host.EndPoint, cancellationToken);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(host.Address), Timeout = TestClient.Patience };
        for (var number = 0; number < 100; number++)
        {
            Assert.Equal("Hello, World!", await client.GetStringAsync("/plaintext"));
        }

        Assert.Equal(TlsHost.Large, await client.GetByteArrayAsync("/large.bin"));
        foreach (var isChunked in new[] { false, true })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = new ByteArrayContent(TlsHost.Large) };
            request.Headers.TransferEncodingChunked = isChunked;
            using var response = await client.SendAsync(request);
            Assert.Equal(TlsHost.Large, await response.Content.ReadAsByteArrayAsync());
        }

        Assert.Equal(1, connections);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task What_was_agreed_on(TlsEngine engine, SslProtocols version)
    {
        await using var host = await TlsHost.StartAsync(engine);
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(host.EndPoint);
        await using var client = new SslStream(socket.GetStream());
        var options = Options(version);
        options.TargetHost = "localhost";
        options.ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
        await client.AuthenticateAsClientAsync(options).WaitAsync(TestClient.Patience);
        Assert.Equal(SslApplicationProtocol.Http2, client.NegotiatedApplicationProtocol);
        Assert.Equal(version, client.SslProtocol);
        Assert.Equal("CN=localhost", client.RemoteCertificate!.Subject);
    }

    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Http_2_alone_is_served(TlsEngine engine)
    {
        await using var host = await TlsHost.StartAsync(engine);
        using var handler = new SocketsHttpHandler { SslOptions = Options(SslProtocols.Tls13) };
        using var client = new HttpClient(handler) { Timeout = TestClient.Patience };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://localhost:{host.EndPoint.Port}/plaintext")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await client.SendAsync(request);
        Assert.Equal((HttpVersion.Version20, "Hello, World!"), (response.Version, await response.Content.ReadAsStringAsync()));
    }

    private static SslClientAuthenticationOptions Options(SslProtocols version) => new()
    {
        EnabledSslProtocols = version,
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { TestCertificates.Authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };
}
