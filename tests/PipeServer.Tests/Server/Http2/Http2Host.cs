using System.Net.Security;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>A started server that speaks HTTP/2, in clear text by prior knowledge and over TLS by ALPN, and clients of raw frames for it.</summary>
internal sealed class Http2Host : IAsyncDisposable
{
    private readonly bool _isTls;

    private Http2Host(TestServer test, bool isTls)
    {
        Test = test;
        _isTls = isTls;
    }

    public TestServer Test { get; }

    public HttpServer Server => Test.Server;

    public TestLog Log => Test.Log;

    /// <param name="transport">As <see cref="TestServer.StartAsync"/> takes it.</param>
    /// <param name="map">Maps the handlers.</param>
    /// <param name="configure">Changes options.</param>
    public static async Task<Http2Host> StartAsync(string transport, Action<HttpServer> map, Action<HttpServerOptions>? configure = null)
    {
        var test = await TestServer.StartAsync(transport, map, options =>
        {
            options.Endpoints = [.. options.EffectiveEndpoints()];
            foreach (var endpoint in options.Endpoints)
            {
                endpoint.Protocols = HttpProtocols.Http1 | HttpProtocols.Http2;
            }

            configure?.Invoke(options);
        });
        return new Http2Host(test, transport.Contains('/'));
    }

    /// <summary>A connection on which nothing has been said yet.</summary>
    public async Task<TestClient> ConnectRawAsync()
    {
        var client = await Test.ConnectPlainAsync();
        return _isTls ? await client.SecureAsync(configure: static options => options.ApplicationProtocols = [SslApplicationProtocol.Http2]) : client;
    }

    /// <summary>A client that has not sent its preface.</summary>
    public async Task<Http2TestClient> OpenAsync() =>
        new((await ConnectRawAsync()).Stream) { Patience = TestClient.Patience, Scheme = _isTls ? "https" : "http" };

    /// <summary>A client that has exchanged SETTINGS.</summary>
    public async Task<Http2TestClient> ConnectAsync(params (int Id, long Value)[] settings)
    {
        var client = await OpenAsync();
        await client.StartAsync(settings);
        return client;
    }

    public ValueTask DisposeAsync() => Test.DisposeAsync();
}
