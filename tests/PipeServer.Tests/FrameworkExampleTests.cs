using System.Security.Cryptography;
using System.Text;
using PipeServer.Tests.WebSockets;

namespace PipeServer.Tests;

/// <summary>The example that the pages on routing, events and WebSockets show in parts answers as they say.</summary>
public sealed class FrameworkExampleTests
{
    [Fact]
    public async Task A_filter_stands_in_front_of_its_group()
    {
        await using var example = await StartAsync();
        await using var client = await TestClient.ConnectAsync(example.EndPoint);
        foreach (var key in new string[][] { [], ["X-Api-Key: key-2"] })
        {
            var refused = await client.RequestAsync(TestClient.Get("/api/me", key));
            Assert.Equal((403, "403 Forbidden: X-Api-Key is missing, or nobody's.\n"), (refused.Status, refused.Text));
        }

        var response = await client.RequestAsync(TestClient.Get("/api/me", "X-Api-Key: key-1"));
        Assert.Equal((200, "Ann\n", "no-store"), (response.Status, response.Text, response["Cache-Control"]));
        Assert.Equal(403, (await client.RequestAsync(Request("DELETE", "/api/v1/orders/7"))).Status);
        Assert.Equal(204, (await client.RequestAsync(Request("DELETE", "/api/v1/orders/7", "X-Api-Key: key-1"))).Status);
        Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/api/nothing"))).Status); // the server's own answer
        Assert.DoesNotContain(example.Errors, static line => line.Contains("error", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("7", "{\"article\":\"tea\",\"count\":2,\"id\":1}", 200, "{\"article\":\"tea\",\"count\":2,\"id\":7}")]
    [InlineData("x", "{\"article\":\"tea\",\"count\":2}", 400, "'id'")]
    [InlineData("7", "{\"article\":\"tea\",\n\"count\":\"two\"}", 400, "at $.count, line 2")]
    [InlineData("7", "{\"article\":null,\"count\":2}", 400, "at $.article, line 1")]
    [InlineData("7", "{\"article\":\"tea\"}", 400, "at $, line 1")]
    [InlineData("7", "{\"article\":\"tea\",\"count\":2} x", 400, "line 1")]
    public async Task Json_is_read_and_written(string id, string json, int status, string text)
    {
        await using var example = await StartAsync();
        await using var client = await TestClient.ConnectAsync(example.EndPoint);
        var response = await client.RequestAsync(
            Request("PUT", $"/api/orders/{id}", "X-Api-Key: key-1", "Content-Type: application/json", $"Content-Length: {json.Length}") + json);
        Assert.Equal((status, "no-store"), (response.Status, status == 200 ? response["Cache-Control"] : "no-store"));
        Assert.Contains(text, response.Text);
        Assert.Equal("20 orders, light\n", (await client.RequestAsync(TestClient.Get("/"))).Text); // the connection goes on
    }

    [Fact]
    public async Task Query_cookie_and_redirect()
    {
        await using var example = await StartAsync();
        await using var client = await TestClient.ConnectAsync(example.EndPoint);
        Assert.Equal("7 orders, light\n", (await client.RequestAsync(TestClient.Get("/?size=7"))).Text);
        Assert.Equal("100 orders, light\n", (await client.RequestAsync(TestClient.Get("/?size=1000"))).Text);
        Assert.Equal("20 orders, light\n", (await client.RequestAsync(TestClient.Get("/?size=x"))).Text);
        var redirect = await client.RequestAsync(Request("POST", "/dark", "Content-Length: 0"));
        Assert.Equal((303, "/"), (redirect.Status, redirect["Location"]));
        var cookie = redirect["Set-Cookie"]!.Split(';')[0];
        Assert.Equal("20 orders, dark\n", (await client.RequestAsync(TestClient.Get("/", $"Cookie: a=b; {cookie}"))).Text);
    }

    // The stream goes on behind the event that its client names, ends in order when the server stops, and says when to come back; the WebSocket gets 1001.
    [Fact]
    public async Task Events_and_a_WebSocket_end_with_the_server()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals cannot be sent to a process on Windows.");
        await using var example = await StartAsync();
        await using var stream = await TestClient.ConnectAsync(example.EndPoint);
        await stream.SendAsync(TestClient.Get("/count", "Last-Event-ID: 41"));
        Assert.Equal("text/event-stream", (await stream.ReadHeadAsync())["Content-Type"]);
        Assert.Matches("^[0-9a-f]+$", await stream.ReadLineAsync());
        var first = await stream.ReadLineAsync(); // a chunk: its own lines end otherwise
        Assert.Contains("data: 42 seconds\n", first);
        Assert.Contains("id: 42\n", first);

        await using var client = await TestClient.ConnectAsync(example.EndPoint);
        Assert.Equal(403, (await client.RequestAsync(TestWebSocket.Request("/chat", "Origin: https://else.example"))).Status);
        await using var other = await TestClient.ConnectAsync(example.EndPoint);
        Assert.Equal(101, (await other.RequestAsync(TestWebSocket.Request("/chat", "Origin: https://shop.example"))).Status);
        await using var socket = new TestWebSocket(other);
        await socket.SendTextAsync("hello");
        Assert.Equal("hello", await socket.ReadTextAsync());

        example.Signal(CliProcess.SigTerm);
        Assert.Equal(1001, (await socket.ReadCloseAsync()).Status);
        await socket.SendCloseAsync(1001);
        Assert.True(await other.IsClosedAsync());
        var rest = Encoding.UTF8.GetString(await stream.ReadToEndAsync());
        Assert.Matches("retry: [1-5][0-9]{3}\n\n\r\n0\r\n\r\n$", rest);
        Assert.Equal(0, await example.EndAsync());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(100_000)] // by the thread pool
    public async Task A_request_with_limits_callbacks_and_a_trailer(int length)
    {
        await using var example = await StartAsync();
        await using var client = await TestClient.ConnectAsync(example.EndPoint);
        var body = new byte[length];
        await client.SendAsync(Request("POST", "/digest", $"Content-Length: {length}"));
        await client.SendAsync(body);
        var head = await client.ReadHeadAsync();
        Assert.Equal((200, "1", "Server-Timing"), (head.Status, head["X-Connection"], head["Trailer"]));
        Assert.Equal("41", await client.ReadLineAsync());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(body)) + "\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(0x41)));
        Assert.Equal("", await client.ReadLineAsync());
        Assert.Equal("0", await client.ReadLineAsync());
        Assert.Matches("^Server-Timing: hash;dur=[0-9]+\\.[0-9]$", await client.ReadLineAsync());
        Assert.Equal("", await client.ReadLineAsync());
        await Eventually.TrueAsync(() => example.Output.Contains("POST /digest: 200"), "the callback behind the answer has run");
    }

