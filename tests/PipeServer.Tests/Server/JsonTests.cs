using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>JSON in and out, on the wire: one suite, unchanged over each transport.</summary>
public abstract class JsonTests(string transport)
{
    private const string Type = "Content-Type: application/json";

    [Fact]
    public async Task A_body_is_read_at_every_split()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var json = Encoding.UTF8.GetBytes("{\"id\":7,\"name\":\"é€😀\"}");
        byte[][] requests =
        [
            [.. Encoding.ASCII.GetBytes($"POST /order HTTP/1.1\r\nHost: a\r\n{Type}\r\nContent-Length: {json.Length}\r\n\r\n"), .. json],
            [.. Encoding.ASCII.GetBytes($"POST /order HTTP/1.1\r\nHost: a\r\n{Type}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"), .. json[..5], .. "\r\n"u8,
                .. Encoding.ASCII.GetBytes($"{json.Length - 5:x}\r\n"), .. json[5..], .. "\r\n0\r\n\r\n"u8],
        ];
        foreach (var request in requests)
        {
            for (var split = 1; split < request.Length; split++)
            {
                await client.SendAsync(request.AsMemory(0, split));
                await Task.Yield();
                await client.SendAsync(request.AsMemory(split));
                var response = await client.ReadResponseAsync();
                Assert.Equal((200, "7 é€😀"), (response.Status, response.Text));
            }
        }
    }

    // Longer than any buffer, so that it lies in several; with a character across each of their ends.
    [Theory]
    [InlineData("/order")]
    [InlineData("/inline")]
    public async Task A_long_body_is_read_from_several_buffers(string target)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var name = string.Concat(Enumerable.Repeat("é😀€x", 40_000));
        var response = await client.RequestAsync(Encoding.Latin1.GetString(Post(target, $"{{\"name\":\"{name}\",\"id\":3}}")));
        Assert.Equal($"3 {name}", response.Text);
    }

    [Theory]
    [InlineData("{\"id\":1}", "\uFEFF", "1 ")]
    [InlineData("{\"id\":1}", " \r\n\t", "1 ")]
    [InlineData("{\"id\":1,\"other\":[{}]}", "", "1 ")]
    [InlineData("{}", "", "0 ")]
    public async Task A_body_is_read(string json, string before, string expected)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal(expected, (await client.RequestAsync(Encoding.Latin1.GetString(Post("/order", before + json)))).Text);
        Assert.Equal(expected, (await client.RequestAsync(Encoding.Latin1.GetString(Post("/inline", before + json)))).Text);
    }

    [Theory]
    [InlineData("", "The body is empty; it must be JSON.")]
    [InlineData(" ", "$, line 1, byte 2")]
    [InlineData("null", "The JSON body must not be null.")]
    [InlineData("{\"id\":1", "line 1, byte 8")]
    [InlineData("{\"id\":1}x", "$, line 1, byte 9")]
    [InlineData("{\"id\":1}{}", "$, line 1, byte 9")]
    [InlineData("{\"id\":1}\0", "$, line 1, byte 9")]
    [InlineData("{\n \"id\": \"<script>\"}", "$.id, line 2, byte 18")]
    [InlineData("{\"id\":1e999}", "$.id, line 1, byte 12")]
    [InlineData("{\"id\":99999999999}", "$.id, line 1")]
    [InlineData("{\"id\":null}", "$.id, line 1")]
    [InlineData("{'id':1}", "$, line 1, byte 2")]
    [InlineData("{\"id\":01}", "line 1, byte 8")]
    [InlineData("{\"id\":1,}", "line 1, byte 9")]
    [InlineData("[]", "$, line 1")]
    [InlineData("{\"lines\":[{},{\"price\":true}]}", "$.lines[1].price, line 1")]
    [InlineData("{\"prices\":{\"evil<key>\":true}}", "$.prices.*, line 1")]
    [InlineData("{\"prices\":{\"evil'.id\":true}}", "$.prices.*, line 1")]
    [InlineData("{\"evil\":[1,", "at $, line 1")]
    [InlineData("{\"evil\\u000d\":[1,", "at $, line 1")]
    public async Task What_is_malformed_or_does_not_fit_gets_a_400_that_names_the_place(string json, string expected)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        foreach (var target in new[] { "/order", "/inline" })
        {
            var response = await client.RequestAsync(Encoding.Latin1.GetString(Post(target, json)));
            Assert.Equal(400, response.Status);
            Assert.Equal("text/plain; charset=utf-8", response["Content-Type"]);
            Assert.Contains(expected, response.Text);
            Assert.StartsWith("400 Bad Request: ", response.Text);
            Assert.DoesNotContain("evil", response.Text);
            Assert.DoesNotContain("script", response.Text);
            Assert.DoesNotContain("Order", response.Text);
        }

        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    // The reader does not look at what nobody wants: an invalid name, or the value of one that is not known.
    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC3 })]
    [InlineData(new byte[] { 0xC0, 0xAF })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    public async Task What_is_not_utf8_is_refused_wherever_it_stands(byte[] bytes)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        foreach (var (before, after) in new[] { ("{\"name\":\"", "\"}"), ("{\"other\":\"", "\"}"), ("{\"", "\":1}"), ("{}", "") })
        {
            byte[] json = [.. Encoding.ASCII.GetBytes(before), .. bytes, .. Encoding.ASCII.GetBytes(after)];
            await client.SendAsync((byte[])[.. Encoding.ASCII.GetBytes($"POST /order HTTP/1.1\r\nHost: a\r\n{Type}\r\nContent-Length: {json.Length}\r\n\r\n"), .. json]);
            var response = await client.ReadResponseAsync();
            Assert.Equal((400, "400 Bad Request: The JSON body is not UTF-8.\n"), (response.Status, response.Text));
        }
    }

    [Theory]
    [InlineData("text/plain", null)]
    [InlineData("application/x-www-form-urlencoded", null)]
    [InlineData("application/json; charset=utf-16", null)]
    [InlineData(null, null)]
    [InlineData("application/json\r\nContent-Type: application/json", null)]
    [InlineData("application/json", "gzip")]
    public async Task Another_type_gets_a_415(string? type, string? coding)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(
            "POST /order HTTP/1.1\r\nHost: a\r\n" + (type is null ? "" : $"Content-Type: {type}\r\n") + (coding is null ? "" : $"Content-Encoding: {coding}\r\n")
            + "Content-Length: 2\r\n\r\n{}");
        Assert.Equal(415, response.Status);
        Assert.Equal(coding is null ? null : "identity", response["Accept-Encoding"]);
        Assert.Equal("1 ", (await client.RequestAsync(Encoding.Latin1.GetString(Post("/order", "{\"id\":1}")))).Text);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_gets_a_413_and_one_at_the_limit_is_read()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("1 ", (await client.RequestAsync(Encoding.Latin1.GetString(Post("/small", "{\"id\":1}".PadRight(64))))).Text);
        var response = await client.RequestAsync(Encoding.Latin1.GetString(Post("/small", "{\"id\":1}".PadRight(65))));
        Assert.Equal((413, "413 Content Too Large: The JSON body is larger than 64 bytes.\n"), (response.Status, response.Text));
        var chunk = $"41\r\n{"{\"id\":1}".PadRight(65)}\r\n0\r\n\r\n";
        var head = $"POST /small HTTP/1.1\r\nHost: a\r\n{Type}\r\nTransfer-Encoding: chunked\r\n\r\n";
        Assert.Equal(413, (await client.RequestAsync(head + chunk)).Status);
        await client.SendAsync(head);
        await Task.Yield();
        await client.SendAsync(chunk);
        Assert.Equal(413, (await client.ReadResponseAsync()).Status);

        // Refused before it is sent: no 100 Continue.
        var expecting = await client.RequestAsync($"POST /small HTTP/1.1\r\nHost: a\r\n{Type}\r\nExpect: 100-continue\r\nContent-Length: 65\r\n\r\n");
        Assert.Equal(413, expecting.Status);
    }

    [Fact]
    public async Task The_servers_own_limit_goes_before_a_larger_one()
    {
        await using var server = await StartAsync(static options => options.MaxRequestBodyBytes = 32);
        await using var client = await server.ConnectAsync();
        Assert.Equal(413, (await client.RequestAsync(Encoding.Latin1.GetString(Post("/small", "{\"id\":1}".PadRight(33))))).Status);
    }

    [Fact]
    public async Task A_body_that_ends_early_or_is_malformed_is_the_servers_to_answer()
    {
        await using var server = await StartAsync();
        await using (var client = await server.ConnectAsync())
        {
            await client.SendAsync($"POST /order HTTP/1.1\r\nHost: a\r\n{Type}\r\nContent-Length: 20\r\n\r\n{{\"id\":");
            client.ShutdownSend();
            Assert.Equal(400, (await client.ReadResponseAsync()).Status);
        }

        await using (var client = await server.ConnectAsync())
        {
            var response = await client.RequestAsync($"POST /order HTTP/1.1\r\nHost: a\r\n{Type}\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
            Assert.Equal((400, "close"), (response.Status, response["Connection"]));
        }
    }

    [Fact]
    public async Task Depth_duplicates_and_what_is_required_are_the_metadatas_to_decide()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("2 ", (await client.RequestAsync(Encoding.Latin1.GetString(Post("/order", "{\"id\":1,\"id\":2}")))).Text);
        Assert.Equal(400, (await client.RequestAsync(Encoding.Latin1.GetString(Post("/strict", "{\"id\":1,\"id\":2}")))).Status);
        var unknown = await client.RequestAsync(Encoding.Latin1.GetString(Post("/strict", "{\"id\":1,\"evil\":2}")));
        Assert.Matches("^400 Bad Request: The JSON body is malformed or does not fit at \\$(\\.\\*)?, line 1, byte [0-9]+\\.\n$", unknown.Text);
        Assert.Equal("1 ", (await client.RequestAsync(Encoding.Latin1.GetString(Post("/strict", "{\"id\":1}")))).Text);
        var deep = await client.RequestAsync(Encoding.Latin1.GetString(Post("/order", "{\"other\":" + new string('[', 100) + new string(']', 100) + "}")));
        Assert.Equal(400, deep.Status);
        Assert.Equal("null", (await client.RequestAsync(Encoding.Latin1.GetString(Post("/number", "null")))).Text);
        Assert.Equal("5", (await client.RequestAsync(Encoding.Latin1.GetString(Post("/number", "5")))).Text);
    }

    [Fact]
    public async Task A_value_is_written_by_the_options_of_its_metadata()
    {
        var relaxed = new TestJson(new JsonSerializerOptions
        {
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            WriteIndented = true,
            NewLine = "\n",
            IndentSize = 1,
        });
        await using var server = await StartAsync(map: server =>
        {
            server.MapGet("/a", static (_, response) => response.WriteJson(new Order { Id = 1, Name = "é" }, TestJson.Default.Order));
            server.MapGet("/b", (_, response) => response.WriteJson(new Order { Id = 1, Name = "é" }, relaxed.Order));
            server.MapGet("/c", static (_, response) =>
            {
                response.StatusCode = 422;
                response.ContentType = "application/problem+json";
                response.WriteJson(new Order { Id = 1 }, TestJson.Default.Order);
            });
        });
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 2; round++)
        {
            var response = await client.RequestAsync(TestClient.Get("/a"));
            Assert.Equal("{\"id\":1,\"name\":\"\\u00E9\",\"lines\":null,\"prices\":null}", response.Text);
            Assert.Equal("application/json", response["Content-Type"]);
            Assert.StartsWith("{\n \"Id\": 1,\n \"Name\": \"é\"", (await client.RequestAsync(TestClient.Get("/b"))).Text);
            response = await client.RequestAsync(TestClient.Get("/c"));
            Assert.Equal((422, "application/problem+json"), (response.Status, response["Content-Type"]));
        }
    }

    // A serializer that throws half way left its half in the answer that the handler wrote instead.
    [Theory]
    [InlineData("/fault")]
    [InlineData("/fault-async")]
    public async Task Nothing_is_left_of_a_value_that_cannot_be_written(string target)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get(target));
        Assert.Equal((200, "instead", "text/plain; charset=utf-8"), (response.Status, response.Text, response["Content-Type"]));
    }

    [Fact]
    public async Task A_small_value_has_its_length_and_a_large_one_goes_out_as_it_is_written()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var small = await client.RequestAsync(TestClient.Get("/lines?count=3"));
        Assert.Equal((small.Body.Length.ToString(), null), (small["Content-Length"], small["Transfer-Encoding"]));
        var large = await client.RequestAsync(TestClient.Get("/lines?count=50000"));
        Assert.Equal((null, "chunked"), (large["Content-Length"], large["Transfer-Encoding"]));
        Assert.Equal(50_000, JsonSerializer.Deserialize(large.Body, TestJson.Default.Order)!.Lines!.Count);
        var head = await client.RequestAsync(TestClient.Get("/lines?count=50000").Replace("GET", "HEAD"), isHead: true);
        Assert.Equal((200, "application/json"), (head.Status, head["Content-Type"]));
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/lines?count=1"))).Status);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_writing()
    {
        Assert.SkipWhen(transport == "memory", "Over memory nobody notices.");
        var ended = new TaskCompletionSource<Exception?>();
        await using var server = await StartAsync(map: server => server.MapGet("/endless", async (_, response) =>
        {
            try
            {
                await response.WriteJsonAsync(new Order { Lines = [.. Enumerable.Repeat(new OrderLine { Price = 1 }, 5_000_000)] }, TestJson.Default.Order);
                ended.SetResult(null);
            }
            catch (Exception exception)
            {
                ended.SetResult(exception);
                throw;
            }
        }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/endless"));
        await client.ReadHeadAsync();
        await client.ResetAsync();
        Assert.IsType<OperationCanceledException>(await ended.Task.WaitAsync(TestClient.Patience), exactMatch: false);
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "it counts as aborted");
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    private static byte[] Post(string target, string json)
    {
        var body = Encoding.UTF8.GetBytes(json);
        return [.. Encoding.ASCII.GetBytes($"POST {target} HTTP/1.1\r\nHost: a\r\n{Type}\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null, Action<HttpServer>? map = null) =>
        TestServer.StartAsync(transport, map ?? Map, configure);

    private static void Map(HttpServer server)
    {
        var strict = new TestJson(new JsonSerializerOptions(JsonSerializerOptions.Strict));
        server.MapPost("/order", async (request, response) => Write(response, await request.ReadJsonAsync(TestJson.Default.Order)));
        server.MapPost("/inline", async (request, response) => Write(response, await request.ReadJsonAsync(TestJson.Default.Order)), Dispatch.Inline);
        server.MapPost("/small", async (request, response) => Write(response, await request.ReadJsonAsync(TestJson.Default.Order, maxBytes: 64)));
        server.MapPost("/strict", async (request, response) => Write(response, await request.ReadJsonAsync(strict.StrictOrder)));
        server.MapPost("/number", async (request, response) =>
            response.WriteText((await request.ReadJsonAsync(TestJson.Default.NullableInt32))?.ToString() ?? "null"));
        server.MapGet("/fault", static (_, response) =>
        {
            Assert.Throws<InvalidOperationException>(() => response.WriteJson(new FaultyOrder(), TestJson.Default.FaultyOrder));
            response.WriteText("instead");
        });
        server.MapGet("/fault-async", static async (_, response) =>
        {
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await response.WriteJsonAsync(new FaultyOrder(), TestJson.Default.FaultyOrder));
            response.WriteText("instead");
        });
        server.MapGet("/lines", static async (request, response) => await response.WriteJsonAsync(
            new Order { Lines = [.. Enumerable.Range(0, request.Query.Get<int>("count")).Select(static price => new OrderLine { Price = price })] },
            TestJson.Default.Order));
    }

    private static void Write(HttpResponse response, Order order) => response.WriteText($"{order.Id} {order.Name}");

    private static void Write(HttpResponse response, StrictOrder order) => response.WriteText($"{order.Id} {order.Name}");
}
