using System.Globalization;
using System.Net;

namespace PipeServer.Tests.Server;

/// <summary>
/// <see cref="HttpEndpoint.HttpsRedirectPort"/> on the wire: what comes in plain text is sent to https, and nothing that a client has made up is
/// reflected. One suite, unchanged over each transport.
/// </summary>
public abstract class HttpsRedirectTests(string transport)
{
    [Theory]
    [InlineData("GET /a/b?x=%2F&y=1?2&|z HTTP/1.1\r\nHost: example.com", "https://example.com:8443/a/b?x=%2F&y=1?2&|z")]
    [InlineData("GET / HTTP/1.1\r\nHost: Example.COM.:80", "https://Example.COM.:8443/")]
    [InlineData("GET /.. HTTP/1.1\r\nHost: a", null)]
    [InlineData("GET //evil.test/x HTTP/1.1\r\nHost: a", "https://a:8443//evil.test/x")]
    [InlineData("GET /x?%0d%0aX:y HTTP/1.1\r\nHost: a", "https://a:8443/x?%0d%0aX:y")]
    [InlineData("GET http://b/p?q HTTP/1.1\r\nHost: a", "https://b:8443/p?q")]
    [InlineData("GET http://b:81 HTTP/1.1\r\nHost: a", "https://b:8443/")]
    [InlineData("GET http://b?q HTTP/1.1\r\nHost: a", "https://b:8443/?q")]
    [InlineData("GET / HTTP/1.1\r\nHost: [2001:DB8::1]:80", "https://[2001:DB8::1]:8443/")]
    [InlineData("GET / HTTP/1.0\r\nHost: a", "https://a:8443/")]
    [InlineData("POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 0", "https://a:8443/form")]
    [InlineData("DELETE /x HTTP/1.1\r\nHost: a", "https://a:8443/x")]
    [InlineData("GET /nowhere HTTP/1.1\r\nHost: a", "https://a:8443/nowhere")]
    [InlineData("GET /healthz/live HTTP/1.1\r\nHost: a", null)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a", null)]
    [InlineData("GET /.well-known/acme-challenge/x HTTP/1.1\r\nHost: a", null)]
    [InlineData("GET /.well-known/acme-challenges HTTP/1.1\r\nHost: a", "https://a:8443/.well-known/acme-challenges")]
    [InlineData("GET /.well-known/acme-challenge/../x HTTP/1.1\r\nHost: a", "https://a:8443/.well-known/acme-challenge/../x")]
    public async Task A_request_is_sent_to_the_same_place_by_https(string request, string? location)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(request + "\r\n\r\n");
        Assert.Equal(location, response["Location"]);
        if (location is not null)
        {
            Assert.Equal((308, "0", "max-age=3600"), (response.Status, response["Content-Length"], response["Cache-Control"]));
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.0")]
    [InlineData("GET / HTTP/1.1\r\nHost:")]
    [InlineData("GET / HTTP/1.1\r\nHost: a'b")]
    [InlineData("GET / HTTP/1.1\r\nHost: a%20b")]
    [InlineData("GET / HTTP/1.1\r\nHost: a(b)")]
    [InlineData("GET / HTTP/1.1\r\nHost: a@b")]
    [InlineData("GET / HTTP/1.1\r\nHost: a/b")]
    [InlineData("GET http://a;b/ HTTP/1.1\r\nHost: a")]
    public async Task Without_a_host_that_DNS_could_have_it_is_refused(string request)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(request + "\r\n\r\n");
        Assert.Equal((400, null), (response.Status, response["Location"]));
    }

    [Fact]
    public async Task The_connection_goes_on_behind_a_body_and_heads_have_none()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal(308, (await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")).Status);
        Assert.Equal(308, (await client.RequestAsync("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")).Status);
        Assert.Equal(308, (await client.RequestAsync(TestClient.Get("/").Replace("GET", "HEAD", StringComparison.Ordinal), isHead: true)).Status);
        await client.SendAsync(string.Concat(Enumerable.Repeat(TestClient.Get("/x"), 3)));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(308, (await client.ReadResponseAsync()).Status);
        }

        await Eventually.TrueAsync(() => server.Server.Requests is { Received: 6, Completed: 6, Refused: 0 }, "the ledger adds up");
        Assert.Equal(400, (await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")).Status);
    }

    [Fact]
    public async Task Who_knows_the_hosts_has_the_last_word()
    {
        await using var server = await StartAsync(options => options.ShouldRedirect = static request => request.Host switch
        {
            "fault" => throw new InvalidOperationException("as a test wants it"),
            var host => host == "known",
        });
        await using var client = await server.ConnectAsync();
        Assert.Equal(308, (await client.RequestAsync("GET /worker HTTP/1.1\r\nHost: known\r\n\r\n")).Status);
        Assert.Equal("handled", (await client.RequestAsync("GET /worker HTTP/1.1\r\nHost: other\r\n\r\n")).Text);
        Assert.Equal(500, (await client.RequestAsync("GET /worker HTTP/1.1\r\nHost: fault\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Other_endpoints_answer_and_what_a_trusted_proxy_has_got_by_https_is_answered()
    {
        if (transport == "memory")
        {
            return; // it has one endpoint
        }

        await using var server = await StartAsync(static options =>
        {
            options.Endpoints.Add(HttpEndpoint.Parse("127.0.0.1:0"));
            options.TrustedProxies = [TrustedProxy.Parse("127.0.0.1")];
        });
        await using var plain = await TestClient.ConnectAsync(server.Server.EndPoints[1]);
        Assert.Equal("handled", (await plain.RequestAsync(TestClient.Get("/worker"))).Text);
        await using var client = await server.ConnectAsync();
        Assert.Equal("handled", (await client.RequestAsync(TestClient.Get("/worker", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"))).Text);
        Assert.Equal(308, (await client.RequestAsync(TestClient.Get("/worker", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: http"))).Status);
    }

    [Fact]
    public async Task Without_a_port_it_is_that_of_the_endpoint_that_speaks_TLS()
    {
        if (transport == "memory")
        {
            return;
        }

        await using var server = await StartAsync(static options =>
        {
            options.Endpoints = [HttpEndpoint.Parse("127.0.0.1:0,redirect"), HttpEndpoint.Parse("127.0.0.1:0,tls")];
            options.Tls = new TlsOptions { Certificates = TestCertificates.Source() };
        });
        await using var client = await server.ConnectAsync();
        var port = ((IPEndPoint)server.Server.EndPoints[1]).Port.ToString(CultureInfo.InvariantCulture);
        Assert.Equal($"https://localhost:{port}/", (await client.RequestAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))["Location"]);
    }

    [Theory]
    [InlineData("127.0.0.1:0,redirect", "no endpoint with a port speaks TLS")]
    [InlineData("127.0.0.1:0,tls,redirect=443", "would redirect to https what has come by it")]
    public void What_leads_nowhere_is_refused(string endpoint, string message)
    {
        var options = new HttpServerOptions { Endpoints = [HttpEndpoint.Parse(endpoint)], Tls = new TlsOptions { Certificates = TestCertificates.Source() } };
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message, StringComparison.Ordinal);
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        static server =>
        {
            server.MapGet("/worker", static (_, response) => response.WriteText("handled"));
            server.MapFallback(static (_, response) => response.WriteText("files"));
        },
        options =>
        {
            options.HealthChecks = true;
            options.Endpoints = [HttpEndpoint.Parse("127.0.0.1:0,redirect=8443")];
            configure?.Invoke(options);
        });
}
