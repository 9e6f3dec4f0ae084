using System.Net;

namespace PipeServer.Tests.Server;

/// <summary>Limits and time-outs that change while a server runs: a connection keeps what it has begun with, the next one gets what is in force.</summary>
public abstract class ReloadTests(string transport)
{
    [Fact]
    public async Task An_open_connection_keeps_its_limits_and_a_new_one_has_the_new_ones()
    {
        await using var server = await StartAsync();
        await using var old = await server.ConnectAsync();
        Assert.Equal(200, await AskAsync(old));
        Assert.Empty(Reload(server, static options =>
        {
            (options.MaxRequestLineBytes, options.MaxRequestHeadBytes, options.MaxRequestHeaderCount) = (100, 200, 3);
            options.MaxRequestBodyBytes = 4;
        }));
        await using var later = await server.ConnectAsync();
        foreach (var (request, status) in new[]
        {
            (TestClient.Get("/" + new string('a', 150)), 414),
            (TestClient.Get("/", "X: " + new string('a', 200)), 431),
            (TestClient.Get("/", "A: 1", "B: 2", "C: 3"), 431),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 413),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 413),
        })
        {
            Assert.Equal(200, (await old.RequestAsync(request)).Status);
            await using var next = await server.ConnectAsync();
            Assert.Equal(status, (await next.RequestAsync(request)).Status);
        }

        // What is not set again has its default.
        Reload(server, static _ => { });
        await using var last = await server.ConnectAsync();
        Assert.Equal(200, (await last.RequestAsync(TestClient.Get("/" + new string('a', 150)))).Status);
        Assert.Equal(414, (await later.RequestAsync(TestClient.Get("/" + new string('a', 150)))).Status);
    }

    [Fact]
    public async Task Time_outs_are_those_of_the_connections_begin()
    {
        await using var server = await StartAsync();
        await using var old = await server.ConnectAsync();
        Assert.Equal(200, await AskAsync(old));
        Reload(server, static options => options.KeepAliveTimeout = TimeSpan.FromMilliseconds(1));
        await using var later = await server.ConnectAsync();
        Assert.Equal(200, await AskAsync(later));
        Assert.True(await later.IsClosedAsync());
        Assert.Equal(200, await AskAsync(old));
    }

    // Fewer than are open: none is cut off, and nobody gets in until there are fewer.
    [Fact]
    public async Task The_limit_of_connections_goes_down_and_up()
    {
        await using var server = await StartAsync();
        var open = new List<TestClient>();
        for (var number = 0; number < 4; number++)
        {
            open.Add(await server.ConnectAsync());
            Assert.Equal(200, await AskAsync(open[^1]));
        }

        Reload(server, static options => options.MaxConnections = 2);
        for (var left = 4; left > 2; left--)
        {
            Assert.Equal(503, await AskAnewAsync(server));
            Assert.Equal(200, await AskAsync(open[^1]));
            await EndAsync(server, open);
        }

        Assert.Equal(503, await AskAnewAsync(server));
        await EndAsync(server, open);
        open.Add(await server.ConnectAsync());
        Assert.Equal(200, await AskAsync(open[^1]));
        Assert.Equal(503, await AskAnewAsync(server));
        Reload(server, static options => options.MaxConnections = 3);
        open.Add(await server.ConnectAsync());
        Assert.Equal(200, await AskAsync(open[^1]));
        Assert.Equal(503, await AskAnewAsync(server));
        foreach (var client in open)
        {
            await client.DisposeAsync();
        }
    }

    // Who waits for room gets in by a higher limit as by the end of another.
    [Fact]
    public async Task A_client_that_waits_is_let_in_by_a_higher_limit()
    {
        await using var server = await StartAsync(static options => (options.MaxConnections, options.Overload) = (1, OverloadPolicy.Wait));
        await using var first = await server.ConnectAsync();
        Assert.Equal(200, await AskAsync(first));
        await using var second = await server.ConnectAsync();
        var waiting = AskAsync(second);
        await Task.Delay(50);
        Assert.False(waiting.IsCompleted);
        Reload(server, static options => (options.MaxConnections, options.Overload) = (2, OverloadPolicy.Wait));
        Assert.Equal(200, await waiting);
    }

    [Fact]
    public async Task The_page_for_errors_can_change()
    {
        await using var server = await TestServer.StartAsync(
            transport, static server => server.MapFallback((Action<HttpRequest, HttpResponse>)((_, _) => throw new InvalidOperationException("x"))));
        await using var client = await server.ConnectAsync();
        Reload(server, static options => options.ServerErrorPage = "sorry"u8.ToArray());
        Assert.Equal("sorry", (await client.RequestAsync(TestClient.Get("/"))).Text);
    }

    [Fact]
    public async Task A_mistake_changes_nothing()
    {
        await using var server = await StartAsync();
        Assert.Throws<ArgumentNullException>(() => server.Server.Reload(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => Reload(server, static options => (options.MaxConnections, options.MaxRequestBodyBytes) = (0, 1)));
        await using var client = await server.ConnectAsync();
        Assert.Equal(200, (await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")).Status);
    }

    // An exchange that had served a proxy's client took the next request for that client's as well, of whatever connection, once no proxy was trusted.
    [Theory]
    [InlineData(ForwardedHeader.XForwardedFor, "")]
    [InlineData(ForwardedHeader.None, "127.0.0.0/8 unix")]
    [InlineData(ForwardedHeader.Forwarded, "127.0.0.0/8 unix")]
    public async Task Whoever_is_trusted_no_longer_names_nobody(ForwardedHeader header, string trusted)
    {
        await using var server = await TestServer.StartAsync(
            transport,
            static server => server.MapGet(
                "/", static (request, response) => response.WriteText($"{(request.RemoteEndPoint is IPEndPoint { Port: 5 } ? "named" : "peer")} {request.Scheme}"),
                Dispatch.Inline),
            static options => options.TrustedProxies = [TrustedProxy.Parse("127.0.0.0/8"), TrustedProxy.Unix]);
        await using var proxy = await server.ConnectAsync();
        var request = TestClient.Get("/", "X-Forwarded-For: 192.0.2.7:5", "X-Forwarded-Proto: https");
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal("named https", (await proxy.RequestAsync(request)).Text);
            Reload(server, options =>
            {
                options.ForwardedHeader = header;
                options.TrustedProxies = [.. trusted.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(TrustedProxy.Parse)];
            });
            Assert.Equal("peer http", (await proxy.RequestAsync(request)).Text);
            await using var other = await server.ConnectAsync();
            Assert.Equal("peer http", (await other.RequestAsync(TestClient.Get("/"))).Text);
            Reload(server, static options => options.TrustedProxies = [TrustedProxy.Parse("127.0.0.0/8"), TrustedProxy.Unix]);
        }
    }

    [Fact]
    public async Task What_cannot_change_is_named()
    {
        await using var server = await StartAsync();
        var names = Reload(server, static options => (options.Workers, options.Backlog, options.HealthChecks, options.MaxConnections) = (7, 9, true, 11));
        Assert.Equal(["Backlog", "Workers", "HealthChecks"], names);
        await using var client = await server.ConnectAsync();
        Assert.Equal(200, await AskAsync(client));
    }

    [Fact]
    public async Task It_needs_a_server_that_runs()
    {
        await using var fresh = new HttpServer();
        Assert.Throws<InvalidOperationException>(() => fresh.Reload(new HttpServerOptions()));
        var server = await StartAsync();
        await server.DisposeAsync();
        Assert.Throws<InvalidOperationException>(() => Reload(server, static _ => { }));
    }

    /// <summary>The options of the server with changes; what it was started with and cannot change is the same.</summary>
    private protected static IReadOnlyList<string> Reload(TestServer server, Action<HttpServerOptions> change)
    {
        var context = server.Server.Workers; // throws where it was not started
        Assert.NotNull(context);
        var options = new HttpServerOptions { Port = 0, Workers = 2, LoggerFactory = server.Log, Transport = server.Transport };
        change(options);
        return server.Server.Reload(options);
    }

    private protected Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        static server => server.MapFallback(
            static async (request, response) =>
            {
                await request.Body.CopyToAsync(Stream.Null);
                response.WriteText("hello");
            }),
        configure);

    private protected static async Task<int> AskAsync(TestClient client) => (await client.RequestAsync(TestClient.Get("/"))).Status;

    // A client that is refused is told so before it has asked.
    private protected static async Task<int> AskAnewAsync(TestServer server)
    {
        await using var client = await server.ConnectAsync();
        return (await client.ReadHeadAsync()).Status;
    }

    private protected static async Task EndAsync(TestServer server, List<TestClient> open)
    {
        var ended = server.Server.Connections.Closed + server.Server.Connections.Aborted;
        await open[^1].DisposeAsync();
        open.RemoveAt(open.Count - 1);
        await Eventually.TrueAsync(() => server.Server.Connections.Closed + server.Server.Connections.Aborted > ended, "the connection has ended");
    }
}
