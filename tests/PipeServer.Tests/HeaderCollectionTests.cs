using System.Buffers;

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

    // A Content-Type that is set often is kept encoded beside the fields, and takes its place among them when somebody looks: nothing may show
    // of that, through whatever member the fields are looked at.
    [Fact]
    public async Task The_content_type_is_a_field_like_any_other()
    {
        var response = await RespondAsync(static (_, response) =>
        {
            var headers = response.Headers;
            for (var round = 0; round < 3; round++)
            {
                response.ContentType = "text/plain";
                Assert.Equal("text/plain", response.ContentType);
                headers["Content-Type"] = " text/css ";
                Assert.Equal("text/css", headers["content-type"]);
                headers["Content-Type"] = "text/html";
                Assert.True(headers.Count == 1);
                headers["Content-Type"] = "text/plain";
                Assert.True(headers.Contains("CONTENT-TYPE"));
                headers["Content-Type"] = "text/html";
                Assert.Equal(1, headers.CountOf("Content-Type"u8));
                headers["Content-Type"] = "text/plain";
                Assert.True(headers.TryGetBytes("content-type"u8, out var bytes) && bytes.SequenceEqual("text/plain"u8));
                headers["Content-Type"] = "text/html";
                Assert.Equal([new("Content-Type", "text/html")], headers);
                headers["Content-Type"] = "text/plain";
                headers.Add("Content-Type", "text/html");
                Assert.Equal("text/plain, text/html", headers["Content-Type"]);
                response.ContentType = "text/plain";
                Assert.True(headers.Remove("content-type"));
                Assert.False(headers.Remove("Content-Type"));
                Assert.Null(response.ContentType);
                response.ContentType = "text/plain";
                response.ContentType = null;
                Assert.Empty(headers);
                response.ContentType = "text/plain";
                headers["content-type"] = "text/css"; // replaces it, and is sent in this spelling
                Assert.Equal([new("content-type", "text/css")], headers);
                response.ContentType = "text/plain";
                response.Clear();
                Assert.Empty(headers);
            }

            headers["X-A"] = "1";
            response.ContentType = "text/plain";
            headers["X-B"] = "2";
            response.WriteBytes("hello"u8, "application/octet-stream");
            Assert.Equal("text/plain", response.ContentType);
        });
        Assert.Equal(["X-A", "Content-Type", "X-B"], response.Headers.Select(static header => header.Name).Where(static name => name is ['X', ..] or "Content-Type"));
    }

    // Lines are kept for a few values only: those of a client, a new one each time, are sent as they are, and push nothing out for long.
    [Fact]
    public async Task Any_number_of_content_types_is_sent_as_given()
    {
        var response = await RespondAsync(static (_, response) =>
        {
            for (var number = 0; number < 5000; number++)
            {
                var type = $"text/x-{number}; of=\u00E9{new string('x', number % 200)}";
                response.ContentType = type;
                Assert.Equal(type, response.ContentType);
                response.ContentType = number % 2 == 0 ? "text/plain" : "application/json";
                Assert.Equal(number % 2 == 0 ? "text/plain" : "application/json", response.ContentType);
            }
        });
        Assert.Equal("application/json", response["Content-Type"]);
    }

    // What is refused is refused each time, and a response that has begun refuses what it would have known.
    [Fact]
    public async Task A_content_type_is_checked_however_often_it_is_set()
    {
        var response = await RespondAsync(static (_, response) =>
        {
            for (var round = 0; round < 200; round++)
            {
                Assert.Throws<ArgumentException>(() => response.ContentType = "text/plain\r\nX: y");
                Assert.Throws<ArgumentException>(() => response.ContentType = "text/\u0100");
                Assert.Throws<ArgumentException>(() => response.WriteText("", "text/plain\0"));
            }

            response.ContentType = "text/plain";
            response.Send(new PreparedResponse(200, [], "sent"u8.ToArray()));
            Assert.Throws<InvalidOperationException>(() => response.ContentType = "text/plain");
            Assert.Throws<InvalidOperationException>(() => response.Headers["Content-Type"] = "text/html");
            Assert.Throws<InvalidOperationException>(() => response.ContentType = null);
        });
        Assert.Equal(("text/plain", "sent"), (response["Content-Type"], response.Text));
    }

    // The array that a value lay in went back to the shared pool as soon as further fields needed a larger one: whoever held the value saw it
    // turn into what somebody else wrote there, and a copy of it in another field was made from such an array.
    [Fact]
    public async Task A_value_stays_what_it_was_while_further_fields_are_set()
    {
        const int Length = 900; // with its name, nearly all of an array of 1,024
        var value = new string('a', Length);
        var response = await RespondAsync((_, response) =>
        {
            response.Headers["X-A"] = value;
            Assert.True(response.Headers.TryGetBytes("X-A"u8, out var bytes));
            response.Headers.SetBytes("X-B"u8, bytes);
            response.Headers.SetBytes("X-C"u8, bytes);
            var others = Enumerable.Range(0, 4).Select(static _ => ArrayPool<byte>.Shared.Rent(Length)).ToList();
            others.ForEach(static array => Array.Fill(array, (byte)'o'));
            Assert.False(bytes.Contains((byte)'o'));
            response.Headers.SetBytes("X-D"u8, bytes);
            others.ForEach(static array => ArrayPool<byte>.Shared.Return(array));
        });
        Assert.All(["X-A", "X-B", "X-C", "X-D"], name => Assert.Equal(value, response[name]));
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
