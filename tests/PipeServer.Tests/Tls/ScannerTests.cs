using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Xml.Linq;

namespace PipeServer.Tests.Tls;

/// <summary>
/// Scanners that others wrote. testssl.sh makes the checks that take seconds; with <c>PIPESERVER_TESTSSL=full</c>, as <c>.ci/nightly tls</c> does, all of
/// them, which takes minutes.
/// </summary>
public sealed class ScannerTests
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("PIPESERVER_TESTSSL") == "full";

    // The authority of a test is in no list of browsers: that is the one finding that a server of a test must have.
    private static readonly string[] Accepted = ["cert_chain_of_trust", "cert_trust"];

    // Protocols, server's defaults and preferences; and the weaknesses that are found by few connections: heartbleed, change_cipher_spec, ticketbleed,
    // renegotiation, compression, fallback. What is left out needs hundreds of connections to find by another way what sslscan has looked for: suites.
    private static readonly string[] Quick = ["-p", "-S", "-H", "-I", "-T", "-R", "-C", "-Z"];

    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Testssl_finds_nothing_of_medium_severity(TlsEngine engine)
    {
        ClientProgram.SkipWithout("testssl");
        Assert.SkipWhen(engine == TlsEngine.SslStream && !IsFull, "A quarter of a minute: .ci/nightly looks at this engine too, and sslscan does here.");
        using var scanned = new ScannedServer(engine);
        await scanned.StartAsync();
        var report = Path.Combine(scanned.Folder, "testssl.json");
        var (_, output) = await ClientProgram.StartAsync(
            "testssl", ["--quiet", "--color", "0", "--warnings", "off", "-n", "none", "--ip", "127.0.0.1", "--jsonfile", report, .. IsFull ? ["-9"] : Quick, $"localhost:{scanned.Port}"]);
        Assert.True(File.Exists(report), output);
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(report));
        var findings = json.RootElement.EnumerateArray()
            .Select(static item => (Id: item.GetProperty("id").GetString()!, Severity: item.GetProperty("severity").GetString()!, Finding: item.GetProperty("finding").GetString()!))
            .ToList();
        Assert.DoesNotContain(findings, static item => item is { Id: "scanProblem" } or { Id: "engine_problem", Severity: "FATAL" });
        Assert.Contains(findings, static item => item is { Id: "TLS1_3", Severity: "OK" });
        Assert.Contains(findings, static item => item is { Id: "TLS1_2", Severity: "OK" });
        Assert.Equal([], findings.Where(static item => item.Severity is "MEDIUM" or "HIGH" or "CRITICAL" or "FATAL" && !Accepted.Contains(item.Id)));
    }

    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Sslscan_finds_nothing_that_is_weak(TlsEngine engine)
    {
        ClientProgram.SkipWithout("sslscan");
        using var scanned = new ScannedServer(engine);
        await scanned.StartAsync();
        var report = Path.Combine(scanned.Folder, "sslscan.xml");
        await ClientProgram.RunAsync("sslscan", "--no-colour", "--show-sigs", $"--xml={report}", $"localhost:{scanned.Port}");
        var test = XDocument.Load(report).Root!.Element("ssltest")!;
        Assert.Equal(
            ["tls 1.2", "tls 1.3"],
            test.Elements("protocol").Where(static item => (string?)item.Attribute("enabled") == "1").Select(static item => $"{(string?)item.Attribute("type")} {(string?)item.Attribute("version")}"));
        Assert.NotEqual("0", (string?)test.Element("fallback")?.Attribute("supported"));
        Assert.Equal("0", (string?)test.Element("renegotiation")?.Attribute("supported"));
        Assert.NotEqual("1", (string?)test.Element("compression")?.Attribute("supported"));
        Assert.All(test.Elements("heartbleed"), static item => Assert.Equal("0", (string?)item.Attribute("vulnerable")));
        var suites = test.Elements("cipher").Select(static item => ((string?)item.Attribute("cipher"))!).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(
            [
                "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
                "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
            ],
            suites.Order(StringComparer.Ordinal));
        Assert.All(test.Elements("group"), static item => Assert.True((int)item.Attribute("bits")! >= 112, item.ToString()));
    }

    /// <summary>A server whose certificate is as one of the web: ninety days, and a list of the revoked is named.</summary>
    private sealed class ScannedServer(TlsEngine engine) : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-tests-");
        private readonly X509Certificate2 _certificate = CreateCertificate();
        private HttpServer? _server;

        public string Folder => _folder.FullName;

        public int Port => ((IPEndPoint)_server!.EndPoints[0]).Port;

        public async Task StartAsync()
        {
            var options = new HttpServerOptions { Workers = 2, LoggerFactory = new TestLog() };
            options.Endpoints.Add(new HttpEndpoint(IPAddress.Loopback, 0)
            {
                Tls = new TlsOptions { Certificates = TestCertificates.Source(("localhost", new TlsCertificate(_certificate))), Engine = engine },
            });
            _server = new HttpServer(options);
            _server.MapGet("/", static (_, response) => response.WriteText("Hello, World!"));
            await _server.StartAsync();
        }

        public void Dispose()
        {
#pragma warning disable VSTHRD002 // The server is idle: what scanned it has ended.
            _server?.DisposeAsync().AsTask().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            _certificate.Dispose();
            _folder.Delete(recursive: true);
        }

        private static X509Certificate2 CreateCertificate()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
            request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension(["http://crl.test/list.crl"]));
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            var now = TimeProvider.System.GetUtcNow();
            using var issuerKey = TestCertificates.Authority.GetECDsaPrivateKey()!;
            using var signed = request.Create(
                TestCertificates.Authority.SubjectName, X509SignatureGenerator.CreateForECDsa(issuerKey), now.AddHours(-12), now.AddDays(89), RandomNumberGenerator.GetBytes(8));
            return signed.CopyWithPrivateKey(key);
        }
    }
}
