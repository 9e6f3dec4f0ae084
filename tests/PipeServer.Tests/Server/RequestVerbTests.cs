using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>
/// What a framework asks of a request beside its text: items, the connection's state, number and address, the head as bytes, its trailers. One suite,
/// unchanged over each transport.
/// </summary>
public abstract class RequestVerbTests(string transport)
{
    [Theory]
    [InlineData(Dispatch.Inline)]
    [InlineData(Dispatch.Worker)]
    public async Task Items_last_for_one_request(Dispatch dispatch)
    {
        await using var server = await StartAsync(server => server.MapGet("/items", (request, response) =>
        {
            var before = request.Items.Count;
            request.Items["key"] = request.Target;
            request.Items[typeof(string)] = null;
            Assert.Same(request.Items, request.Items);
            response.WriteText($"{before} {request.Items["key"]} {request.Items.Count}");
        }, dispatch));
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal($"0 /items?{i} 2", (await client.RequestAsync(TestClient.Get($"/items?{i}"))).Text);
        }

        await client.SendAsync(TestClient.Get("/items?a") + TestClient.Get("/items?b")); // nothing is given back between the two
        Assert.Equal("0 /items?a 2", (await client.ReadResponseAsync()).Text);
        Assert.Equal("0 /items?b 2", (await client.ReadResponseAsync()).Text);
    }

    // The objects of a request wait in a pool for the next one, and so did what a handler had put there.
    [Fact]
    public async Task An_idle_connection_keeps_no_items_alive_and_a_closed_one_no_state()
    {
        WeakReference? item = null;
        WeakReference? state = null;
        await using var server = await StartAsync(server =>
        {
            server.MapGet("/", (request, response) =>
            {
                Keep(request);
                response.WriteText("kept");
            }, Dispatch.Inline);
            server.MapGet("/late", static (request, response) => response.WriteText($"{request.PersistentState is null}"), Dispatch.Inline);
        });

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Keep(HttpRequest request)
        {
            var (first, second) = (new object(), new object());
            (request.Items["key"], request.PersistentState) = (first, second);
            (item, state) = (new WeakReference(first), new WeakReference(second));
        }

        await using (var client = await server.ConnectAsync())
        {
            Assert.Equal("kept", (await client.RequestAsync(TestClient.Get("/"))).Text);
            await Eventually.TrueAsync(() => IsCollected(item!), "the idle connection holds no item");
            Assert.False(IsCollected(state!));
            Assert.Equal("False", (await client.RequestAsync(TestClient.Get("/late"))).Text);
        }

        await Eventually.TrueAsync(() => server.Server.Connections.Closed == 1, "the connection has ended");
        await Eventually.TrueAsync(() => IsCollected(state!), "nobody holds the state");
    }

    [Theory]
    [InlineData(Dispatch.Inline)]
    [InlineData(Dispatch.Worker)]
    public async Task State_and_number_are_the_connections(Dispatch dispatch)
    {
        await using var server = await StartAsync(server => server.MapGet("/state", (request, response) =>
        {
            var count = (int?)request.PersistentState ?? 0;
            request.PersistentState = count + 1;
            response.WriteText($"{request.ConnectionId} {count}");
        }, dispatch));
        for (var number = 1; number <= 5; number++)
        {
            await using var client = await server.ConnectAsync();
            for (var request = 0; request < 3; request++)
            {
                Assert.Equal($"{number} {request}", (await client.RequestAsync(TestClient.Get("/state"))).Text);
            }

            await client.DisposeAsync();
            await Eventually.TrueAsync(() => server.Server.Connections.Closed == number, "its objects wait for the next one");
        }
    }

    [Fact]
    public async Task Of_states_that_are_added_the_first_stays()
    {
        HttpRequest? kept = null;
        await using var server = await StartAsync(server => server.MapGet("/adds", (request, response) =>
        {
            kept = request;
            var mine = new object();
            Assert.Throws<ArgumentNullException>(() => request.AddPersistentState(null!));
            var stays = request.AddPersistentState(mine);
            Assert.Same(stays, request.PersistentState);
            Assert.Same(stays, request.AddPersistentState(new object()));
            response.WriteText($"{ReferenceEquals(stays, mine)}");
        }, Dispatch.Inline));
        await using var client = await server.ConnectAsync();
        Assert.Equal("True", (await client.RequestAsync(TestClient.Get("/adds"))).Text);
        Assert.Equal("False", (await client.RequestAsync(TestClient.Get("/adds"))).Text);
        await Eventually.TrueAsync(() => !kept!.Aborted.CanBeCanceled, "the connection has let go of its request");
        var late = new object();
        Assert.Same(late, kept!.AddPersistentState(late));
    }

    [Fact]
    public async Task The_local_end_point_is_where_the_client_has_connected_to()
    {
        await using var server = await StartAsync(static server => server.MapGet(
            "/local", static (request, response) => response.WriteText($"{ReferenceEquals(request.LocalEndPoint, request.LocalEndPoint)} {request.LocalEndPoint}")));
        for (var i = 0; i < 2; i++)
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal($"True {server.Server.EndPoints[0]}", (await client.RequestAsync(TestClient.Get("/local"))).Text);
        }
    }

    // Of a listener for all addresses, too.
    [Fact]
    public async Task The_local_end_point_is_one_address_of_a_listener_for_all()
    {
        Assert.SkipWhen(transport == "memory", "There are no addresses in memory.");
        await using var server = await StartAsync(
            static server => server.MapGet("/local", static (request, response) => response.WriteText($"{request.LocalEndPoint}"), Dispatch.Inline),
            static options => options.Endpoints = [new HttpEndpoint(IPAddress.Any, 0)]);
        var port = ((IPEndPoint)server.Server.EndPoints[0]).Port;
        await using var plain = await TestClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        await using var client = transport.Contains('/') ? await plain.SecureAsync() : plain;
        Assert.Equal($"127.0.0.1:{port}", (await client.RequestAsync(TestClient.Get("/local"))).Text);
    }

    [Fact]
    public async Task The_local_end_point_of_a_unix_socket_is_its_path()
    {
        Assert.SkipWhen(transport == "memory" || !Socket.OSSupportsUnixDomainSockets, "There are no unix sockets here.");
        var path = Path.Combine(Path.GetTempPath(), $"ps-{Guid.NewGuid():N}.sock");
        await using var server = await StartAsync(
            static server => server.MapGet("/local", static (request, response) => response.WriteText($"{request.LocalEndPoint} {request.RemoteEndPoint is null or UnixDomainSocketEndPoint}")),
            options => options.Endpoints = [new HttpEndpoint(new UnixDomainSocketEndPoint(path))]);
        await using var client = await server.ConnectAsync();
        Assert.Equal($"{path} True", (await client.RequestAsync(TestClient.Get("/local"))).Text);
    }

    [Theory]
    [InlineData("GET /p%41th;x?q=%20 HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/p%41th;x?q=%20", 1)]
    [InlineData("GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "http://b/x", 1)]
    [InlineData("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET", "/", 0)]
    [InlineData("\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx", "POST", "/b", 1)]
    [InlineData("GET / HTTP/1.9\r\nHost: a\r\n\r\n", "GET", "/", 1)]
    public async Task The_request_line_is_there_as_bytes(string bytes, string method, string target, int minor)
    {
        string? seen = null;
        await using var server = await StartAsync(server =>
        {
            void See(HttpRequest request, HttpResponse response)
            {
                seen = $"{Encoding.ASCII.GetString(request.MethodBytes)} {Encoding.ASCII.GetString(request.TargetBytes)} {request.MinorVersion}";
                response.WriteText("seen");
            }

            server.MapGet("/{*all}", See);
            server.MapPost("/{*all}", See);
        });
        await using var client = await server.ConnectAsync();
        for (var split = 1; split < bytes.Length; split++)
        {
            seen = null;
            await client.SendAsync(bytes[..split]);
            await client.SendAsync(bytes[split..]);
            Assert.Equal("seen", (await client.ReadResponseAsync()).Text);
            Assert.Equal($"{method} {target} {minor}", seen);
        }
    }

    [Fact]
    public async Task Fields_are_there_by_place_as_bytes_and_by_the_lengths_of_their_names()
    {
        var long33 = new string('n', 33);
        await using var server = await StartAsync(server => server.MapPost("/", async (request, response) =>
        {
            var lines = Lines(request.Headers);
            while (await request.Body.ReadAsync() is var read)
            {
                request.Body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            response.ContentType = "text/plain";
            response.Headers["X-Answer"] = "1";
            response.ContentType = "text/html";
            response.WriteText($"{lines} / {Lines(request.Trailers)} / {Lines(response.Headers)}");
        }));
        await using var client = await server.ConnectAsync();
        var answer = await client.RequestAsync(
            $"POST / HTTP/1.1\r\nhOst:  a \r\nCookie: 1\r\nCookie: 2\r\n{long33}:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: t\r\nHost: no\r\n\r\n");
        Assert.Equal($"hOst=a Cookie=1 Cookie=2 {long33}= Transfer-Encoding=chunked / X-T=t / X-Answer=1 Content-Type=text/html", answer.Text);
        Assert.Equal("text/html", answer["Content-Type"]);
    }

    [Theory]
    [InlineData("Content-Length: 0\r\n\r\n", "True True")]
    [InlineData("\r\n", "True True")]
    [InlineData("Content-Length: 3\r\n\r\nabc", "False True")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "False True")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n", "False True X=y")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\nHost: b\r\nAuthorization: c\r\nSet-Cookie: d\r\nExpect: 100-continue\r\nearly-data: 1\r\n\r\n", "False True X=y")]
    public async Task Trailers_are_available_when_the_body_is_read(string rest, string expected)
    {
        await using var server = await StartAsync(static server =>
        {
            server.MapPost("/read", static async (request, response) =>
            {
                var before = request.AreTrailersAvailable;
                while (await request.Body.ReadAsync() is var read)
                {
                    request.Body.AdvanceTo(read.Buffer.End);
                    if (read.IsCompleted)
                    {
                        break;
                    }
                }

                response.WriteText($"{before} {request.AreTrailersAvailable} {Lines(request.Trailers)}".TrimEnd());
            });
            server.MapGet("/", static (request, response) => response.WriteText($"{request.AreTrailersAvailable} {request.Trailers.Count}"), Dispatch.Inline);
        });
        await using var client = await server.ConnectAsync();
        Assert.Equal(expected, (await client.RequestAsync("POST /read HTTP/1.1\r\nHost: a\r\n" + rest)).Text);
        Assert.Equal("True 0", (await client.RequestAsync(TestClient.Get("/"))).Text);
    }

    [Fact]
    public async Task What_is_asked_of_a_request_beyond_its_end_is_harmless()
    {
        HttpRequest? kept = null;
        HttpResponse? answer = null;
        await using var server = await StartAsync(server => server.MapGet("/", (request, response) =>
        {
            var found = $"{request.Items.Count} {request.PersistentState is null} {request.MaxBodyBytes} {request.MinBodyDataRate} {response.MinDataRate}";
            (kept, answer) = (request, response);
            response.WriteText(found);
        }, Dispatch.Inline), static options => (options.MaxRequestBodyBytes, options.MinDataRate) = (1000, 7));
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("0 True 1000 7 7", (await client.RequestAsync(TestClient.Get("/"))).Text);
            await Eventually.TrueAsync(() => kept!.ConnectionId == 0, "the connection has let go of its request");
            kept!.Items["late"] = "late";
            kept.PersistentState = "late";
            (kept.MaxBodyBytes, kept.MinBodyDataRate, answer!.MinDataRate) = (null, 1, 1);
            Assert.Null(kept.PersistentState);
            Assert.Null(kept.MaxBodyBytes);
            Assert.Null(kept.LocalEndPoint);
            Assert.Equal((0, 0, 0), (kept.MinBodyDataRate, answer.MinDataRate, kept.Items.Count));
            Assert.False(kept.AreTrailersAvailable);
            Assert.True(kept.TargetBytes.IsEmpty && kept.MethodBytes.IsEmpty);
            Assert.Equal(0u, kept.Headers.NameLengths);
            Assert.Throws<ArgumentOutOfRangeException>(() => kept.Headers.NameBytes(0).Length);
        }
    }

    private static bool IsCollected(WeakReference reference)
    {
        GC.Collect();
        return !reference.IsAlive;
    }

    private static string Lines(HeaderCollection fields)
    {
        var lines = new List<string>();
        var lengths = 0u;
        for (var index = 0; index < fields.Count; index++)
        {
            var name = Encoding.ASCII.GetString(fields.NameBytes(index));
            lines.Add($"{name}={Encoding.ASCII.GetString(fields.ValueBytes(index))}");
            lengths |= 1u << (name.Length % 32);
        }

        Assert.Equal(lengths, fields.NameLengths);
        Assert.Throws<ArgumentOutOfRangeException>(() => fields.NameBytes(fields.Count).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => fields.ValueBytes(-1).Length);
        return string.Join(' ', lines);
    }

    private Task<TestServer> StartAsync(Action<HttpServer> map, Action<HttpServerOptions>? configure = null) =>
        TestServer.StartAsync(transport, map, configure);
}
