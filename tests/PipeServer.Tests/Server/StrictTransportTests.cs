namespace PipeServer.Tests.Server;

/// <summary>
/// <see cref="HttpServerOptions.StrictTransportSecurity"/> on the wire: on every answer over TLS (RFC 6797 §7.1), on none in plain text (§7.2), and once.
/// One suite, unchanged over each transport and engine.
/// </summary>
public abstract class StrictTransportTests(string transport)
{
    private const string Field = "Strict-Transport-Security";
    private const string Value = "max-age=600; includeSubDomains";

    private static readonly PreparedResponse Prepared = new(200, [new("Content-Type", "text/plain")], "prepared"u8.ToArray());
    private static readonly PreparedResponse Own = new(200, [new("strict-transport-security", "max-age=5")], "own"u8.ToArray());

    [Theory]
    [InlineData("GET /whole HTTP/1.1\r\nHost: a", 200)]
    [InlineData("GET /whole HTTP/1.0\r\nConnection: keep-alive", 200)]
    [InlineData("GET /whole HTTP/1.1\r\nHost: a\r\nConnection: close", 200)]
    [InlineData("GET /worker HTTP/1.1\r\nHost: a", 200)]
    [InlineData("GET /prepared HTTP/1.1\r\nHost: a", 200)]
    [InlineData("GET /prepared HTTP/1.0", 200)]
    [InlineData("GET /chunked HTTP/1.1\r\nHost: a", 200)]
    [InlineData("GET /empty HTTP/1.1\r\nHost: a", 204)]
    [InlineData("GET /fault HTTP/1.1\r\nHost: a", 500)]
    [InlineData("GET /nowhere HTTP/1.1\r\nHost: a", 404)]
    [InlineData("POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 0", 405)]
    [InlineData("FOO /whole HTTP/1.1\r\nHost: a", 501)]
    [InlineData("GET /whole HTTP/1.1", 400)]
    [InlineData("GET /% HTTP/1.1\r\nHost: a", 400)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a", 204)]
    [InlineData("GET /healthz/ready HTTP/1.1\r\nHost: a", 200)]
    public async Task Every_answer_has_it_over_TLS_and_none_in_plain_text(string request, int status)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < (request.Contains("close", StringComparison.Ordinal) || status == 400 || request.EndsWith("1.0", StringComparison.Ordinal) ? 1 : 2); round++)
        {
            var response = await client.RequestAsync(request + "\r\n\r\n");
            Assert.Equal((status, transport.Contains('/', StringComparison.Ordinal) ? Value : null), (response.Status, response[Field]));
        }
    }

    [Theory]
    [InlineData("/own")]
    [InlineData("/own/prepared")]
    public async Task A_handlers_own_goes_before_it(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("max-age=5", (await client.RequestAsync(TestClient.Get(path)))[Field]);
    }

    [Fact]
    public async Task Others_hold_for_connections_that_begin_after_a_reload()
    {
        await using var server = await StartAsync();
        await using var before = await server.ConnectAsync();
        Assert.Equal(200, (await before.RequestAsync(TestClient.Get("/whole"))).Status);
        server.Server.Reload(With(StrictTransportSecurity.Parse("0")));
        await using var after = await server.ConnectAsync();
        Assert.Equal(transport.Contains('/', StringComparison.Ordinal) ? "max-age=0" : null, (await after.RequestAsync(TestClient.Get("/whole")))[Field]);
        server.Server.Reload(With(null));
        await using var off = await server.ConnectAsync();
        Assert.Null((await off.RequestAsync(TestClient.Get("/whole")))[Field]);
        Assert.Equal(transport.Contains('/', StringComparison.Ordinal) ? Value : null, (await before.RequestAsync(TestClient.Get("/whole")))[Field]);
    }

    private HttpServerOptions With(StrictTransportSecurity? policy)
    {
        var options = new HttpServerOptions { StrictTransportSecurity = policy };
        if (transport.Split('/') is [_, var engine])
        {
            TestServer.SpeakTls(options, engine);
        }

        return options;
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        transport,
        static server =>
        {
            server.MapGet("/whole", static (_, response) => response.WriteText("whole"), Dispatch.Inline);
            server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
            server.MapGet("/prepared", static (_, response) => response.Send(Prepared), Dispatch.Inline);
            server.MapGet("/own/prepared", static (_, response) => response.Send(Own), Dispatch.Inline);
            server.MapGet("/own", static (_, response) =>
            {
                response.Headers[Field] = "max-age=5";
                response.WriteText("own");
            });
            server.MapGet("/chunked", static async (_, response) =>
            {
                response.WriteText("a");
                await response.Body.FlushAsync();
                response.WriteText("b");
            });
            server.MapGet("/empty", static (_, response) => response.StatusCode = 204);
            server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("as a test wants it"));
        },
        static options =>
        {
            options.HealthChecks = true;
            options.StrictTransportSecurity = StrictTransportSecurity.Parse(Value);
        });
}
