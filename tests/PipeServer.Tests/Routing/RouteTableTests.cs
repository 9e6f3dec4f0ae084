using System.Text;
using PipeServer.Http;
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

    [Fact]
    public void The_fallback_takes_unknown_paths_of_known_methods()
    {
        var table = new RouteTable([], new RouteHandler(static (_, _) => default, Dispatch.Worker));
        Assert.Equal(RouteOutcome.Found, Match(table, "GET", "/x").Outcome);
        Assert.Equal(RouteOutcome.Found, Match(table, "DELETE", "/x").Outcome);
        Assert.Equal(RouteOutcome.UnknownMethod, Match(table, "BREW", "/x").Outcome);
        Assert.Equal(RouteOutcome.MethodNotAllowed, Match(table, "TRACE", "/x").Outcome);
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

    [Theory]
    [InlineData("a")]
    [InlineData("")]
    [InlineData("/{")]
    [InlineData("/{}")]
    [InlineData("/{a}b")]
    [InlineData("/a{b}")]
    [InlineData("/{*a}/b")]
    [InlineData("/{a}/{a}")]
    [InlineData("/{a-b}")]
    public void A_malformed_pattern_is_refused_with_its_text(string pattern) =>
        Assert.Contains($"'{pattern}'", Assert.Throws<ArgumentException>(() => RoutePattern.Parse(pattern)).Message);

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
        return table.Match(RequestMethods.Find(bytes), bytes, TargetForm.Origin, Encoding.UTF8.GetBytes(path));
    }
}
