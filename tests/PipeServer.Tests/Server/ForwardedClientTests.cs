using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace PipeServer.Tests.Server;

/// <summary>
/// Whose request it is behind a proxy that speaks HTTP: in the handler, in the completion event and in the log; for each request anew, and never
/// by the word of a peer that is not trusted. One suite, unchanged over each transport.
/// </summary>
public abstract class ForwardedClientTests(string transport)
{
    private const string Forge = "X-Forwarded-For: 192.0.2.7:5";
    private const string ForgeHttps = "X-Forwarded-Proto: https";

    private readonly ConcurrentQueue<string> _told = [];

    [Theory]
    [InlineData(ForwardedHeader.XForwardedFor, "192.0.2.7:5 https")]
    [InlineData(ForwardedHeader.Forwarded, "[2001:db8::7]:0 http")]
    [InlineData(ForwardedHeader.None, "peer http")]
    public async Task One_header_names_the_client_and_the_other_means_nothing(ForwardedHeader header, string expected)
    {
        await using var server = await StartAsync(options => options.ForwardedHeader = header);
        await using var proxy = await server.ConnectAsync();
        var request = TestClient.Get("/who", "Forwarded: for=\"[2001:db8::7]\";proto=http", Forge, ForgeHttps, "X-Forwarded-Host: evil");
        Assert.Equal(Expected(expected, proxy) + " test", await WhoAsync(proxy, request));
        Assert.Equal(Expected(expected, proxy) + " test", await WhoAsync(proxy, request.Replace("/who", "/worker")));
        await ToldAsync(Expected(expected, proxy).Split(' ')[0], 2);
    }

    [Theory]
    [InlineData("")]
    [InlineData("198.51.100.0/24")]
    public async Task A_peer_that_is_not_trusted_names_nobody(string trusted)
    {
        await using var server = await StartAsync(options => options.TrustedProxies = trusted.Length > 0 ? [TrustedProxy.Parse(trusted)] : []);
        await using var client = await server.ConnectAsync();
        Assert.Equal(Expected("peer http test", client), await WhoAsync(client, TestClient.Get("/who", Forge, ForgeHttps)));
        Assert.Equal(Expected("peer http test", client), await WhoAsync(client, "GET https://test/who HTTP/1.1\r\nHost: test\r\n" + Forge + "\r\n\r\n"));
        await ToldAsync(Expected("peer", client), 2);
    }

    // A proxy's connection carries the requests of many clients: whoever was named before is not the next one's client.
    [Fact]
    public async Task Each_request_has_its_own_client()
    {
        await using var server = await StartAsync();
        await using var proxy = await server.ConnectAsync();
        string[] addresses = ["192.0.2.1", "", "192.0.2.2", "unknown", "192.0.2.1", "2001:db8::1", "", "192.0.2.3, 10.0.0.1"];
        string[] expected = ["192.0.2.1:0", "peer", "192.0.2.2:0", "peer", "192.0.2.1:0", "[2001:db8::1]:0", "peer", "192.0.2.3:0"];
        foreach (var path in new[] { "/who", "/worker" })
        {
            for (var i = 0; i < addresses.Length; i++)
            {
                Assert.Equal(Expected(expected[i] + " http test", proxy), await WhoAsync(proxy, For(addresses[i], path)));
            }
        }

        await proxy.SendAsync(string.Concat(addresses.Select((address, i) => For(address, i % 3 == 1 ? "/worker" : "/who"))));
        for (var i = 0; i < addresses.Length; i++)
        {
            Assert.Equal(Expected(expected[i] + " http test", proxy), (await proxy.ReadResponseAsync()).Text);
        }

        await Eventually.TrueAsync(() => _told.Count == addresses.Length * 3, "all are told");
        Assert.Equal(Enumerable.Repeat(expected.Select(one => Expected(one, proxy)), 3).SelectMany(static one => one), _told);
    }

