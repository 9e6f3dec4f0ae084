using System.Net;
using System.Net.Sockets;

namespace PipeServer.Tests.Server;

/// <summary>Connections that begin with a header of the PROXY protocol: the client that it names is the one that counts.</summary>
public abstract class ProxyProtocolTests(string transport)
{
    private const string Client7 = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n";
    private const string Client8 = "PROXY TCP4 192.0.2.8 192.0.2.1 4711 80\r\n";

    [Theory]
    [InlineData(Client7, "192.0.2.7:4711", "192.0.2.1:80")]
    [InlineData("PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n", "[2001:db8::7]:4711", "[2001:db8::1]:80")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C\xC0\0\x02\x07\xC0\0\x02\x01\x12\x67\0\x50", "192.0.2.7:4711", "192.0.2.1:80")]
    [InlineData(
        "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\x20\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x67\x01\xBB",
        "[2001::7]:4711", "[2001::1]:443")]
    public async Task A_request_sees_the_addresses_that_the_proxy_names(string header, string client, string local)
    {
        await using var server = await StartAsync();
        await using var proxy = await server.ConnectAsync();
        Assert.Equal(client, (await proxy.RequestAsync(header + TestClient.Get("/who"))).Text);
        Assert.Equal(client, (await proxy.RequestAsync(TestClient.Get("/who"))).Text);
        Assert.Equal(local, (await proxy.RequestAsync(TestClient.Get("/where"))).Text);
        Assert.Equal("hello", (await proxy.RequestAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")).Text);
    }

    // A filter's connection that did not hand its reads on would cost each request a state machine, and nothing else would tell.
    [Fact]
    public async Task A_request_behind_a_proxy_resumes_no_async_method_over_epoll()
    {
        await using var server = await StartAsync();
        await using var proxy = await server.ConnectAsync();
        var stacks = new List<string> { (await proxy.RequestAsync(Client7 + TestClient.Get("/stack"))).Text };
        for (var i = 0; i < 50; i++) // one that comes before the read is parked is the async loop's
        {
            stacks.Add((await proxy.RequestAsync(TestClient.Get("/stack"))).Text);
        }

        Assert.Equal(transport == "epoll", stacks.Exists(static stack => !stack.Contains("ServeRequestsAsync")));
    }

    [Theory]
    [InlineData("PROXY UNKNOWN\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")]
    public async Task A_proxy_that_speaks_for_itself_keeps_its_address(string header)
    {
        await using var server = await StartAsync();
        await using var proxy = await server.ConnectAsync();
        Assert.Equal($"{proxy.LocalEndPoint}", (await proxy.RequestAsync(header + TestClient.Get("/who"))).Text);
        Assert.Equal($"{server.Server.EndPoints[0]}", (await proxy.RequestAsync(TestClient.Get("/where"))).Text);
    }

    [Fact]
    public async Task A_header_that_comes_byte_by_byte_is_read()
    {
        await using var server = await StartAsync();
        await using var proxy = await server.ConnectAsync();
        foreach (var character in Client7)
        {
            await proxy.SendAsync($"{character}");
            await Task.Yield();
        }

        Assert.Equal("192.0.2.7:4711", (await proxy.RequestAsync(TestClient.Get("/who"))).Text);
    }

    // Not a word: whoever comes without a header is not the proxy.
    [Theory]
    [InlineData("GET /who HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PROXY TCP4 nonsense\r\n")]
    [InlineData("PROXY TCP4 192.0")]
    public async Task A_connection_without_a_header_is_closed(string sent)
    {
        await using var server = await StartAsync();
        await using (var stranger = await server.ConnectAsync())
        {
            await stranger.SendAsync(sent);
            if (sent.EndsWith("192.0"))
            {
                stranger.ShutdownSend();
            }

            Assert.Empty(await ReadToEndOrResetAsync(stranger));
        }

        await Eventually.TrueAsync(() => server.Server.Connections is { Accepted: 1, Closed: 1 }, "it is counted as closed");
        Assert.Equal(0, server.Server.Requests.Received);
        Assert.Single(server.Log.Messages, static message => message.Contains("Name each proxy by TrustedProxies"));
    }

    [Fact]
    public async Task A_peer_that_is_not_trusted_is_closed()
    {
        await using var server = await StartAsync(static options => options.TrustedProxies = [TrustedProxy.Parse("192.0.2.0/24"), TrustedProxy.Unix]);
        await using var stranger = await server.ConnectAsync();
        await stranger.SendAsync(Client7 + TestClient.Get("/who"));
        Assert.Empty(await ReadToEndOrResetAsync(stranger));
        Assert.Single(server.Log.Messages, static message => message.Contains("is not among the trusted proxies"));
    }

    [Fact]
    public async Task The_peers_of_a_unix_socket_are_trusted_where_they_are_named()
    {
        Assert.SkipUnless(Socket.OSSupportsUnixDomainSockets, "Unix sockets are not available here.");
        var path = Path.Combine(Path.GetTempPath(), $"pipeserver-{Guid.NewGuid():N}.sock");
        await using var server = await StartAsync(options =>
        {
            options.Endpoints = [HttpEndpoint.Parse($"unix:{path},proxy"), HttpEndpoint.Parse("127.0.0.1:0")];
            options.TrustedProxies = [TrustedProxy.Unix];
        });
        await using var proxy = await TestClient.ConnectAsync(server.Server.EndPoints[0]);
        Assert.Equal("192.0.2.7:4711", (await proxy.RequestAsync(Client7 + TestClient.Get("/who"))).Text);

        // The other endpoint is a plain one.
        await using var plain = await TestClient.ConnectAsync(server.Server.EndPoints[1]);
        Assert.Equal($"{plain.LocalEndPoint}", (await plain.RequestAsync(TestClient.Get("/who"))).Text);
    }

    [Fact]
    public async Task Connections_are_counted_by_the_client_that_is_named()
    {
        await using var server = await StartAsync(static options => options.MaxConnectionsPerAddress = 1);
        await using var first = await server.ConnectAsync();
        Assert.Equal(200, (await first.RequestAsync(Client7 + TestClient.Get("/who"))).Status);
        await using var second = await server.ConnectAsync();
        Assert.Equal(200, (await second.RequestAsync(Client8 + TestClient.Get("/who"))).Status);
        await using var third = await server.ConnectAsync();
        Assert.Equal(503, (await third.RequestAsync(Client7 + TestClient.Get("/who"))).Status);
        await first.DisposeAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                await using var again = await server.ConnectAsync();
                return (await again.RequestAsync(Client7 + TestClient.Get("/who"))).Status == 200;
            },
            "the place comes free");
    }

    // A refusal before the header would be taken by the proxy for an answer to whoever it asks for.
    [Fact]
    public async Task One_connection_too_many_is_refused_after_its_header()
    {
        await using var server = await StartAsync(static options => options.MaxConnections = 1);
        await using var first = await server.ConnectAsync();
        Assert.Equal(200, (await first.RequestAsync(Client7 + TestClient.Get("/who"))).Status);
        await using var second = await server.ConnectAsync();
        var answering = second.ReadResponseAsync();
        await Task.WhenAny(answering, Task.Delay(200));
        Assert.False(answering.IsCompleted);
        await second.SendAsync(Client8);
        Assert.Equal(503, (await answering).Status);
        await second.DisposeAsync();
        await first.DisposeAsync();
        await Eventually.TrueAsync(() => server.Server.Connections is { Accepted: 2, Closed: 1, Refused: 1 }, "the ledger adds up");
    }

    // Connections that never send their header: beyond the places of those that are refused they are closed at once.
    [Fact]
    public async Task Connections_on_their_way_are_bounded()
    {
        await using var server = await StartAsync(static options => options.MaxConnections = 8); // one place
        var waiting = new List<TestClient>();
        for (var i = 0; i < 9; i++)
        {
            waiting.Add(await server.ConnectAsync());
            await waiting[i].SendAsync("PROXY ");
        }

        await Eventually.TrueAsync(() => server.Server.Connections.Accepted == 9, "nine are accepted");
        await using (var tenth = await server.ConnectAsync())
        {
            Assert.Empty(await ReadToEndOrResetAsync(tenth));
        }

        foreach (var client in waiting)
        {
            await client.DisposeAsync();
        }

        await Eventually.TrueAsync(() => server.Server.Connections is { Accepted: 10, Closed: 9, Refused: 1 }, "the ledger adds up");
        await using var another = await server.ConnectAsync();
        Assert.Equal("192.0.2.7:4711", (await another.RequestAsync(Client7 + TestClient.Get("/who"))).Text);
    }

    [Fact]
    public async Task A_header_has_the_time_of_a_head()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(options => (options.RequestHeadTimeout, options.TimeProvider) = (TimeSpan.FromSeconds(3), time));
        await using var slow = await server.ConnectAsync();
        await slow.SendAsync("PROXY TCP4 ");
        await Eventually.TrueAsync(() => server.Server.Connections.Accepted == 1, "it is accepted");
        var ending = ReadToEndOrResetAsync(slow);
        time.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAny(ending, Task.Delay(100));
        Assert.False(ending.IsCompleted);
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(250));
                return ending.IsCompleted;
            },
            "its time is up");
        Assert.Empty(await ending);
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_a_header_for_long()
    {
        await using var server = await StartAsync();
        await using var silent = await server.ConnectAsync();
        await using var busy = await server.ConnectAsync();
        await busy.SendAsync(Client7);
        await Eventually.TrueAsync(() => server.Server.Connections.Accepted == 2, "both are accepted");
        var stopping = server.Server.StopAsync();
        Assert.Equal("192.0.2.7:4711", (await busy.RequestAsync(TestClient.Get("/who"))).Text);
        var report = await stopping;
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal((2, 2), (report.Connections.Accepted, report.Connections.Closed));
        Assert.InRange(report.Elapsed.TotalSeconds, 0, 8);
    }

    [Fact]
    public async Task A_stop_at_its_deadline_cuts_a_header_off()
    {
        await using var server = await StartAsync(static options => options.ShutdownGracePeriod = TimeSpan.FromMilliseconds(200));
        await using var silent = await server.ConnectAsync();
        await Eventually.TrueAsync(() => server.Server.Connections.Accepted == 1, "it is accepted");
        var report = await server.Server.StopAsync();
        Assert.Equal(1, report.Connections.Accepted);
        Assert.Equal(1, report.Connections.Closed + report.Connections.Aborted);
    }

    private static async Task<byte[]> ReadToEndOrResetAsync(TestClient client)
    {
        try
        {
            return await client.ReadToEndAsync();
        }
        catch (IOException)
        {
            return []; // closed with its bytes unread
        }
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        static server =>
        {
            server.MapGet("/who", static (request, response) => response.WriteText($"{request.RemoteEndPoint}"), Dispatch.Inline);
            server.MapGet("/where", static (request, response) => response.WriteText($"{request.LocalEndPoint}"), Dispatch.Inline);
            server.MapGet("/stack", static (_, response) => response.WriteText($"{new System.Diagnostics.StackTrace()}"), Dispatch.Inline);
            server.MapPost("/echo", static async (request, response) => await request.Body.CopyToAsync(response.Body));
        },
        options =>
        {
            options.Endpoints = [new HttpEndpoint(IPAddress.Loopback, 0) { ProxyProtocol = true }];
            options.TrustedProxies = [TrustedProxy.Parse("127.0.0.0/8")];
            configure?.Invoke(options);
        });
}
