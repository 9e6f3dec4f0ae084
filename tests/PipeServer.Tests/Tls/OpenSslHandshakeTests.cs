using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PipeServer.Tls.OpenSsl;

namespace PipeServer.Tests.Tls;

/// <summary>What a handshake with OpenSSL agrees on, and whom it refuses.</summary>
public sealed class OpenSslHandshakeTests
{
    [Theory]
    [InlineData("epoll", SslProtocols.Tls12, "version=Tls12 suite=TLS_ECDHE_ECDSA_WITH_AES_")]
    [InlineData("epoll", SslProtocols.Tls13, "version=Tls13 suite=TLS_AES_")]
    [InlineData("sockets", SslProtocols.Tls12, "version=Tls12 suite=TLS_ECDHE_ECDSA_WITH_AES_")]
    [InlineData("sockets", SslProtocols.Tls13, "version=Tls13 suite=TLS_AES_")]
    public async Task Both_versions_are_spoken(string transport, SslProtocols version, string expected)
    {
        await using var server = await OpenSslServer.StartAsync(transport);
        var info = await server.GetInfoAsync(options => options.EnabledSslProtocols = version);
        Assert.StartsWith(expected, info);
        Assert.EndsWith("name=localhost alpn=- client=- resumed=False https=True", info);
    }

    [Fact]
    public async Task An_rsa_certificate_is_served()
    {
        await using var server = await OpenSslServer.StartAsync(
            endpoints: OpenSslServer.Options(TestCertificates.Source(("localhost", TestCertificates.Create("localhost", isRsa: true)))));
        Assert.Contains("RSA", await server.GetInfoAsync(static options => options.EnabledSslProtocols = SslProtocols.Tls12));
        Assert.Contains("Tls13", await server.GetInfoAsync());
    }

    [Fact]
    public async Task The_lowest_version_is_kept_to()
    {
        var options = OpenSslServer.Options();
        options.MinVersion = TlsVersion.Tls13;
        await using var server = await OpenSslServer.StartAsync(endpoints: options);
        await Assert.ThrowsAnyAsync<AuthenticationException>(() => server.GetInfoAsync(static options => options.EnabledSslProtocols = SslProtocols.Tls12));
        Assert.Contains("Tls13", await server.GetInfoAsync());
    }

    [Theory]
    [InlineData("-tls1_1 -cipher DEFAULT:@SECLEVEL=0")]
    [InlineData("-tls1_2 -cipher AES128-SHA")]
    [InlineData("-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256")]
    public async Task What_is_not_safe_is_refused(string arguments)
    {
        await using var server = await OpenSslServer.StartAsync();
        var output = await server.RunClientAsync(arguments);
        Assert.Contains("Cipher is (NONE)", output);
    }

    [Fact]
    public async Task Suites_are_those_that_are_named()
    {
        var options = OpenSslServer.Options();
        options.CipherSuites = "ECDHE-ECDSA-CHACHA20-POLY1305:TLS_CHACHA20_POLY1305_SHA256";
        await using var server = await OpenSslServer.StartAsync(endpoints: options);
        foreach (var version in new[] { "-tls1_2", "-tls1_3" })
        {
            Assert.Contains("CHACHA20_POLY1305", await server.RunClientAsync($"{version} -ign_eof"));
        }

        Assert.Contains("Cipher is (NONE)", await server.RunClientAsync("-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256"));
    }

    [Theory]
    [InlineData("ECDHE-ECDSA-AES128-GCM-SHA256:NOBODY-KNOWS", "has 'NOBODY-KNOWS'")]
    [InlineData("TLS_AES_512_GCM", "has 'TLS_AES_512_GCM'")]
    [InlineData("HIGH", "has 'HIGH'")]
    [InlineData("!aNULL", "has '!aNULL'")]
    [InlineData("NULL-SHA256", "has 'NULL-SHA256'")]
    [InlineData(" : ", "names no suite")]
    public void A_suite_that_is_none_is_named(string suites, string expected)
    {
        OpenSslServer.SkipWhereMissing();
        var exception = Assert.Throws<ArgumentException>(() => CipherSuiteList.Parse(suites));
        Assert.Contains("TlsOptions.CipherSuites", exception.Message);
        Assert.Contains(expected, exception.Message);
    }

