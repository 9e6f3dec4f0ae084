using PipeServer.Tls.OpenSsl;
using PipeServer.Transport;

namespace PipeServer.Tests.Support;

/// <summary>A started server on a free port, or in memory, and clients for it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly MemoryTransport? _memory;
    private readonly bool _isTls;

    private TestServer(HttpServer server, ITransport transport, TestLog log, bool isTls)
    {
        Server = server;
        Transport = transport;
        _memory = transport as MemoryTransport;
        Log = log;
        _isTls = isTls;
    }

    public HttpServer Server { get; }

    public ITransport Transport { get; }

    public TestLog Log { get; }

    /// <param name="transport">
    /// One of <see cref="Transports"/>; behind it, where the server speaks TLS, its engine: <c>epoll/sslstream</c>, <c>epoll/openssl</c>.
    /// </param>
    /// <param name="map">Maps the handlers.</param>
    /// <param name="configure">Changes options.</param>
    public static async Task<TestServer> StartAsync(
        string transport, Action<HttpServer> map, Action<HttpServerOptions>? configure = null)
    {
        var names = transport.Split('/');
        var used = Transports.Create(names[0]);
        var log = new TestLog();
        var options = new HttpServerOptions
        {
            Port = 0,
            Workers = 2,
            Transport = used,
            LoggerFactory = log,
            ShutdownGracePeriod = TimeSpan.FromSeconds(10),
        };
        configure?.Invoke(options);
        if (names.Length > 1)
        {
            SpeakTls(options, names[1]);
        }

        var server = new HttpServer(options);
        map(server);
        await server.StartAsync();
        return new TestServer(server, used, log, names.Length > 1);
    }

    /// <summary>Has every endpoint of the options speak TLS, by an engine: skips the test where this machine has it not.</summary>
    public static void SpeakTls(HttpServerOptions options, string engine)
    {
        Assert.SkipWhen(engine == "openssl" && !OpenSslEngine.IsSupported, "The OpenSSL engine is not available here.");
        options.Endpoints = [.. options.EffectiveEndpoints()];
        foreach (var endpoint in options.Endpoints)
        {
            endpoint.IsTls = true;
        }

        options.Tls ??= new TlsOptions { Certificates = TestCertificates.Source() };
        options.Tls.Engine = engine == "openssl" ? TlsEngine.OpenSsl : TlsEngine.SslStream;
    }

    /// <summary>A client of the first endpoint, that has made its TLS handshake where the server speaks TLS.</summary>
    public async Task<TestClient> ConnectAsync()
    {
        var client = await ConnectPlainAsync();
        return _isTls ? await client.SecureAsync() : client;
    }

    /// <summary>The same without the handshake.</summary>
    public async Task<TestClient> ConnectPlainAsync() =>
        _memory is null ? await TestClient.ConnectAsync(Server.EndPoints[0]) : new TestClient(_memory.Connect());

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
