using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>
/// <see cref="HttpServerOptions.RateLimit"/> on the wire: one request too many is refused before its handler, and the connection goes on. One
/// suite, unchanged over each transport; the clients' addresses are those that a trusted proxy names.
/// </summary>
public abstract class RateLimitedTests(string transport)
{
    private readonly ManualTimeProvider _time = new();
    private readonly ConcurrentQueue<string> _told = [];
    private int _handled;

    [Theory]
    [InlineData("/inline")]
    [InlineData("/worker")]
    public async Task One_too_many_is_429_and_the_connection_goes_on(string path)
    {
        await using var server = await StartAsync("2/s:3");
        await using var proxy = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await proxy.RequestAsync(For("192.0.2.1", path))).Status);
        }

        var refused = await proxy.RequestAsync(For("192.0.2.1", path));
        Assert.Equal((429, "1", null), (refused.Status, refused["Retry-After"], refused["Connection"]));
        Assert.Equal("429 Too Many Requests: too many requests from this address; see Retry-After.\n", refused.Text);
        Assert.Equal(200, (await proxy.RequestAsync(For("192.0.2.2", path))).Status);
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Equal(429, (await proxy.RequestAsync(For("192.0.2.1", path))).Status);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(200, (await proxy.RequestAsync(For("192.0.2.1", path))).Status);
        Assert.Equal(429, (await proxy.RequestAsync(For("192.0.2.1", path))).Status);
        Assert.Equal(5, _handled);
        await Eventually.TrueAsync(() => server.Server.Requests is { Received: 8, Completed: 5, Refused: 3 }, "the ledger adds up");
        await Eventually.TrueAsync(() => _told.Count == 8, "all are told");
        Assert.Equal("429 Refused too many requests from this address; see Retry-After", _told.ElementAt(3).Split('|')[1]);
        Assert.StartsWith("192.0.2.1:0|", _told.ElementAt(3));
        Assert.Single(server.Log.Entries, static entry =>
            entry.Level == LogLevel.Warning && entry.Message.Contains("192.0.2.1: 429"));
    }

    [Theory]
    [InlineData("1/m", 59, "1")]
    [InlineData("1/m", 0, "60")]
    [InlineData("0.001/m", 0, "60000")]
    [InlineData("1000000/s:1", 0, "1")]
    [InlineData("0.4/s", 0, "3")] // 2.5 seconds
    public async Task Retry_After_says_when(string rate, int waited, string expected)
    {
        await using var server = await StartAsync(rate);
        await using var proxy = await server.ConnectAsync();
        Assert.Equal(200, (await proxy.RequestAsync(For("192.0.2.1"))).Status);
        _time.Advance(TimeSpan.FromSeconds(waited));
        Assert.Equal(expected, (await proxy.RequestAsync(For("192.0.2.1")))["Retry-After"]);
        _time.Advance(TimeSpan.FromSeconds(int.Parse(expected, CultureInfo.InvariantCulture)));
        Assert.Equal(200, (await proxy.RequestAsync(For("192.0.2.1"))).Status);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1:80", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    [InlineData("::1:0:0:0:1", "192.0.2.1", false)]
    [InlineData("::1", "0.0.0.0", false)]
    [InlineData("192.0.2.1", "::192.0.2.1", false)]
    public async Task Two_addresses_share_or_do_not(string one, string other, bool share)
    {
        await using var server = await StartAsync("1/m");
        await using var proxy = await server.ConnectAsync();
        Assert.Equal(200, (await proxy.RequestAsync(For(one))).Status);
        Assert.Equal(share ? 429 : 200, (await proxy.RequestAsync(For(other))).Status);
        Assert.Equal(429, (await proxy.RequestAsync(For(one))).Status);
    }

    [Fact]
    public async Task Whoever_has_no_address_is_not_limited()
    {
        await using var server = await StartAsync("1/m", static options => options.ForwardedHeader = ForwardedHeader.None);
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(transport == "memory" || i == 0 ? 200 : 429, (await client.RequestAsync(For("192.0.2.1"))).Status);
        }
    }

    // A probe that is refused takes a server out of service that is well.
    [Theory]
    [InlineData(true, 200)]
    [InlineData(false, 429)]
    public async Task Health_checks_are_not_counted_where_there_are_any(bool hasHealthChecks, int expected)
    {
        await using var server = await StartAsync("1/m", options => options.HealthChecks = hasHealthChecks);
        await using var proxy = await server.ConnectAsync();
        await proxy.RequestAsync(For("192.0.2.1", "/healthz/live"));
        Assert.Equal(expected, (await proxy.RequestAsync(For("192.0.2.1", "/healthz/live"))).Status);
        Assert.Equal(expected, (await proxy.RequestAsync(For("192.0.2.1", "/healthz/ready?x"))).Status);
        Assert.Equal(expected, (await proxy.RequestAsync(For("192.0.2.1"))).Status);
        Assert.Equal(429, (await proxy.RequestAsync(For("192.0.2.1", "/healthz/livex"))).Status);
    }

    // Whatever a request would have been answered with, it counts, and is refused first.
    [Theory]
    [InlineData("GET /nowhere HTTP/1.1\r\nHost: a\r\n", 404)]
    [InlineData("PUT /inline HTTP/1.1\r\nHost: a\r\n", 405)]
    [InlineData("GET /../a HTTP/1.1\r\nHost: a\r\n", 400)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a\r\n", 204)]
    [InlineData("FROB / HTTP/1.1\r\nHost: a\r\n", 501)]
    [InlineData("GET /fault HTTP/1.1\r\nHost: a\r\n", 500)]
    public async Task Every_request_counts(string head, int status)
    {
        await using var server = await StartAsync("1/m");
        await using var proxy = await server.ConnectAsync();
        Assert.Equal(status, (await proxy.RequestAsync($"{head}X-Forwarded-For: 192.0.2.1\r\n\r\n")).Status);
        Assert.Equal(429, (await proxy.RequestAsync($"{head}X-Forwarded-For: 192.0.2.1\r\n\r\n")).Status);
        Assert.Equal(200, (await proxy.RequestAsync(For("192.0.2.2"))).Status);
    }

    // The body of a refused request is discarded as any that no handler reads, and what comes behind it is understood.
    [Theory]
    [InlineData("Content-Length: 5\r\n", "hello", false)]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", false)]
    [InlineData("Content-Length: 5\r\nExpect: 100-continue\r\n", "", true)]
    [InlineData("Content-Length: 100000000\r\n", "", true)]
    public async Task A_refused_body_keeps_the_connection_where_it_can(string framing, string body, bool closes)
    {
        await using var server = await StartAsync("1/m");
        await using var proxy = await server.ConnectAsync();
        await proxy.RequestAsync(For("192.0.2.1"));
        var refused = await proxy.RequestAsync($"POST /echo HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n{framing}\r\n{body}");
        Assert.Equal((429, closes ? "close" : null), (refused.Status, refused["Connection"]));
        Assert.Equal(1, _handled);
        if (!closes)
        {
            Assert.Equal(200, (await proxy.RequestAsync(For("192.0.2.2"))).Status);
        }
    }

    [Fact]
    public async Task A_body_that_comes_later_is_not_taken_for_a_request()
    {
        await using var server = await StartAsync("1/m");
        await using var proxy = await server.ConnectAsync();
        await proxy.RequestAsync(For("192.0.2.1"));
        await proxy.SendAsync("POST /echo HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 40\r\n\r\n");
        await proxy.SendAsync("GET /inline HTTP/1.1\r\nHost: a\r\n\r\n1234567");
        Assert.Equal(429, (await proxy.ReadResponseAsync()).Status);
        Assert.Equal("inline", (await proxy.RequestAsync(For("192.0.2.2"))).Text);
        Assert.Equal(2, _handled);
    }

    [Fact]
    public async Task In_a_pipelined_batch_each_counts_for_its_own_client()
    {
        await using var server = await StartAsync("2/m");
        await using var proxy = await server.ConnectAsync();
        await proxy.SendAsync(string.Concat(Enumerable.Range(0, 12).Select(static i => For($"192.0.2.{i % 3}", i % 2 == 0 ? "/inline" : "/worker"))));
        for (var i = 0; i < 12; i++)
        {
            Assert.Equal(i < 6 ? 200 : 429, (await proxy.ReadResponseAsync()).Status);
        }
    }

    private static string For(string address, string path = "/inline") => TestClient.Get(path, $"X-Forwarded-For: {address}");

    private Task<TestServer> StartAsync(string rate, Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/inline", (_, response) => Handle(response, "inline"), Dispatch.Inline);
            server.MapGet("/worker", (_, response) => Handle(response, "worker"));
            server.MapPost("/echo", (_, response) => Handle(response, "echo"));
            server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("On purpose."));
        },
        options =>
        {
            options.TimeProvider = _time;
            options.RateLimit = RateLimit.Parse(rate);
            options.TrustedProxies = [TrustedProxy.Parse("127.0.0.0/8"), TrustedProxy.Unix];
            options.OnCompleted = See;
            options.KeepAliveTimeout = TimeSpan.FromDays(2);
            configure?.Invoke(options);
        });

    private void Handle(HttpResponse response, string text)
    {
        Interlocked.Increment(ref _handled);
        response.WriteText(text);
    }

    private void See(in RequestCompletion completion) =>
        _told.Enqueue($"{completion.RemoteEndPoint}|{completion.StatusCode} {completion.Outcome} {completion.Reason}");
}
