namespace PipeServer.Tests.Server;

/// <summary><see cref="HttpResponse.ReasonPhrase"/>, and fields that are added as bytes and as lines, on the wire.</summary>
public abstract class ReasonPhraseTests(string transport)
{
    private static readonly HeaderLines Lines = new([new("X-One", "1"), new("X-Two", " zwei \u00E4 "), new("x-one", "eins")]);

    private static readonly PreparedResponse Encoded = new(404, [new("Content-Type", "text/plain")], "encoded"u8.ToArray());

    [Theory]
    [InlineData("/end", "GET", "HTTP/1.1 299 Very Fine")]
    [InlineData("/end", "HEAD", "HTTP/1.1 299 Very Fine")]
    [InlineData("/flush", "GET", "HTTP/1.1 200 Very Fine")]
    [InlineData("/length", "GET", "HTTP/1.1 200 Very Fine")]
    [InlineData("/encoded", "GET", "HTTP/1.1 404 Very Fine")]
    [InlineData("/encoded", "HEAD", "HTTP/1.1 404 Very Fine")]
    [InlineData("/source", "GET", "HTTP/1.1 201 Very Fine")]
    [InlineData("/no-content", "GET", "HTTP/1.1 204 Very Fine")]
    [InlineData("/empty", "GET", "HTTP/1.1 200 ")]
    [InlineData("/odd", "GET", "HTTP/1.1 200 \t\u00FF~ ")]
    [InlineData("/longest", "GET", "HTTP/1.1 200 longest")]
    [InlineData("/forgotten", "GET", "HTTP/1.1 200 OK")]
    [InlineData("/fails", "GET", "HTTP/1.1 500 Internal Server Error")]
    [InlineData("/upgrade", "GET", "HTTP/1.1 101 Very Fine")]
    public async Task It_stands_in_the_status_line(string path, string method, string expected)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        expected = expected.Replace("longest", new string('x', 512));
        for (var round = 0; round < (path == "/upgrade" ? 1 : 2); round++)
        {
            var response = await client.RequestAsync($"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\n", method == "HEAD");
            Assert.Equal(expected, response.StatusLine);
            if (path != "/upgrade")
            {
                Assert.Equal("HTTP/1.1 200 OK", (await client.RequestAsync(TestClient.Get("/plain"))).StatusLine);
            }
        }
    }

    [Fact]
    public async Task What_is_none_is_refused()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("as expected", (await client.RequestAsync(TestClient.Get("/refused"))).Text);
    }

    [Fact]
    public async Task Lines_are_sent_as_they_were_made()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 3; round++)
        {
            var response = await client.RequestAsync(TestClient.Get("/lines"));
            Assert.Equal(
                [("X-Before", "0"), ("X-One", "1"), ("X-Two", "zwei \u00E4"), ("x-one", "eins"), ("X-Bytes", "a"), ("X-Bytes", "b"), ("Content-Type", "text/plain; charset=utf-8")],
                response.Headers.Where(static field => field.Name.StartsWith("x-", StringComparison.OrdinalIgnoreCase) || field.Name == "Content-Type"));
            response = await client.RequestAsync(TestClient.Get("/lines-changed"));
            Assert.Equal(
                [("X-Two", "zwei \u00E4"), ("X-Two", "zwei \u00E4"), ("X-One", "new")],
                response.Headers.Where(static field => field.Name.StartsWith("X-")));
            response = await client.RequestAsync(TestClient.Get("/lines-of-the-server"));
            Assert.Equal(("other", "application/x-other"), (response["Server"], response["Content-Type"]));
            Assert.Single(response.Headers, static field => field.Name == "Server");
            Assert.Single(response.Headers, static field => field.Name == "Content-Type");
        }
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(transport, static server =>
    {
        server.MapGet("/plain", static (_, response) => response.WriteText("plain"), Dispatch.Inline);
        Map(server, "/end", static response =>
        {
            response.StatusCode = 299;
            response.WriteText("end");
        });
        server.MapGet("/flush", static async (_, response) =>
        {
            response.ReasonPhrase = "Very Fine";
            await response.Body.FlushAsync();
            Assert.Throws<InvalidOperationException>(() => response.ReasonPhrase = null);
        });
        Map(server, "/length", static response =>
        {
            response.ContentLength = 3;
            response.WriteBytes("abc"u8);
        });
        Map(server, "/encoded", static response => response.Send(Encoded));
        Map(server, "/source", static response => Assert.True(response.TrySend(PreparedResponse.WithSource(201, [], new TestSource([1, 2, 3])))));
        Map(server, "/no-content", static response => response.StatusCode = 204);
        Map(server, "/empty", static response => response.ReasonPhrase = "");
        Map(server, "/odd", static response => response.ReasonPhrase = "\t\u00FF~ ");
        Map(server, "/longest", static response => response.ReasonPhrase = new string('x', 512));
        Map(server, "/forgotten", static response => response.Clear());
        Map(server, "/fails", static _ => throw new InvalidOperationException("On purpose."));
        server.MapGet("/upgrade", static async (_, response) =>
        {
            response.ReasonPhrase = "Very Fine";
            response.Headers["Upgrade"] = "lines";
            await response.UpgradeAsync();
        });
        Map(server, "/refused", static response =>
        {
            foreach (var phrase in (string[])["a\r\nb", "\n", "\0", "\u007F", "\u001B", "\u0100", "\uD83D\uDE00", new('x', 513)])
            {
                Assert.Throws<ArgumentException>(() => response.ReasonPhrase = phrase);
            }

            Assert.Equal("Very Fine", response.ReasonPhrase);
            response.ReasonPhrase = null;
            Assert.Null(response.ReasonPhrase);
            response.WriteText("as expected");
        });
        MapLines(server);
    });

    private static void Map(HttpServer server, string path, Action<HttpResponse> answer) => server.MapGet(
        path,
        (_, response) =>
        {
            response.ReasonPhrase = "Very Fine";
            answer(response);
        },
        Dispatch.Inline);

    private static void MapLines(HttpServer server)
    {
        server.MapGet("/lines", static (_, response) =>
        {
            response.Headers["X-Before"] = "0";
            response.Headers.AddLines(Lines);
            response.Headers.AddBytes("X-Bytes"u8, " a"u8);
            response.Headers.AddBytes("X-Bytes"u8, "b "u8);
            response.WriteText("lines");
        }, Dispatch.Inline);
        server.MapGet("/lines-changed", static (_, response) =>
        {
            response.WriteText("changed");
            response.Headers.AddLines(Lines);
            response.Headers.AddLines(Lines);
            Assert.Equal(7, response.Headers.Count);
            Assert.Equal("1, eins, 1, eins", response.Headers["X-ONE"]);
            response.Headers["X-One"] = "new";
        }, Dispatch.Inline);
        server.MapGet("/lines-of-the-server", static (_, response) =>
        {
            response.Headers.AddLines(new HeaderLines([new("Server", "other"), new("Content-Type", "application/x-other")]));
            response.WriteText("text");
        });
    }
}
