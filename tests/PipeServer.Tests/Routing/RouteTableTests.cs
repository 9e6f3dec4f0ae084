using System.Text;
using PipeServer.Http;
using PipeServer.Http.Hpack;
using PipeServer.Routing;

namespace PipeServer.Tests.Routing;

public sealed class RouteTableTests
{
    [Theory]
    [InlineData("/a", "/a")]
    [InlineData("/a/", null)]
    [InlineData("/users/me", "/users/me")]
    [InlineData("/users/you", "/users/{id}")]
    [InlineData("/users/", null)]
    [InlineData("/users", null)]
    [InlineData("/users/you/posts/5", "/users/{id}/posts/{post}")]
    [InlineData("/users/me/posts/5", "/users/{id}/posts/{post}")]
    [InlineData("/users/me/posts", null)]
    [InlineData("/files/", "/files/{*path}")]
    [InlineData("/files/a/b", "/files/{*path}")]
    [InlineData("/files/index", "/files/index")]
    [InlineData("/files", null)]
    [InlineData("/A", null)]
    public void The_most_specific_pattern_wins(string path, string? expected)
    {
        var table = Table(
            "GET /files/{*path}", "GET /users/{id}/posts/{post}", "GET /users/{id}", "GET /users/me", "GET /a", "GET /files/index");
        var match = Match(table, "GET", path);
        Assert.Equal(expected, match.Pattern?.Text);
        Assert.Equal(expected is null ? RouteOutcome.NotFound : RouteOutcome.Found, match.Outcome);
    }

    [Fact]
    public void A_method_is_looked_for_in_all_patterns_that_match()
    {
        var table = Table("GET /users/me", "POST /users/{id}", "PURGE /users/{id}");
        Assert.Equal("/users/{id}", Match(table, "POST", "/users/me").Pattern?.Text);
        Assert.Equal("/users/{id}", Match(table, "PURGE", "/users/me").Pattern?.Text);
        Assert.Equal("/users/me", Match(table, "HEAD", "/users/me").Pattern?.Text);
        var match = Match(table, "DELETE", "/users/me");
        Assert.Equal(RouteOutcome.MethodNotAllowed, match.Outcome);
        Assert.Equal("GET, POST, PURGE, HEAD, OPTIONS", match.Allow);
        Assert.Equal(RouteOutcome.Options, Match(table, "OPTIONS", "/users/you").Outcome);
        Assert.Equal(RouteOutcome.UnknownMethod, Match(table, "BREW", "/users/me").Outcome);
    }

