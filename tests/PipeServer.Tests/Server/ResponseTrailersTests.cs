using System.Globalization;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary><see cref="HttpResponse.Trailers"/> on the wire, and what may not stand there.</summary>
public abstract class ResponseTrailersTests(string transport)
{
    [Theory]
    [InlineData("/complete")]
    [InlineData("/complete-worker")]
    [InlineData("/flushed")]
    [InlineData("/large")]
    [InlineData("/empty")]
    [InlineData("/in-callback")]
    public async Task They_are_sent_behind_the_last_chunk(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 2; round++)
        {
            var (head, body, trailers) = await GetAsync(client, TestClient.Get(path));
            Assert.Equal(("chunked", null), (head["Transfer-Encoding"], head["Content-Length"]));
            Assert.Equal(path == "/flushed" ? null : "X-Digest", head["Trailer"]);
            Assert.Equal(path switch { "/empty" => 0, "/large" => 100_000, _ => 4 }, body.Length);
            Assert.Equal(["X-Digest: abc", "x-Twice: 1", "x-Twice: 2"], trailers);
            Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
        }
    }

    [Theory]
    [InlineData("GET /complete HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", "4", null)]
    [InlineData("HEAD /complete HTTP/1.1\r\nHost: a\r\n\r\n", null, "X-Digest")]
    [InlineData("HEAD /flushed HTTP/1.1\r\nHost: a\r\n\r\n", null, null)]
    public async Task Who_cannot_get_them_gets_the_rest(string request, string? length, string? trailer)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var isHead = request.StartsWith("HEAD");
        var response = await client.RequestAsync(request, isHead);
        Assert.Equal((200, length, trailer), (response.Status, response["Content-Length"], response["Trailer"]));
        Assert.Equal(isHead ? "" : "body", response.Text);
        Assert.Equal(isHead ? "chunked" : null, response["Transfer-Encoding"]);
        Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
    }

    [Fact]
    public async Task Announced_and_not_set_is_an_empty_section()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var (head, body, trailers) = await GetAsync(client, TestClient.Get("/announced"));
        Assert.Equal(("X-Later", "chunked", 4), (head["Trailer"], head["Transfer-Encoding"], body.Length));
        Assert.Empty(trailers);
    }

    [Theory]
    [InlineData("/refused")]
    [InlineData("/without")]
    public async Task What_cannot_be_one_is_refused(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get(path));
        Assert.Equal((200, "as expected"), (response.Status, response.Text));
        Assert.NotNull(response["Content-Length"]);
    }

    // The trailers of a response that was given up would come behind the error.
    [Fact]
    public async Task A_handler_that_fails_leaves_none()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/fails"));
        Assert.Equal(500, response.Status);
        Assert.NotNull(response["Content-Length"]);
        Assert.Null(response["Trailer"]);
        await client.SendAsync(TestClient.Get("/fails-later"));
        await Assert.ThrowsAnyAsync<IOException>(() => ReadToTrailersAsync(client));
    }

    private static async Task<(TestResponse Head, byte[] Body, string[] Trailers)> GetAsync(TestClient client, string request)
    {
        await client.SendAsync(request);
        return await ReadToTrailersAsync(client);
    }

    private static async Task<(TestResponse Head, byte[] Body, string[] Trailers)> ReadToTrailersAsync(TestClient client)
    {
        var head = await client.ReadHeadAsync();
        var body = new MemoryStream();
        while (int.Parse(await client.ReadLineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
        {
            body.Write(await client.ReadExactlyAsync(size));
            Assert.Equal("", await client.ReadLineAsync());
        }

        var trailers = new List<string>();
        while (await client.ReadLineAsync() is { Length: > 0 } line)
        {
            trailers.Add(line);
        }

        return (head, body.ToArray(), [.. trailers]);
    }

    private static void Set(HttpResponse response)
    {
        response.Trailers["x-gone"] = "gone";
        response.Trailers["X-Digest"] = "none";
        response.Trailers["x-digest"] = null;
        response.Trailers["X-Digest"] = " abc ";
        response.Trailers.Add("x-Twice", "1");
        response.Trailers.AddBytes("x-Twice"u8, "2"u8);
        Assert.True(response.Trailers.Remove("X-Gone"));
        Assert.Equal(3, response.Trailers.Count);
        Assert.Equal("1, 2", response.Trailers["X-TWICE"]);
        Assert.Null(response.Headers["X-Digest"]);
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(transport, static server =>
    {
        server.MapGet("/plain", static (_, response) => response.WriteText("plain"), Dispatch.Inline);
        foreach (var (path, dispatch) in new[] { ("/complete", Dispatch.Inline), ("/complete-worker", Dispatch.Worker) })
        {
            server.MapGet(path, static (_, response) =>
            {
                response.WriteText("bo");
                Set(response);
                response.DeclareTrailer("X-Digest");
                response.WriteText("dy");
            }, dispatch);
        }

        server.MapGet("/flushed", static async (_, response) =>
        {
            response.WriteText("bo");
            await response.Body.FlushAsync();
            response.WriteText("dy");
            Assert.Throws<InvalidOperationException>(() => response.DeclareTrailer("X-Digest"));
            Set(response);
            response.Body.Complete();
        }, Dispatch.Inline);
        server.MapGet("/large", static async (_, response) =>
        {
            response.DeclareTrailer("X-Digest");
            for (var i = 0; i < 100; i++)
            {
                await response.Body.WriteAsync(new byte[1000]);
            }

            await response.Body.CompleteAsync();
            Set(response);
        });
        server.MapGet("/empty", static (_, response) =>
        {
            response.DeclareTrailer("X-Digest");
            Set(response);
        });
        server.MapGet("/in-callback", static (_, response) =>
        {
            response.WriteText("body");
            response.OnStarting(_ =>
            {
                response.DeclareTrailer("X-Digest");
                Set(response);
                return ValueTask.CompletedTask;
            });
            response.OnCompleted(_ =>
            {
                Assert.Throws<InvalidOperationException>(() => response.Trailers["X-Digest"] = "late");
                return ValueTask.CompletedTask;
            });
        });
        server.MapGet("/announced", static (_, response) =>
        {
            response.DeclareTrailer("X-Later");
            response.WriteText("body");
        });
        server.MapGet("/refused", static (_, response) =>
        {
            foreach (var name in (string[])
                [
                    "Content-Length", "transfer-encoding", "Trailer", "TE", "Connection", "Keep-Alive", "Upgrade", "Host", "Authorization", "WWW-Authenticate",
                    "Proxy-Authenticate", "Set-Cookie", "Cookie", "Content-Encoding", "Content-Type", "Content-Range", "Content-Disposition", "Cache-Control",
                    "Expires", "Age", "Vary", "Location", "Retry-After", "Date", "Server", "Range", "If-Match", "Max-Forwards", "a b", "", "x:", "é",
                ])
            {
                Assert.ThrowsAny<ArgumentException>(() => response.Trailers[name] = "1");
                Assert.ThrowsAny<ArgumentException>(() => response.Trailers.AddBytes(Encoding.Latin1.GetBytes(name), "1"u8));
                Assert.ThrowsAny<ArgumentException>(() => response.DeclareTrailer(name));
            }

            Assert.Throws<ArgumentException>(() => response.Trailers["X-Split"] = "a\r\nb: c");
            Assert.Throws<ArgumentException>(() => response.Trailers["X-Split"] = "\0");
            Assert.Throws<ArgumentException>(() => response.Trailers["X-Wide"] = "\u0100");
            Assert.Throws<InvalidOperationException>(() => response.Trailers.AddLines(new HeaderLines([new("X-A", "1")])));
            Assert.Empty(response.Trailers);
            response.WriteText("as expected");
        });
        server.MapGet("/without", static (_, response) =>
        {
            response.ContentLength = 3;
            AssertWithout(response);
            response.StatusCode = 204;
            AssertWithout(response);
            response.StatusCode = 304;
            AssertWithout(response);
            response.Clear();
            response.Trailers["X-A"] = "forgotten";
            response.DeclareTrailer("X-A");
            response.Clear();
            response.WriteText("as expected");
        });
        server.MapGet("/fails", static (_, response) =>
        {
            response.DeclareTrailer("X-Digest");
            Set(response);
            throw new InvalidOperationException("On purpose.");
        });
        server.MapGet("/fails-later", static async (_, response) =>
        {
            response.WriteText("body");
            await response.Body.FlushAsync();
            Set(response);
            throw new InvalidOperationException("On purpose.");
        });
    });

    private static void AssertWithout(HttpResponse response)
    {
        Assert.False(response.SupportsTrailers);
        Assert.Throws<InvalidOperationException>(() => response.Trailers["X-A"] = "1");
        Assert.Throws<InvalidOperationException>(() => response.DeclareTrailer("X-A"));
    }
}