    [Fact]
    public async Task The_name_that_a_client_asks_for_decides_on_its_certificate()
    {
        var source = TestCertificates.Source(
            ("localhost", TestCertificates.Localhost), ("one.test", TestCertificates.Create("one.test")), ("two.test", TestCertificates.Create("two.test", isRsa: true)));
        await using var server = await OpenSslServer.StartAsync(endpoints: OpenSslServer.Options(source));
        foreach (var (asked, name, subject) in new[]
        {
            ("one.test", "one.test", "CN=one.test"), ("TWO.Test", "two.test", "CN=two.test"), ("other.test", "other.test", "CN=localhost"),
        })
        {
            await using var ssl = (SslStream)await server.ConnectAsync(options =>
            {
                options.TargetHost = asked;
                options.CertificateChainPolicy!.VerificationFlags = X509VerificationFlags.AllFlags;
                options.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.Issuer == TestCertificates.Authority.Subject;
            });
            Assert.Equal(subject, ssl.RemoteCertificate!.Subject);
            await using var client = new TestClient(ssl);
            Assert.Contains($"name={name} ", (await client.RequestAsync(TestClient.Get("/info"))).Text);
        }

        Assert.Contains("name=- ", await server.RunClientAsync("-noservername -ign_eof"));
        source.Default = null;
        Assert.Contains("unrecognized name", await server.RunClientAsync("-servername other.test"));
        Assert.Contains("unrecognized name", await server.RunClientAsync("-noservername"));
        Assert.Contains("name=one.test ", await server.RunClientAsync("-servername one.test. -ign_eof"));
    }

