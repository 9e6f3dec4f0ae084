using PipeServer.Transport;

namespace PipeServer.Tests.Support;

/// <summary>A started server on a free port, or in memory, and clients for it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly MemoryTransport? _memory;

    private TestServer(HttpServer server, ITransport transport, TestLog log)
    {
        Server = server;
        Transport = transport;
        _memory = transport as MemoryTransport;
        Log = log;
    }

    public HttpServer Server { get; }

    public ITransport Transport { get; }

    public TestLog Log { get; }

    public static async Task<TestServer> StartAsync(
        string transport, Action<HttpServer> map, Action<HttpServerOptions>? configure = null)
    {
        var used = Transports.Create(transport);
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
        var server = new HttpServer(options);
        map(server);
        await server.StartAsync();
        return new TestServer(server, used, log);
    }

    public async Task<TestClient> ConnectAsync() =>
        _memory is null ? await TestClient.ConnectAsync(Server.EndPoints[0]) : new TestClient(_memory.Connect());

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
