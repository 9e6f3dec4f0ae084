using PipeServer.Tls.SslStreams;

namespace PipeServer.Tests;

/// <summary>What is wrong with options of TLS is said before a server starts, with the way out.</summary>
public sealed class TlsOptionsTests
{
    public static TheoryData<string, Action<HttpServerOptions>> Wrong => new()
    {
        { "Tls", static options => options.Endpoints.Add(HttpEndpoint.Parse("127.0.0.1:0,tls")) },
        { "Certificates", static options => options.Tls = new TlsOptions() },
        { "Certificates", static options => options.Endpoints.Add(new HttpEndpoint(System.Net.IPAddress.Loopback, 0) { Tls = new TlsOptions() }) },
        { "MinVersion", static options => options.Tls = Create(static tls => tls.MinVersion = (TlsVersion)7) },
        { "Engine", static options => options.Tls = Create(static tls => tls.Engine = (TlsEngine)7) },
        { "TicketKeys", static options => options.Tls = Create(static tls => tls.TicketKeys = []) },
        { "TicketKeys", static options => options.Tls = Create(static tls => tls.TicketKeys = [new byte[79]]) },
        { "TicketKeys", static options => options.Tls = Create(static tls => (tls.TicketKeys, tls.Engine) = ([new byte[80]], TlsEngine.SslStream)) },
        { "MaxHandshakes", static options => options.MaxHandshakes = 0 },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_named(string name, Action<HttpServerOptions> configure)
    {
        var options = new HttpServerOptions();
        configure(options);
        var exception = Assert.ThrowsAny<ArgumentException>(() => new HttpServer(options));
        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_has_a_copy()
    {
        var options = new HttpServerOptions { Tls = Create(static tls => tls.TicketKeys = new List<ReadOnlyMemory<byte>> { new byte[80] }) };
        options.Endpoints.Add(HttpEndpoint.Parse("127.0.0.1:0,tls"));
        var copy = options.Validated();
        options.Tls!.MinVersion = TlsVersion.Tls13;
        Assert.Equal(TlsVersion.Tls12, copy.Tls!.MinVersion);
        Assert.NotSame(options.Tls.TicketKeys, copy.Tls.TicketKeys);
    }

    [Fact]
    public void A_suite_that_is_not_known_is_named()
    {
        var exception = Assert.Throws<ArgumentException>(() => new SslStreamEngine(Create(static tls => tls.CipherSuites = "ECDHE-RSA-AES128-GCM-SHA256:RC4-MD5")));
        Assert.Contains("TlsOptions.CipherSuites", exception.Message, StringComparison.Ordinal);
        Assert.Contains("RC4-MD5", exception.Message, StringComparison.Ordinal);
    }

    // NULL-MD5 was taken where the system's policy allows it.
    [Theory]
    [InlineData("NULL-MD5", "does not encrypt")]
    [InlineData("ECDHE-RSA-NULL-SHA", "does not encrypt")]
    [InlineData("TLS_RSA_WITH_NULL_SHA256", "does not encrypt")]
    [InlineData("eNULL", "does not encrypt")]
    [InlineData("aNULL", "who the server is")]
    [InlineData("ADH-AES128-GCM-SHA256", "who the server is")]
    [InlineData("AECDH-AES256-SHA", "who the server is")]
    [InlineData("TLS_ECDH_anon_WITH_AES_256_CBC_SHA", "who the server is")]
    [InlineData("EXP-DES-CBC-SHA", "anybody can find")]
    [InlineData("ECDHE-RSA-RC4-SHA", "RC4")]
    [InlineData("ECDHE-RSA-DES-CBC3-SHA", "DES")]
    [InlineData("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES")]
    [InlineData("RC4-MD5", "RC4")]
    public void A_suite_that_is_not_safe_is_refused_by_both_engines(string suite, string reason)
    {
        List<Action> engines = [() => CipherSuiteNames.Parse($"ECDHE-RSA-AES128-GCM-SHA256:{suite}")];
        if (PipeServer.Tls.OpenSsl.OpenSslEngine.IsSupported)
        {
            engines.Add(() => PipeServer.Tls.OpenSsl.CipherSuiteList.Parse($"ECDHE-RSA-AES128-GCM-SHA256:{suite}"));
        }

        foreach (var engine in engines)
        {
            var message = Assert.Throws<ArgumentException>(engine).Message;
            Assert.Contains($"TlsOptions.CipherSuites has '{suite}'", message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Of_a_version_that_no_suite_is_named_for_the_default_ones_hold()
    {
        var suites = CipherSuiteNames.Parse("ECDHE-RSA-AES128-GCM-SHA256");
        Assert.Equal(4, suites.Count);
        Assert.Equal(CipherSuiteNames.Parse(null).Take(3), suites.Take(3));
        Assert.Equal(7, CipherSuiteNames.Parse(" TLS_AES_256_GCM_SHA384 ").Count);
    }

    private static TlsOptions Create(Action<TlsOptions> configure)
    {
        var options = new TlsOptions { Certificates = TestCertificates.Source() };
        configure(options);
        return options;
    }
}