    // What the server refuses: a whole head is believed, of a malformed one nothing is.
    [Theory]
    [InlineData("GET /nowhere HTTP/1.1\r\nHost: a\r\n", 404, false)]
    [InlineData("GET /../a HTTP/1.1\r\nHost: a\r\n", 400, false)]
    [InlineData("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n", 413, false)]
    [InlineData("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n", 417, false)]
    [InlineData("GET /who HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n", 400, true)]
    [InlineData("GET /who HTTP/1.1\r\n", 400, true)]
    [InlineData("GET /who HTTP/3.1\r\nHost: a\r\n", 505, true)]
    public async Task A_refused_request_has_the_client_of_its_head(string head, int status, bool isMalformed)
    {
        await using var server = await StartAsync(static options => options.MaxRequestBodyBytes = 1000);
        await using var proxy = await server.ConnectAsync();
        await proxy.RequestAsync(For("198.51.100.1", "/who"));
        Assert.Equal(status, (await proxy.RequestAsync($"{head}{Forge}\r\n\r\n")).Status);
        await ToldAsync(["198.51.100.1:0", Expected(isMalformed ? "peer" : "192.0.2.7:5", proxy)]);
        if (status != 404)
        {
            var client = isMalformed ? transport == "memory" ? "a client of a unix socket" : $"{proxy.LocalEndPoint}" : "192.0.2.7:5";
            Assert.Single(server.Log.Messages, message => message.Contains($"{client}", StringComparison.Ordinal) && message.Contains($"{status}"));
        }
    }

    // The head never came: who asks is not known, whoever asked before on the connection.
    [Fact]
    public async Task A_late_head_is_the_peers()
    {
        await using var server = await StartAsync(static options => options.RequestHeadTimeout = TimeSpan.FromMilliseconds(300));
        await using var proxy = await server.ConnectAsync();
        await proxy.RequestAsync(For("198.51.100.1", "/who"));
        await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\n{Forge}\r\n");
        Assert.Equal(408, (await proxy.ReadResponseAsync()).Status);
        await ToldAsync(["198.51.100.1:0", Expected("peer", proxy)]);
    }

    // The exchange, and what it knows of a client, goes on to other connections.
    [Fact]
    public async Task Another_connection_has_nothing_of_it()
    {
        await using var server = await StartAsync();
        await using var proxy = await server.ConnectAsync();
        await proxy.RequestAsync(TestClient.Get("/who", Forge, ForgeHttps));
        for (var i = 0; i < 5; i++)
        {
            await using var other = await server.ConnectAsync();
            Assert.Equal(Expected("peer http test", other), await WhoAsync(other, TestClient.Get("/who")));
            Assert.Equal("192.0.2.7:5 https test", await WhoAsync(proxy, TestClient.Get("/who", Forge, ForgeHttps)));
        }
    }

    [Fact]
    public async Task A_body_that_comes_later_does_not_change_the_client()
    {
        await using var server = await StartAsync();
        await using var proxy = await server.ConnectAsync();
        await proxy.SendAsync($"POST /echo HTTP/1.1\r\nHost: test\r\n{Forge}\r\nContent-Length: 5\r\n\r\nhe");
        await proxy.SendAsync("llo");
        Assert.Equal("192.0.2.7:5 http test", (await proxy.ReadResponseAsync()).Text);
    }

    // By the PROXY protocol first: its client is the peer, and has to be trusted itself.
    [Theory]
    [InlineData("10.0.0.5", "192.0.2.7:5")]
    [InlineData("198.51.100.9", "198.51.100.9:4711")]
    public async Task Behind_the_proxy_protocol_the_client_that_it_names_is_the_peer(string named, string expected)
    {
        Assert.SkipWhen(transport == "memory", "There are no endpoints.");
        await using var server = await StartAsync(static options => options.Endpoints = [new HttpEndpoint(IPAddress.Loopback, 0) { ProxyProtocol = true }]);
        await using var proxy = await server.ConnectAsync();
        Assert.Equal(
            expected + " http test", await WhoAsync(proxy, $"PROXY TCP4 {named} 192.0.2.1 4711 80\r\n" + TestClient.Get("/who", Forge)));
    }

