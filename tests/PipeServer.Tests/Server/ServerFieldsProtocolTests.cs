using System.Net;

namespace PipeServer.Tests.Server;

/// <summary>
/// <see cref="HttpServerOptions.ServerHeader"/> and <see cref="HttpServerOptions.DateHeader"/> on the wire, in every kind of answer and over both protocols.
/// </summary>
public sealed class ServerFieldsProtocolTests
{
    private static readonly PreparedResponse Prepared = new(200, [new("Content-Type", "text/plain")], "prepared"u8.ToArray());

    public static TheoryData<string, string, bool> Forms => Over("memory", "sockets", "epoll");

    public static TheoryData<string, string, bool> FormsOverNetwork => Over("sockets", "epoll");

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Every_answer_of_HTTP1_has_what_is_wanted(string transport, string server, bool hasDate)
    {
        await using var test = await StartAsync(transport, server, hasDate);
        foreach (var (request, status) in new[]
        {
            ("GET /whole HTTP/1.1\r\nHost: a", 200), ("GET /whole HTTP/1.0", 200), ("GET /worker HTTP/1.1\r\nHost: a", 200),
            ("GET /prepared HTTP/1.1\r\nHost: a", 200), ("GET /chunked HTTP/1.1\r\nHost: a", 200), ("GET /empty HTTP/1.1\r\nHost: a", 204),
            ("GET /time HTTP/1.1\r\nHost: a", 200), ("GET /fault HTTP/1.1\r\nHost: a", 500), ("GET /nowhere HTTP/1.1\r\nHost: a", 404),
            ("POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 0", 405), ("FOO / HTTP/1.1\r\nHost: a", 501), ("GET / HTTP/1.1", 400),
            ("GET /whole HTTP/1.1\r\nHost: a\r\nExpect: x", 417), ("GET / HTTP/3.0\r\nHost: a", 505), ("OPTIONS * HTTP/1.1\r\nHost: a", 204),
        })
        {
            await using var client = await test.ConnectAsync();
            AssertFields(await client.RequestAsync(request + "\r\n\r\n"), status, server, hasDate);
        }

        await using var own = await test.ConnectAsync();
        AssertFields(await own.RequestAsync(TestClient.Get("/own")), 200, "mine", hasDate);
        AssertFields(await own.RequestAsync(TestClient.Get("/own/prepared")), 200, "mine", hasDate);
    }

    // Byte by byte, but for the date.
    [Fact]
    public async Task By_default_an_answer_is_what_it_was()
    {
        await using var test = await StartAsync("memory", new HttpServerOptions().ServerHeader, new HttpServerOptions().DateHeader);
        await using var client = await test.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/whole"));
        Assert.Equal("HTTP/1.1 200 OK", response.StatusLine);
        Assert.Equal(
            ["Server: PipeServer", "Date: 29", "Content-Length: 5", "Content-Type: text/plain; charset=utf-8"],
            response.Headers.Select(static field => $"{field.Name}: {(field.Name == "Date" ? $"{field.Value.Length}" : field.Value)}"));
    }

    [Theory]
    [InlineData("sockets")]
    [InlineData("epoll")]
    public async Task A_client_that_is_too_many_is_told_by_the_same(string transport)
    {
        await using var test = await StartAsync(transport, "Other/1.0", hasDate: false, static options => options.MaxConnections = 1);
        await using var first = await test.ConnectAsync();
        Assert.Equal(200, (await first.RequestAsync(TestClient.Get("/whole"))).Status);
        await using var second = await test.ConnectAsync();
        AssertFields(await second.RequestAsync(TestClient.Get("/whole")), 503, "Other/1.0", hasDate: false);
    }

    [Theory]
    [MemberData(nameof(FormsOverNetwork))]
    public async Task Every_answer_of_HTTP2_has_what_is_wanted(string transport, string server, bool hasDate)
    {
        await using var test = await StartAsync(transport, server, hasDate);
        using var client = new HttpClient { BaseAddress = new Uri($"http://{test.Server.EndPoints[0]}"), Timeout = TestClient.Patience };
        foreach (var (path, status, expected) in new[]
        {
            ("/whole", 200, server), ("/worker", 200, server), ("/prepared", 200, server), ("/chunked", 200, server), ("/empty", 204, server), ("/time", 200, server),
            ("/fault", 500, server), ("/nowhere", 404, server), ("/own", 200, "mine"), ("/own/prepared", 200, "mine"), ("/whole", 200, server),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var response = await client.SendAsync(request);
            Assert.Equal((status, HttpVersion.Version20), ((int)response.StatusCode, response.Version));
            Assert.Equal((expected, hasDate), (string.Join(' ', response.Headers.Server), response.Headers.Date is not null));
        }
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("epoll")]
    public async Task A_reload_changes_them_for_the_next_answer(string transport)
    {
        await using var test = await StartAsync(transport, "PipeServer", hasDate: true);
        await using var client = await test.ConnectAsync();
        foreach (var (server, hasDate) in new[] { ("PipeServer", true), ("Other/1.0", true), ("", false), ("PipeServer", false), ("PipeServer", true) })
        {
            test.Server.Reload(new HttpServerOptions { ServerHeader = server, DateHeader = hasDate });
            AssertFields(await client.RequestAsync(TestClient.Get("/whole")), 200, server, hasDate);
        }
    }

    private static TheoryData<string, string, bool> Over(params string[] transports)
    {
        var forms = new TheoryData<string, string, bool>();
        foreach (var transport in transports)
        {
            forms.Add(transport, "PipeServer", true);
            forms.Add(transport, "PipeServer", false);
            forms.Add(transport, "Other/1.0", true);
            forms.Add(transport, new string('x', 32), true);
            forms.Add(transport, "", true);
            forms.Add(transport, "", false);
        }

        return forms;
    }

    private static void AssertFields(TestResponse response, int status, string server, bool hasDate)
    {
        Assert.Equal((status, server.Length > 0 ? server : null, hasDate), (response.Status, response["Server"], response["Date"] is not null));
        Assert.True(!hasDate || DateTimeOffset.TryParseExact(response["Date"], "R", null, default, out _));
    }

    private static Task<TestServer> StartAsync(string transport, string server, bool hasDate, Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        static server =>
        {
            server.MapGet("/whole", static (_, response) => response.WriteText("whole"), Dispatch.Inline);
            server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
            server.MapGet("/prepared", static (_, response) => response.Send(Prepared), Dispatch.Inline);
            server.MapGet("/own/prepared", static (_, response) => response.Send(new PreparedResponse(200, [new("Server", "mine")], "own"u8.ToArray())), Dispatch.Inline);
            server.MapGet("/own", static (_, response) =>
            {
                response.Headers["Server"] = "mine";
                response.WriteText("own");
            });
            server.MapGet("/time", static (_, response) =>
            {
                response.Headers["Last-Modified"] = "Sun, 06 Nov 1994 08:49:37 GMT";
                response.WriteText("time");
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
        options =>
        {
            (options.ServerHeader, options.DateHeader) = (server, hasDate);
            options.Endpoints = [.. options.EffectiveEndpoints()];
            options.Endpoints[0].Protocols = HttpProtocols.Http1 | HttpProtocols.Http2;
            configure?.Invoke(options);
        });
}
