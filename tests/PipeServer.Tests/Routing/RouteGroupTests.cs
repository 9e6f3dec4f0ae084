namespace PipeServer.Tests.Routing;

/// <summary>A group's prefix goes in front of its patterns as it is, and what would make a route that nobody finds is refused when it is mapped.</summary>
public sealed class RouteGroupTests
{
    [Theory]
    [InlineData("/api", "/users", "/api/users", "/api/users", "/users")]
    [InlineData("/api", "", "/api", "/api", "/api/")]
    [InlineData("/api", "/", "/api/", "/api/", "/api")]
    [InlineData("", "/users", "/users", "/users", "//users")]
    [InlineData("/", "/users", "/users", "/users", "//users")]
    [InlineData("/", "/", "/", "/", "//")]
    [InlineData("/users/{id}", "/orders/{order}", "/users/7/orders/8", "/users/{id}/orders/{order}", "/users/7/orders")]
    [InlineData("/users/{id}", "", "/users/7", "/users/{id}", "/users/7/")]
    [InlineData("/files", "/{*rest}", "/files/a/b", "/files/{*rest}", "/files")]
    [InlineData("/k\u00e4se", "/brot", "/k%C3%A4se/brot", "/k\u00e4se/brot", "/k%C3%A4se")]
    public async Task A_prefix_goes_in_front_of_the_pattern_as_it_is(string prefix, string pattern, string path, string route, string other)
    {
        await using var server = await TestServer.StartAsync("memory", server => server.MapGroup(prefix).MapGet(pattern, Tell));
        await using var client = await server.ConnectAsync();
        Assert.Equal(route, (await client.RequestAsync(TestClient.Get(path))).Text);
        Assert.Equal(404, (await client.RequestAsync(TestClient.Get(other))).Status);
    }

    [Fact]
    public async Task Groups_are_nested_and_know_their_whole_prefix()
    {
        await using var server = await TestServer.StartAsync("memory", static server =>
        {
            var users = server.MapGroup("/api").MapGroup("/").MapGroup("/users/{id}");
            Assert.Equal("/api/users/{id}", users.Prefix);
            Assert.Equal("", server.MapGroup("").Prefix);
            users.MapGet("", static (request, response) => response.WriteText($"{request.Route!.Text} {request.RouteValues["id"]}"));
            users.MapPost("/orders", Tell);
            users.MapPut("/orders", static (_, response) => response.WriteText("put"));
            users.MapDelete("/orders", static async (_, response) => await Task.Run(() => response.WriteText("deleted")));
            users.MapPatch("/orders", PatchAsync, Dispatch.Inline);
            users.Map("PURGE", "/orders", static (_, _) => false, static (request, response) =>
            {
                response.WriteText("purged");
                return default;
            });
            users.Map("LOCK", "/orders", static _ => Dispatch.Inline, static (_, response) => response.WriteText("locked"));
        });
        await using var client = await server.ConnectAsync();
        Assert.Equal("/api/users/{id} 7", (await client.RequestAsync(TestClient.Get("/api/users/7?full"))).Text);
        foreach (var (method, answer) in new[]
        {
            ("POST", "/api/users/{id}/orders"), ("PUT", "put"), ("DELETE", "deleted"), ("PATCH", "patched"), ("PURGE", "purged"), ("LOCK", "locked"),
        })
        {
            Assert.Equal(answer, (await client.RequestAsync($"{method} /api/users/7/orders HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        }

        Assert.Equal(405, (await client.RequestAsync(TestClient.Get("/api/users/7/orders"))).Status);

        static Task PatchAsync(HttpRequest request, HttpResponse response)
        {
            response.WriteText("patched");
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData("api", "", "'api'")]
    [InlineData("/api/", "", "'/api/'")]
    [InlineData("/api/../b", "", "'/api/../b'")]
    [InlineData("/a%20b", "", "'/a%20b'")]
    [InlineData("/files/{*rest}", "", "'/files/{*rest}'")]
    [InlineData("/{a}/{a}", "", "'/{a}/{a}'")]
    [InlineData("/api", "users", "'users' in the group '/api'")]
    [InlineData("/api", "{id}", "'{id}' in the group '/api'")]
    [InlineData("/api/{id}", "/x/{id}", "'/api/{id}/x/{id}'")]
    [InlineData("/api", "/b/{x}y", "'/api/b/{x}y'")]
    [InlineData("", "", "''")]
    public void What_would_never_be_found_is_refused_with_the_whole_pattern_named(string prefix, string pattern, string named)
    {
        var server = new HttpServer();
        var fault = Assert.ThrowsAny<ArgumentException>(() => server.MapGroup(prefix).MapGet(pattern, Tell));
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_an_inner_prefix_the_whole_is_named()
    {
        var outer = new HttpServer().MapGroup("/api/{id}");
        Assert.Contains("'/api/{id}/x/{id}'", Assert.Throws<ArgumentException>(() => outer.MapGroup("/x/{id}")).Message, StringComparison.Ordinal);
        Assert.Contains("'/api/{id}/x/'", Assert.Throws<ArgumentException>(() => outer.MapGroup("/x/")).Message, StringComparison.Ordinal);
        Assert.Contains("write '/x'", Assert.Throws<ArgumentException>(() => outer.MapGroup("x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_routes_of_the_same_paths_are_one_too_many_wherever_they_come_from()
    {
        var server = new HttpServer();
        server.MapGet("/api/users", Tell);
        Assert.Throws<InvalidOperationException>(() => server.MapGroup("/api").MapGet("/users", Tell));
        Assert.Throws<InvalidOperationException>(() => server.MapGroup("").MapGet("/api/users", Tell));
    }

    [Fact]
    public async Task Nothing_is_mapped_in_a_group_once_the_server_has_been_started()
    {
        RouteGroup? group = null;
        await using var server = await TestServer.StartAsync("memory", server => group = server.MapGroup("/a").MapGroup("/b"));
        Assert.Throws<InvalidOperationException>(() => group!.MapGet("/c", Tell));
        Assert.Throws<InvalidOperationException>(() => group!.MapGroup("/c"));
        Assert.Throws<InvalidOperationException>(() => group!.AddFilter(static (request, response, next) => next(request, response)));
    }

    [Fact]
    public void A_dispatch_that_there_is_not_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(static () => new HttpServer().MapGet("/", Tell, (Dispatch)77));

    private static void Tell(HttpRequest request, HttpResponse response) => response.WriteText(request.Route!.Text);
}