    [Fact]
    public async Task A_limit_that_was_raised_holds_before_the_body_is_refused()
    {
        await using var example = await StartAsync();
        await using var client = await TestClient.ConnectAsync(example.EndPoint);
        await client.SendAsync(Request("POST", "/digest", "Expect: 100-continue", $"Content-Length: {1 << 29}"));
        Assert.Equal(100, (await client.ReadResponseAsync()).Status); // four times what the server takes otherwise
        await using var other = await TestClient.ConnectAsync(example.EndPoint);
        Assert.Equal(413, (await other.RequestAsync(Request("POST", "/digest", $"Content-Length: {1L << 31}"))).Status);
    }

    [Fact]
    public async Task An_abort_is_a_reset()
    {
        await using var example = await StartAsync();
        await using var client = await TestClient.ConnectAsync(example.EndPoint);
        await client.SendAsync(TestClient.Get("/wp-login.php"));
        await Assert.ThrowsAsync<IOException>(client.ReadToEndAsync);
    }

    private static string Request(string method, string path, params string[] headers) => TestClient.Get(path, headers).Replace("GET ", $"{method} ");

    private static async Task<CliProcess> StartAsync()
    {
        var example = CliProcess.Start(Repository.Assembly("tests/Examples/Framework", "Framework"), "0");
        await example.ListeningAsync();
        return example;
    }
}