    [Theory]
    [InlineData("000a000007 612e622e636f6d", "a.b.com")]
    [InlineData("000b000008 412E622E636F6D2E", "a.b.com")]
    [InlineData("0005000002 6100", null)] // a zero within the name
    [InlineData("0004000001 2e", null)]
    [InlineData("0005000002 c3a4", null)]
    public void A_name_is_read(string hex, string? expected)
    {
        Assert.True(ServerNameExtension.TryParse(Convert.FromHexString(hex.Replace(" ", "")), out var name));
        Assert.Equal(expected, name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000")]
    [InlineData("0003000000")]
    [InlineData("0004010001 61")] // a type that nobody has defined
    [InlineData("0004000002 61")]
    [InlineData("0005000001 61")]
    [InlineData("0008000001 61 000001 61")] // two names
    public void An_extension_that_is_not_what_the_RFC_says_is_no_name(string hex) =>
        Assert.False(ServerNameExtension.TryParse(Convert.FromHexString(hex.Replace(" ", "")), out _));

    [Fact]
    public async Task A_protocol_is_agreed_on_or_the_client_is_told_that_there_is_none()
    {
        await using var server = await OpenSslServer.StartAsync();
        Assert.Contains("alpn=http/1.1", await server.GetInfoAsync(static options => options.ApplicationProtocols = [new SslApplicationProtocol("h3"), SslApplicationProtocol.Http11]));
        Assert.Contains("alpn=-", await server.GetInfoAsync());
        Assert.Contains("no application protocol", await server.RunClientAsync("-alpn h3,spdy/1"));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Clients_show_a_certificate_of_the_authorities_that_are_named(SslProtocols version)
    {
        using var other = TestCertificates.CreateAuthority("somebody else");
        using var right = TestCertificates.CreateClient("alice");
        using var wrong = TestCertificates.CreateClient("mallory", other);
        using var server = TestCertificates.Create("localhost").Certificate; // with the usage of a server, and not of a client
        var options = OpenSslServer.Options();
        options.ClientCertificates = new TlsClientCertificates([TestCertificates.Authority]);
        var optional = OpenSslServer.Options();
        optional.ClientCertificates = new TlsClientCertificates([TestCertificates.Authority]) { IsRequired = false };
        await using var started = await OpenSslServer.StartAsync(endpoints: [options, optional]);

        Assert.Contains("client=CN=alice ", await GetAsync(right, 0));
        Assert.Contains("client=CN=alice ", await GetAsync(right, 1));
        Assert.Contains("client=- ", await GetAsync(null, 1));
        Assert.Equal("refused", await GetAsync(null, 0));
        foreach (var endpoint in new[] { 0, 1 })
        {
            Assert.Equal("refused", await GetAsync(wrong, endpoint));
            Assert.Equal("refused", await GetAsync(server, endpoint));
        }

        async Task<string> GetAsync(X509Certificate2? certificate, int endpoint)
        {
            try
            {
                await using var client = await started.ConnectHttpAsync(
                    options =>
                    {
                        options.EnabledSslProtocols = version;
                        options.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!;
                    },
                    endpoint);
                return (await client.RequestAsync(TestClient.Get("/info"))).Text;
            }
            catch (Exception exception) when (exception is IOException or AuthenticationException or Xunit.Sdk.XunitException)
            {
                return "refused";
            }
        }
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_used_is_told_at_the_start_or_once()
    {
        OpenSslServer.SkipWhereMissing();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using var weak = RSA.Create(1024); // less than OpenSSL's security level 2 takes
        var request = new CertificateRequest("CN=weak.test", weak, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var bad = new TlsCertificate(certificate);
        var exception = await Assert.ThrowsAnyAsync<CryptographicException>(async () =>
        {
            await using var never = await OpenSslServer.StartAsync(endpoints: OpenSslServer.Options(TestCertificates.Source(("weak.test", bad))));
        });
        Assert.Contains("TlsOptions.Certificates", exception.Message);

        await using var server = await OpenSslServer.StartAsync(
            endpoints: OpenSslServer.Options(TestCertificates.Source(("localhost", TestCertificates.Localhost), ("weak.test", bad))));
        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAnyAsync<AuthenticationException>(() => server.GetInfoAsync(static options => options.TargetHost = "weak.test"));
        }

        Assert.Contains("localhost", await server.GetInfoAsync());
        Assert.Equal(1, server.Log.CountOf("The certificate CN=weak.test cannot be used"));
    }

    [Fact]
    public async Task A_source_that_throws_costs_one_handshake()
    {
        var source = new ThrowingSource();
        await using var server = await OpenSslServer.StartAsync(endpoints: OpenSslServer.Options(source));
        source.IsThrowing = true;
        await Assert.ThrowsAnyAsync<Exception>(() => server.GetInfoAsync());
        source.IsThrowing = false;
        Assert.Contains("Tls13", await server.GetInfoAsync());
    }

    // What is behind a client's last message of the handshake came in the same packet, and must not be lost.
    [Theory]
    [InlineData("epoll", SslProtocols.Tls12)]
    [InlineData("epoll", SslProtocols.Tls13)]
    [InlineData("sockets", SslProtocols.Tls13)]
    public async Task A_request_in_the_packet_of_the_handshakes_end_is_answered(string transport, SslProtocols version)
    {
        await using var server = await OpenSslServer.StartAsync(transport);
        for (var i = 0; i < 20; i++)
        {
            HoldingStream? holding = null;
            await using var client = await server.ConnectHttpAsync(
                options => options.EnabledSslProtocols = version, wrap: stream => holding = new HoldingStream(stream, holdFrom: version == SslProtocols.Tls13 ? 2 : int.MaxValue));
            await client.SendAsync(TestClient.Get("/info") + TestClient.Get("/info"));
            await holding!.ReleaseAsync();
            Assert.Contains("localhost", (await client.ReadResponseAsync()).Text);
            Assert.Contains("localhost", (await client.ReadResponseAsync()).Text);
        }
    }

    private sealed class ThrowingSource : ITlsCertificateSource
    {
        public bool IsThrowing { get; set; }

        public TlsCertificate? Find(string? serverName) => IsThrowing ? throw new FormatException("broken") : TestCertificates.Localhost;
    }
}
