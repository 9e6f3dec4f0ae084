namespace PipeServer.Tests;

/// <summary>What handlers may and may not do with headers: no response can be split, no framing contradicted.</summary>
public sealed class HeaderCollectionTests
{
    [Fact]
    public async Task Headers_are_set_added_joined_and_removed()
    {
        var response = await RespondAsync(static (request, response) =>
        {
            var headers = response.Headers;
            headers["X-A"] = "1";
            headers["x-a"] = "2";
            headers.Add("X-B", "1");
            headers.Add("X-B", "2");
            headers["X-C"] = "gone";
            headers["X-C"] = null;
            headers["X-D"] = "\u00E9\t ";
            headers.SetBytes("X-E"u8, "bytes"u8);
            Assert.Equal("1, 2", headers["x-b"]);
            Assert.False(headers.Remove("X-C"));
            Assert.False(headers.Contains("X-C"));
            Assert.Equal(5, headers.Count);
            Assert.Equal("X-E=bytes", headers.Select(static pair => $"{pair.Key}={pair.Value}").Last());
            Assert.True(headers.TryGetBytes("x-E"u8, out var bytes));
            Assert.True(bytes.SequenceEqual("bytes"u8));
            Assert.Equal("request, twice", request.Headers["x-req"]);
            Assert.Null(request.Headers["X-None"]);
            Assert.Throws<InvalidOperationException>(() => request.Headers["X-Req"] = "changed");
        }, "X-Req: request", "x-REQ:twice");
        Assert.Equal(200, response.Status);
        Assert.Equal("2", response["X-A"]);
        Assert.Equal("1, 2", response["X-B"]);
        Assert.Equal("\u00E9", response["X-D"]);
    }

    [Theory]
    [InlineData("X", "a\r\nb")]
    [InlineData("X", "a\nb")]
    [InlineData("X", "a\rb")]
    [InlineData("X", "a\0b")]
    [InlineData("X", "a\u007Fb")]
    [InlineData("X", "a\u0100b")]
    [InlineData("X Y", "a")]
    [InlineData("X:", "a")]
    [InlineData("X\r\nY", "a")]
    [InlineData("", "a")]
    [InlineData("\u00DC", "a")]
    // Latin-1's encoder turns U+0100 into a plain A: the name that was checked was not the name that was given.
    [InlineData("X\u0100", "a")]
    [InlineData("Content-Length", "five")]
    [InlineData("Content-Length", "-5")]
    [InlineData("Content-Length", "+5")]
    public async Task A_name_or_value_that_could_split_the_response_is_refused(string name, string value)
    {
        var response = await RespondAsync((_, response) =>
        {
            Assert.ThrowsAny<ArgumentException>(() => response.Headers[name] = value);
            Assert.ThrowsAny<ArgumentException>(() => response.Headers.Add(name, value));
        });
        Assert.Equal(200, response.Status);
    }

    [Fact]
    public async Task Framing_belongs_to_the_server()
    {
        var response = await RespondAsync(static (_, response) =>
        {
            Assert.Throws<InvalidOperationException>(() => response.Headers["Transfer-Encoding"] = "chunked");
            Assert.Throws<InvalidOperationException>(() => response.Headers["Date"] = "today");
            Assert.Throws<InvalidOperationException>(() => response.Headers["Connection"] = "upgrade");
            response.Headers["Content-Length"] = "5";
            Assert.Throws<InvalidOperationException>(() => response.Headers.Add("content-length", "5"));
            Assert.Equal(5, response.ContentLength);
            response.Headers["Connection"] = "Close";
            response.WriteText("hello");
            Assert.Throws<InvalidOperationException>(() => response.ContentLength = 6);
        });
        Assert.Equal("hello", response.Text);
        Assert.Equal("5", response["Content-Length"]);
        Assert.Equal("close", response["Connection"]);
    }

    private static async Task<TestResponse> RespondAsync(Action<HttpRequest, HttpResponse> handler, params string[] headers)
    {
        Exception? failure = null;
        await using var server = await TestServer.StartAsync("memory", server => server.MapGet("/", (request, response) =>
        {
            failure = Record.Exception(() => handler(request, response));
        }));
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/", headers));
        Assert.Null(failure);
        return response;
    }
}