    [Theory]
    [InlineData("unix", true)]
    [InlineData("0.0.0.0/0", false)]
    public async Task Unix_sockets_are_trusted_by_name_only(string trusted, bool isBelieved)
    {
        Assert.SkipUnless(transport != "memory" && Socket.OSSupportsUnixDomainSockets, "Unix sockets are not available here.");
        var path = Path.Combine(Path.GetTempPath(), $"pipeserver-{Guid.NewGuid():N}.sock");
        await using var server = await StartAsync(options =>
        {
            options.Endpoints = [HttpEndpoint.Unix(path)];
            options.TrustedProxies = [TrustedProxy.Parse(trusted)];
        });
        await using var proxy = await server.ConnectAsync();
        Assert.Equal(isBelieved ? "192.0.2.7:5 http test" : "peer http test", await WhoAsync(proxy, TestClient.Get("/who", Forge)));
    }

    // A handler may do with an end point what it likes; it is not the next client's.
    [Fact]
    public async Task An_end_point_that_a_handler_has_changed_is_nobody_elses()
    {
        await using var server = await StartAsync();
        await using var proxy = await server.ConnectAsync();
        Assert.Equal(200, (await proxy.RequestAsync(For("192.0.2.1", "/change"))).Status);
        Assert.Equal("192.0.2.1:0 http test", await WhoAsync(proxy, For("192.0.2.1", "/who")));
    }

    [Fact]
    public async Task Connections_are_counted_by_the_peer()
    {
        Assert.SkipWhen(transport == "memory", "Its peers have no address.");
        await using var server = await StartAsync(static options => options.MaxConnectionsPerAddress = 1);
        await using var proxy = await server.ConnectAsync();
        Assert.Equal(200, (await proxy.RequestAsync(For("192.0.2.1", "/who"))).Status);
        await using var second = await server.ConnectAsync();
        Assert.Equal(503, (await second.RequestAsync(For("192.0.2.2", "/who"))).Status);
    }

    private static string For(string addresses, string path) =>
        TestClient.Get(path, addresses.Length > 0 ? [$"X-Forwarded-For: {addresses}"] : []);

    private static async Task<string> WhoAsync(TestClient client, string request) => (await client.RequestAsync(request)).Text;

    // "peer" is the client of the connection, which over memory and unix sockets has no address.
    private static string Expected(string text, TestClient client) => client.LocalEndPoint is IPEndPoint peer ? text.Replace("peer", $"{peer}") : text;

    private Task ToldAsync(string client, int count) => ToldAsync([.. Enumerable.Repeat(client, count)]);

    private async Task ToldAsync(string[] clients)
    {
        await Eventually.TrueAsync(() => _told.Count >= clients.Length, "all are told");
        Assert.Equal(clients, _told);
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        static server =>
        {
            server.MapGet("/who", Tell, Dispatch.Inline);
            server.MapGet("/worker", Tell);
            server.MapPost("/echo", static async (request, response) =>
            {
                await request.Body.CopyToAsync(Stream.Null);
                Tell(request, response);
            });
            server.MapGet("/change", static (request, _) => ((IPEndPoint)request.RemoteEndPoint!).Address = IPAddress.Loopback, Dispatch.Inline);
        },
        options =>
        {
            options.TrustedProxies = [.. new[] { "127.0.0.0/8", "10.0.0.0/8", "unix" }.Select(TrustedProxy.Parse)];
            options.OnCompleted = See;
            configure?.Invoke(options);
        });

    private static void Tell(HttpRequest request, HttpResponse response) =>
        response.WriteText($"{(request.RemoteEndPoint is IPEndPoint client ? $"{client}" : "peer")} {request.Scheme} {request.Host}");

    private void See(in RequestCompletion completion) =>
        _told.Enqueue(completion.RemoteEndPoint is IPEndPoint client ? $"{client}" : "peer");
}
