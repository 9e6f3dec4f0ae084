using System.Collections.Concurrent;
using System.Net;
using PipeServer.Cli.AccessLog;

namespace PipeServer.Tests.Server;

/// <summary>HTTP/1.1 and HTTP/2 on one port, with .NET's own client: one suite over each network transport and engine of TLS.</summary>
public abstract class VersionsTests(string transport)
{
    private const string Duration = "http.server.request.duration";

    private readonly ConcurrentQueue<string> _completed = new();

    [Fact]
    public async Task A_client_chooses_the_version_and_everything_names_it()
    {
        await using var server = await StartAsync();
        using var listener = new MetricsListener(server.Server);
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20, HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var client = CreateClient(server, version);
            for (var i = 0; i < 3; i++)
            {
                using var response = await client.GetAsync(new Uri("/version", UriKind.Relative)).WaitAsync(TestClient.Patience);
                Assert.Equal((version, $"{version}"), (response.Version, await response.Content.ReadAsStringAsync()));
            }
        }

        await Eventually.TrueAsync(() => listener.Recorded.Count(static one => one.Name == Duration) == 12, "all are recorded");
        var versions = listener.Recorded.Where(static one => one.Name == Duration)
            .Select(static one => one.Tags.Split(' ').Single(static tag => tag.StartsWith("network.protocol.version=", StringComparison.Ordinal)));
        Assert.Equal(6, versions.Count(static tag => tag.EndsWith("=2", StringComparison.Ordinal)));
        Assert.Equal(
            ["GET /version HTTP/1.1|HTTP/1.1", "GET /version HTTP/2.0|HTTP/2.0"], _completed.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task One_too_many_is_told_so_in_both()
    {
        await using var server = await StartAsync(static options => options.MaxConnections = 1);
        using var first = CreateClient(server, HttpVersion.Version20);
        Assert.Equal("2.0", await first.GetStringAsync(new Uri("/version", UriKind.Relative)).WaitAsync(TestClient.Patience));
        using var second = CreateClient(server, HttpVersion.Version11);
        using var response = await second.GetAsync(new Uri("/version", UriKind.Relative)).WaitAsync(TestClient.Patience);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        using var third = CreateClient(server, HttpVersion.Version20);
        await Assert.ThrowsAsync<HttpRequestException>(() => third.GetAsync(new Uri("/version", UriKind.Relative)).WaitAsync(TestClient.Patience));
        await Eventually.TrueAsync(() => server.Server.Connections.Refused >= 2, "they are counted");
    }

    private static HttpClient CreateClient(TestServer server, Version version)
    {
        var handler = new SocketsHttpHandler();
#pragma warning disable CA5359 // Whose certificate it is is the matter of other tests.
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        return new HttpClient(handler)
        {
            BaseAddress = server.Server.Address,
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        static server => server.MapGet("/version", static (request, response) => response.WriteText(request.Version.ToString())),
        options =>
        {
            options.Endpoints = [HttpEndpoint.Parse(transport.Contains('/', StringComparison.Ordinal) ? "127.0.0.1:0" : "127.0.0.1:0,h2c")];
            options.OnCompleted += (in RequestCompletion completion) => _completed.Enqueue(
                $"{System.Text.Encoding.ASCII.GetString(completion.RequestLine)}|{System.Text.Encoding.ASCII.GetString(AccessLogValues.HttpVersion(completion.Request))}");
            configure?.Invoke(options);
        });
}