    // RFC 8441 §5: a WebSocket of HTTP/2 is asked for by CONNECT, where HTTP/1 has GET, and routes are mapped for both at once.
    [Theory]
    [InlineData("GET /chat", "/chat", "/chat")]
    [InlineData("GET /chat/{room}", "/chat/a", "/chat/{room}")]
    [InlineData("POST /chat", "/chat", null)]
    public void A_CONNECT_that_asks_for_another_protocol_is_a_GET(string route, string path, string? expected)
    {
        var head = new RequestHead();
        byte[] block = [.. Literal(2, "CONNECT"), .. Literal(4, path), 0x86, .. Literal(1, "h"), 0x00, 9, .. ":protocol"u8, 9, .. "websocket"u8];
        Assert.Equal(HeadStatus.Complete, new HpackDecoder().DecodeRequest(block, head, endsStream: false, new RequestLimits(100, 1000, 10)));
        var match = Table(route).Match(head);
        Assert.Equal(expected, match.Pattern?.Text);
        Assert.Equal(expected is null ? RouteOutcome.MethodNotAllowed : RouteOutcome.Found, match.Outcome);

        static byte[] Literal(byte name, string value) => [name, (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];
    }

    [Fact]
    public void The_fallback_takes_unknown_paths_of_known_methods()
    {
        var table = new RouteTable([], new RouteHandler(static (_, _) => default, Dispatch.Worker));
        Assert.Equal(RouteOutcome.Found, Match(table, "GET", "/x").Outcome);
        Assert.Equal(RouteOutcome.Found, Match(table, "DELETE", "/x").Outcome);
        Assert.Equal(RouteOutcome.UnknownMethod, Match(table, "BREW", "/x").Outcome);
        Assert.Equal(RouteOutcome.MethodNotAllowed, Match(table, "TRACE", "/x").Outcome);
    }

    // A framework has answers of its own to everything; without this PROPFIND, and whatever else an application had a route for, was 501 before it was asked.
    [Fact]
    public void A_fallback_for_any_method_takes_unknown_ones_and_trace()
    {
        var table = new RouteTable([], new RouteHandler(static (_, _) => default, Dispatch.Worker), fallbackTakesAnyMethod: true);
        foreach (var method in new[] { "GET", "BREW", "PROPFIND", "get", "TRACE", "OPTIONS" })
        {
            Assert.Equal(RouteOutcome.Found, Match(table, method, "/x").Outcome);
        }
    }

    [Theory]
    [InlineData("BREW / HTTP/1.1\r\nHost: test\r\n\r\n")]
    [InlineData("TRACE /a/b HTTP/1.1\r\nHost: test\r\n\r\n")]
    [InlineData("PUT /a HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n")]
    public async Task A_server_may_take_anything(string request)
    {
        await using var server = await TestServer.StartAsync("memory", static server =>
            server.MapAnything(static _ => Dispatch.Inline, static (request, response) =>
            {
                response.WriteText(request.Method);
                return default;
            }));
        await using var client = await server.ConnectAsync();
        Assert.Equal(request[..request.IndexOf(' ')], (await client.RequestAsync(request)).Text);
    }

    [Fact]
    public void Values_are_the_segments_that_matched()
    {
        var pattern = RoutePattern.Parse("/{a}/x/{b}/{*rest}");
        var path = "/1/x/2/3/4"u8;
        Assert.True(pattern.Matches(path));
        Assert.Equal("1", Encoding.UTF8.GetString(pattern.Value(0, path)));
        Assert.Equal("2", Encoding.UTF8.GetString(pattern.Value(1, path)));
        Assert.Equal("3/4", Encoding.UTF8.GetString(pattern.Value(2, path)));
    }

    // Some were refused without a word on what to write instead; the query, percent-encoding, dots, stars and colons made routes that
    // no request ever found.
    [Theory]
    [InlineData("a", "must start with a slash")]
    [InlineData("", "must start with a slash")]
    [InlineData("~/a", "must start with a slash")]
    [InlineData("http://a/b", "must start with a slash")]
    [InlineData("/{", "a parameter is one whole segment")]
    [InlineData("/}", "a parameter is one whole segment")]
    [InlineData("/{{a}}", "a parameter is one whole segment")]
    [InlineData("/{a}b", "a parameter is one whole segment")]
    [InlineData("/a{b}", "a parameter is one whole segment")]
    [InlineData("/{a}{b}", "a parameter is one whole segment")]
    [InlineData("/{a}-{b}", "a parameter is one whole segment")]
    [InlineData("/{name}.json", "'{name}.json' in it: a parameter is one whole segment. Write {name} for the segment")]
    [InlineData("/{a/b}", "a parameter is one whole segment")]
    [InlineData("/{}", "it needs a name of letters, digits and underscores")]
    [InlineData("/{*}", "it needs a name of letters, digits and underscores")]
    [InlineData("/{***a}", "it needs a name of letters, digits and underscores")]
    [InlineData("/{a-b}", "it needs a name of letters, digits and underscores")]
    [InlineData("/{ a }", "it needs a name of letters, digits and underscores")]
    [InlineData("/{id:int}", "write {id}, and check the value in the handler")]
    [InlineData("/{id:regex(^a$)}/x", "write {id}, and check the value in the handler")]
    [InlineData("/{id:int?}", "write {id}, and check the value in the handler")]
    [InlineData("/{id=5}", "map the path without it as a route of its own")]
    [InlineData("/{id?}", "map two routes, one with {id} and one without it")]
    [InlineData("/{*rest?}", "write {*rest}, which may be empty")]
    [InlineData("/{*rest:path}", "write {*rest}, and check the value")]
    [InlineData("/{*a}/b", "must be the last segment")]
    [InlineData("/{**a}/b", "must be the last segment")]
    [InlineData("/{a}/{a}", "uses a parameter name twice")]
    [InlineData("/{a}/{*a}", "uses a parameter name twice")]
    [InlineData("/files/*", "is written {*name}")]
    [InlineData("/**", "is written {*name}")]
    [InlineData("/users/:id", "a parameter is written {id}")]
    [InlineData("/a?b=c", "the query is in HttpRequest.Query")]
    [InlineData("/a?", "the query is in HttpRequest.Query")]
    [InlineData("/{a}?b=c", "the query is in HttpRequest.Query")]
    [InlineData("/a#b", "a fragment is never sent")]
    [InlineData("/a%20b", "write '/a b'")]
    [InlineData("/caf%C3%A9", "write '/café'")]
    [InlineData("/a%2Fb", "can only be the value of a parameter")]
    [InlineData("/a/../b", "has '..' in it")]
    [InlineData("/.", "has '.' in it")]
    [InlineData("/a\tb", "control characters")]
    [InlineData("/a\0b", "control characters")]
    public void A_malformed_pattern_is_refused_with_its_text_and_what_to_write(string pattern, string expected)
    {
        var message = Assert.Throws<ArgumentException>(() => RoutePattern.Parse(pattern)).Message;
        Assert.Contains($"'{pattern}'", message);
        Assert.Contains(expected, message);
    }

    // No inline data of the test above: the runner would replace it.
    [Fact]
    public void Half_a_surrogate_pair_is_no_pattern() =>
        Assert.Contains("half a surrogate pair", Assert.Throws<ArgumentException>(static () => RoutePattern.Parse("/\ud800")).Message);

    [Theory]
    [InlineData("/café", "/café")]
    [InlineData("/a b", "/a b")]
    [InlineData("/100%", "/100%")]
    [InlineData("/v1/items:batch", "/v1/items:batch")]
    [InlineData("/a*b", "/a*b")]
    [InlineData("/a//b", "/a//b")]
    [InlineData("/...", "/...")]
    [InlineData("/{**rest}", "/a/b")]
    [InlineData("/{a}/", "/x/")]
    public void What_looks_odd_but_can_be_asked_for_works(string pattern, string path) =>
        Assert.True(RoutePattern.Parse(pattern).Matches(Encoding.UTF8.GetBytes(path)));

    // As docs/routing-and-bodies.md and the documentation of Map have it.
    [Theory]
    [InlineData("/a", "/a/")]
    [InlineData("/a/", "/a")]
    [InlineData("/a", "/A")]
    [InlineData("/café", "/CAFÉ")]
    [InlineData("/{a}", "/x/")]
    [InlineData("/{a}/", "/x")]
    [InlineData("/x/{a}", "/x/")]
    [InlineData("/x/{a}", "/X/1")]
    [InlineData("/x/{*rest}", "/x")]
    public void A_last_slash_and_case_count(string pattern, string path) =>
        Assert.Equal(RouteOutcome.NotFound, Match(Table($"GET {pattern}"), "GET", path).Outcome);

    // It was mapped, and no client ever got there: methods are case-sensitive.
    [Theory]
    [InlineData("get", "Write GET.")]
    [InlineData("Get", "Write GET.")]
    [InlineData("pOST", "Write POST.")]
    [InlineData("options", "Write OPTIONS.")]
    [InlineData("connect", "not CONNECT or TRACE")]
    [InlineData("Propfind", "Write PROPFIND.")]
    [InlineData("query", "Write QUERY.")]
    [InlineData("GET ", "must be a token")]
    [InlineData(" GET", "must be a token")]
    [InlineData("GET,HEAD", "must be a token")]
    [InlineData("GÉT", "must be a token")]
    [InlineData("CONNECT", "not CONNECT or TRACE")]
    public void A_method_that_no_client_sends_is_refused(string method, string expected)
    {
        var message = Assert.Throws<ArgumentException>(() => new HttpServer().Map(method, "/", static (_, _) => { })).Message;
        Assert.Contains($"'{method}'", message);
        Assert.Contains(expected, message);
    }

    [Fact]
    public async Task Each_method_has_its_map_in_every_form()
    {
        await using var server = new HttpServer(new HttpServerOptions { Port = 0 });
        Func<HttpRequest, HttpResponse, Task> late = static (_, response) =>
        {
            response.WriteText("late");
            return Task.CompletedTask;
        };
        server.MapPut("/", static (_, response) => response.WriteText("put"));
        server.MapPatch("/", static (_, response) => response.WriteText("patch"));
        server.MapDelete("/", static (_, response) => response.WriteText("delete"));
        server.MapPut("/late", late);
        server.MapPatch("/late", late, Dispatch.Inline);
        server.MapDelete("/late", late);
        await server.StartAsync();
        await using var client = await TestClient.ConnectAsync(server.EndPoints[0]);
        foreach (var (method, text) in new[] { ("PUT", "put"), ("PATCH", "patch"), ("DELETE", "delete") })
        {
            Assert.Equal(text, (await client.RequestAsync($"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")).Text);
            Assert.Equal("late", (await client.RequestAsync($"{method} /late HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")).Text);
        }

        Assert.Equal("PUT, PATCH, DELETE, OPTIONS", (await client.RequestAsync(TestClient.Get("/")))["Allow"]);
    }

    [Fact]
    public async Task A_route_cannot_be_mapped_twice_or_after_the_start()
    {
        await using var server = new HttpServer(new HttpServerOptions { Port = 0, Transport = new MemoryTransport() });
        server.MapGet("/a/{b}", static (_, _) => { });
        server.MapPost("/a/{b}", static (_, _) => { });
        Assert.Throws<InvalidOperationException>(() => server.MapGet("/a/{b}", static (_, _) => { }));
        Assert.Throws<InvalidOperationException>(() => server.MapGet("/a/{c}", static (_, _) => { }));
        Assert.Throws<ArgumentException>(() => server.Map("B D", "/", static (_, _) => { }));
        Assert.Throws<ArgumentException>(() => server.Map("TRACE", "/", static (_, _) => { }));
        Assert.Throws<ArgumentException>(() => server.Map("", "/", static (_, _) => { }));
        Assert.Throws<ArgumentException>(() => server.Map(new string('A', 33), "/", static (_, _) => { }));
        server.Map(new string('A', 32), "/", static (_, _) => { });
        await server.StartAsync();
        Assert.Throws<InvalidOperationException>(() => server.MapGet("/z", static (_, _) => { }));
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.StartAsync());
    }

    private static RouteTable Table(params string[] routes)
    {
        var built = new List<Route>();
        foreach (var route in routes.Select(static text => text.Split(' ')))
        {
            var entry = built.Find(item => item.Pattern.Text == route[1]);
            if (entry is null)
            {
                built.Add(entry = new Route(RoutePattern.Parse(route[1])));
            }

            Assert.True(entry.TryAdd(route[0], new RouteHandler(static (_, _) => default, Dispatch.Inline)));
        }

        return new RouteTable(built, fallback: null);
    }

    private static RouteMatch Match(RouteTable table, string method, string path)
    {
        var bytes = Encoding.ASCII.GetBytes(method);
        var match = table.Match(RequestMethods.Find(bytes), bytes, TargetForm.Origin, Encoding.UTF8.GetBytes(path));

        // By the head of a request, as the server asks.
        var request = Encoding.ASCII.GetBytes($"{method} {Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)} HTTP/1.1\r\nHost: a\r\n\r\n");
        var head = new RequestHead();
        if (RequestParser.Parse(request, 0, request.Length, head, new RequestLimits(1000, 1000, 10)) == ParseStatus.Complete)
        {
            Assert.Equal(match, table.Match(head));
        }

        return match;
    }
}
