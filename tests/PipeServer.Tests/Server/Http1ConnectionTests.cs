using System.Buffers;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>The request loop as a client sees it. One suite, unchanged over each transport.</summary>
public abstract partial class Http1ConnectionTests(string transport)
{
    [Fact]
    public async Task A_request_is_answered_and_the_connection_kept()
    {
        await using var server = await StartAsync(static server => server.MapGet("/hello/{name}", static (request, response) =>
            response.WriteText($"Hello, {request.RouteValues["name"]} {request.Query["q"]}!")));
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            var response = await client.RequestAsync(TestClient.Get("/hello/W%C3%B6rld?q=a+b%21"));
            Assert.Equal("HTTP/1.1 200 OK", response.StatusLine);
            Assert.Equal("Hello, Wörld a b!!", response.Text);
            Assert.Equal("text/plain; charset=utf-8", response["Content-Type"]);
            Assert.Equal("PipeServer", response["Server"]);
            Assert.Null(response["Connection"]);
            Assert.Matches("^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$", response["Date"]);
        }
    }

    // It was a 400: what is no text could not be asked for. An overlong slash separates nothing, whoever looks at it.
    [Theory]
    [InlineData("/one/a%ffb", "a%FFb | /one/a%FFb | /one/a%FFb | 2F6F6E652F61FF62")]
    [InlineData("/one/a%c0%afb", "a%C0%AFb | /one/a%C0%AFb | /one/a%C0%AFb | 2F6F6E652F61C0AF62")]
    [InlineData("/one/a%2f%20%c3%b6%25ff", "a/ ö%ff | /one/a%2F ö%ff | /one/a%2F%20%C3%B6%25ff | 2F6F6E652F610020C3B6256666")]
    [InlineData("/one/../one/%E9", "%E9 | /one/%E9 | /one/%E9 | 2F6F6E652FE9")]
    public async Task A_path_may_be_bytes_that_are_no_text(string target, string seen)
    {
        await using var server = await StartAsync(static server => server.MapGet("/one/{name}", static (request, response) => response.WriteText(
            $"{request.RouteValues["name"]} | {request.Path} | {request.RawPath} | {Convert.ToHexString(request.PathBytes)}")));
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get(target));
        Assert.Equal((200, seen), (response.Status, response.Text));
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order_whatever_their_dispatch()
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        var batch = new StringBuilder();
        for (var i = 0; i < 60; i++)
        {
            batch.Append((i % 4) switch
            {
                0 => TestClient.Get($"/inline/{i}"),
                1 => TestClient.Get($"/worker/{i}"),
                2 => $"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{i:00}",
                _ => $"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{i / 10}\r\n1;x\r\n{i % 10}\r\n0\r\nT: t\r\n\r\n",
            });
        }

        await client.SendAsync(batch.ToString());
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal(i.ToString("00"), int.Parse((await client.ReadResponseAsync()).Text).ToString("00"));
        }

        await Eventually.TrueAsync(() => server.Server.Requests is { Received: 60, Completed: 60 }, "sixty requests are completed");
    }

    // The same bytes, cut in two at every point: the answers must not depend on how they arrive.
    [Fact]
    public async Task A_pipelined_batch_is_understood_at_every_split_point()
    {
        const string Batch = "GET /inline/1 HTTP/1.1\r\nHost: a\r\n\r\n"
            + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
            + "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"
            + "GET /worker/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        await using var server = await StartAsync(MapEverything);
        for (var split = 1; split < Batch.Length; split++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(Batch[..split]);
            await Task.Yield();
            await client.SendAsync(Batch[split..]);
            Assert.Equal("1", (await client.ReadResponseAsync()).Text);
            Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
            Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
            Assert.Equal("2", (await client.ReadResponseAsync()).Text);
            Assert.True(await client.IsClosedAsync());
        }
    }

    [Fact]
    public async Task A_request_byte_by_byte_is_answered_once()
    {
        await using var server = await StartAsync(MapEverything);
        for (var round = 0; round < 20; round++)
        {
            await using var client = await server.ConnectAsync();
            foreach (var value in "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            {
                await client.SendAsync(value.ToString());
            }

            Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
            Assert.Equal("1", (await client.RequestAsync(TestClient.Get("/inline/1"))).Text);
        }
    }

    // What came before is answered, then the refusal, then the end; what follows is not looked at.
    [Fact]
    public async Task An_invalid_head_is_counted_as_refused()
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/inline/1") + "GET / HTTP/1.1\r\n\r\n" + TestClient.Get("/inline/2"));
        Assert.Equal("1", (await client.ReadResponseAsync()).Text);
        var response = await client.ReadResponseAsync();
        Assert.Equal("400 Bad Request: an HTTP/1.1 request needs a Host header.\n", response.Text);
        Assert.True(await client.IsClosedAsync());
        await Eventually.TrueAsync(() => server.Server.Requests is { Received: 2, Completed: 1, Refused: 1 }, "one completed, one refused");
    }

    // A fallback answers paths that no route has; it does not make the server know methods that nobody has mapped.
    [Theory]
    [InlineData(false, "PROPFIND /dav", 207)]
    [InlineData(false, "PROPFIND /page", 405)]
    [InlineData(false, "PROPFIND /nowhere", 404)]
    [InlineData(false, "GET /dav", 405)]
    [InlineData(false, "QUERY /page", 501)]
    [InlineData(false, "propfind /dav", 501)]
    [InlineData(true, "PROPFIND /page", 405)]
    [InlineData(true, "PROPFIND /nowhere", 200)]
    [InlineData(true, "QUERY /nowhere", 501)]
    [InlineData(true, "QUERY /page", 501)]
    public async Task Any_well_formed_method_can_be_mapped(bool hasFallback, string request, int status)
    {
        await using var server = await StartAsync(server =>
        {
            server.Map("PROPFIND", "/dav", static (_, response) => response.StatusCode = 207);
            server.MapGet("/page", static (_, response) => response.WriteText("page"));
            if (hasFallback)
            {
                server.MapFallback(static (request, response) => response.WriteText(request.Method));
            }
        });
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync($"{request} HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(status, response.Status);
        Assert.Equal(request == "GET /dav" ? "PROPFIND, OPTIONS" : request.EndsWith("/page") && status == 405 ? "GET, HEAD, OPTIONS" : null, response["Allow"]);
    }

    [Theory]
    [InlineData("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404, null)]
    [InlineData("PUT /inline/1 HTTP/1.1\r\nHost: a\r\n\r\n", 405, "GET, HEAD, OPTIONS")]
    [InlineData("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", 405, "POST, OPTIONS")]
    [InlineData("TRACE /inline/1 HTTP/1.1\r\nHost: a\r\n\r\n", 405, "GET, HEAD, OPTIONS")]
    [InlineData("OPTIONS /inline/1 HTTP/1.1\r\nHost: a\r\n\r\n", 204, "GET, HEAD, OPTIONS")]
    [InlineData("OPTIONS /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404, null)]
    [InlineData("FROB /inline/1 HTTP/1.1\r\nHost: a\r\n\r\n", 501, null)]
    [InlineData("get /inline/1 HTTP/1.1\r\nHost: a\r\n\r\n", 501, null)]
    [InlineData("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, null)]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, null)]
    [InlineData("GET /../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 400, null)]
    [InlineData("GET /inline/1 HTTP/1.1\r\nHost: a\r\nExpect: beer\r\n\r\n", 417, null)]
    [InlineData("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n", 500, null)]
    [InlineData("GET /throws-async HTTP/1.1\r\nHost: a\r\n\r\n", 500, null)]
    public async Task What_cannot_be_served_is_refused_and_the_connection_kept(string request, int status, string? allow)
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(request);
        Assert.Equal(status, response.Status);
        Assert.Equal(allow, response["Allow"]);
        Assert.Null(response["Connection"]);
        Assert.Equal(status == 204, response["Content-Length"] is null);
        Assert.Equal("1", (await client.RequestAsync(TestClient.Get("/inline/1"))).Text);
        Assert.Equal(status == 500 ? 1 : 0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Fact]
    public async Task Options_for_the_whole_server_tells_all_methods()
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(204, response.Status);
        Assert.Null(response["Content-Length"]);
        Assert.Contains("POST", response["Allow"]);
        Assert.Contains("GET", response["Allow"]);
    }

    // RFC 9110 §9.3.2: HEAD gets exactly GET's fields, on errors too.
    [Theory]
    [InlineData("/inline/1")]
    [InlineData("/nothing")]
    [InlineData("/throws")]
    [InlineData("/stream")]
    [InlineData("/length")]
    public async Task Head_has_the_fields_of_get_and_no_body(string target)
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        var get = await client.RequestAsync(TestClient.Get(target));
        var head = await client.RequestAsync($"HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n", isHead: true);
        Assert.Equal(get.Status, head.Status);
        Assert.Equal(get.Headers.Where(static header => header.Name != "Date"), head.Headers.Where(static header => header.Name != "Date"));
        Assert.Equal("1", (await client.RequestAsync(TestClient.Get("/inline/1"))).Text);
    }

    [Fact]
    public async Task Http_1_0_closes_unless_asked_to_keep_alive_and_gets_no_chunks()
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        var kept = await client.RequestAsync("GET /inline/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        Assert.Equal("keep-alive", kept["Connection"]);
        var streamed = await client.RequestAsync("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        Assert.Null(streamed["Transfer-Encoding"]);
        Assert.Equal("close", streamed["Connection"]);
        Assert.Equal("onetwo", streamed.Text);
        await using var another = await server.ConnectAsync();
        Assert.Equal("close", (await another.RequestAsync("GET /inline/1 HTTP/1.0\r\n\r\n"))["Connection"]);
        Assert.True(await another.IsClosedAsync());
    }

    [Fact]
    public async Task A_close_that_is_asked_for_is_echoed_and_done()
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/worker/1", "Connection: foo, Close") + TestClient.Get("/worker/2"));
        var response = await client.ReadResponseAsync();
        Assert.Equal("close", response["Connection"]);
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_handler_that_flushes_streams_in_chunks()
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/stream"));
        Assert.Equal("chunked", response["Transfer-Encoding"]);
        Assert.Equal("onetwo", response.Text);
        response = await client.RequestAsync(TestClient.Get("/length"));
        Assert.Equal("5", response["Content-Length"]);
        Assert.Equal("hello", response.Text);
    }

    [Fact]
    public async Task Json_is_written_by_its_type_info()
    {
        await using var server = await StartAsync(static server => server.MapGet("/", static (_, response) =>
            response.WriteJson(new Point(1, 2), PointJson.Default.Point)));
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            var response = await client.RequestAsync(TestClient.Get("/"));
            Assert.Equal("application/json", response["Content-Type"]);
            Assert.Equal("""{"X":1,"Y":2}""", response.Text);
        }
    }

    [Fact]
    public async Task Expect_100_is_sent_only_when_the_handler_reads()
    {
        await using var server = await StartAsync(MapEverything);
        await using (var client = await server.ConnectAsync())
        {
            await client.SendAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
            Assert.Equal("HTTP/1.1 100 Continue", await client.ReadLineAsync());
            Assert.Equal("", await client.ReadLineAsync());
            await client.SendAsync("abc");
            Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
            Assert.Equal("1", (await client.RequestAsync(TestClient.Get("/inline/1"))).Text);
        }

        await using (var client = await server.ConnectAsync())
        {
            // No 100, so nobody can know whether the body will come: the connection ends.
            var response = await client.RequestAsync("POST /ignores HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
            Assert.Equal("ignored", response.Text);
            Assert.Equal("close", response["Connection"]);
            Assert.True(await client.IsClosedAsync());
        }

        await using (var client = await server.ConnectAsync())
        {
            // The body came along: nobody waits for a 100.
            await client.SendAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
            Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
        }
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nhello")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    public async Task A_body_that_its_handler_ignores_is_skipped_exactly(string rest)
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        foreach (var method in new[] { "POST /ignores", "GET /inline/1", "GET /nothing", "PUT /echo", "GET /%zz", "FROB /x" })
        {
            await client.SendAsync($"{method} HTTP/1.1\r\nHost: a\r\n{rest}" + TestClient.Get("/inline/7"));
            await client.ReadResponseAsync();
            Assert.Equal("7", (await client.ReadResponseAsync()).Text);
        }
    }

    // A response that was started by its Content-Length was out before anybody had looked at the body.
    [Theory]
    [InlineData("GET /length", "zz\r\n", 400)]
    [InlineData("GET /length", "1\r\nx\r\n0\r\nbad trailer\r\n\r\n", 400)]
    [InlineData("GET /length", "7FFFFFFF\r\n", 413)]
    [InlineData("POST /ignores", "zz\r\n", 400)]
    [InlineData("GET /nothing", "zz\r\n", 400)]
    [InlineData("PUT /echo", "zz\r\n", 400)]
    public async Task A_malformed_body_is_refused_even_where_nobody_reads_it(string start, string body, int status)
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync($"{start} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}" + TestClient.Get("/inline/1"));
        Assert.Equal(status, response.Status);
        Assert.Equal("close", response["Connection"]);
        Assert.True(await client.IsClosedAsync());
    }

    // 64 KiB are discarded, to the byte, and what is longer is said to end the connection. Chunked bodies got that much twice.
    [Theory]
    [InlineData("GET /inline/1", 65_536, false)]
    [InlineData("GET /inline/1", 65_537, true)]
    [InlineData("GET /length", 65_536, false)]
    [InlineData("GET /length", 65_537, true)]
    public async Task An_unread_body_is_discarded_up_to_its_limit(string start, int length, bool closes)
    {
        await using var server = await StartAsync(MapEverything);
        foreach (var isChunked in new[] { true, false })
        {
            await using var client = await server.ConnectAsync();
            var body = new string('x', length);
            var sending = client.SendAsync(isChunked
                ? $"{start} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n" + TestClient.Get("/inline/7")
                : $"{start} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}" + TestClient.Get("/inline/7"));
            var response = await client.ReadResponseAsync();
            Assert.Equal(200, response.Status);
            if (closes)
            {
                // A chunked one may turn out too long only behind the answer.
                Assert.True(isChunked || response["Connection"] == "close");
                Assert.True(await client.IsClosedAsync());
            }
            else
            {
                Assert.Null(response["Connection"]);
                Assert.Equal("7", (await client.ReadResponseAsync()).Text);
            }

            await sending;
        }
    }

    // Answers to pipelined requests with bodies piled up without an end: only those without were flushed at a limit.
    [Fact]
    public async Task Pipelined_requests_with_bodies_whose_answers_nobody_reads_are_not_read_for_ever()
    {
        var large = new string('y', 20_000);
        await using var server = await StartAsync(server => server.MapPost("/", (_, response) => response.WriteText(large), Dispatch.Inline));
        await using var client = await server.ConnectAsync();
        var batch = string.Concat(Enumerable.Repeat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 2000));
        var sending = client.SendAsync(batch);
        await Task.Delay(500);
        // 40 MB of answers, of which the system and 64 KiB of ours hold a few.
        Assert.InRange(server.Server.Requests.Received, 1, 1000);
        for (var i = 0; i < 2000; i++)
        {
            Assert.Equal(20_000, (await client.ReadResponseAsync()).Body.Length);
        }

        await sending;
    }

    [Fact]
    public async Task A_large_body_that_its_handler_ignores_ends_the_connection_after_the_response()
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        await client.SendAsync("POST /ignores HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
        var sending = client.SendAsync(new byte[1_000_000]);
        var response = await client.ReadResponseAsync();
        Assert.Equal("ignored", response.Text);
        Assert.Equal("close", response["Connection"]);
        await sending;
        Assert.True(await client.IsClosedAsync());
    }

    [Theory]
    [InlineData("Content-Length: 1001\r\n\r\n", 413)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3e9\r\n", 413)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nx\r\n", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX", 400)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n", 400)]
    public async Task A_body_that_is_too_large_or_malformed_gets_its_status_and_ends_the_connection(string rest, int status)
    {
        await using var server = await StartAsync(MapEverything, static options => options.MaxRequestBodyBytes = 1000);
        await using var client = await server.ConnectAsync();
        await client.SendAsync($"POST /echo-whole HTTP/1.1\r\nHost: a\r\n{rest}");
        if (status == 413 && rest.Contains("3e9"))
        {
            await client.SendAsync(new byte[1001]);
        }

        var response = await client.ReadResponseAsync();
        Assert.Equal(status, response.Status);
        Assert.Equal("close", response["Connection"]);
        Assert.True(await client.IsClosedAsync());
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Theory]
    [InlineData("Content-Length: 1000\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3e8\r\n")]
    public async Task A_body_at_the_limit_passes(string rest)
    {
        await using var server = await StartAsync(MapEverything, static options => options.MaxRequestBodyBytes = 1000);
        await using var client = await server.ConnectAsync();
        await client.SendAsync($"POST /echo-whole HTTP/1.1\r\nHost: a\r\n{rest}{new string('x', 1000)}{(rest.Contains("3e8") ? "\r\n0\r\n\r\n" : "")}");
        Assert.Equal(1000, (await client.ReadResponseAsync()).Body.Length);
    }

    // A handler must never take a part of a body for the whole.
    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nhello")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n")]
    public async Task A_body_that_ends_early_never_reaches_the_handler_as_whole(string rest)
    {
        var seen = new TaskCompletionSource<string>();
        await using var server = await StartAsync(server => server.MapPost("/", async (request, response) =>
        {
            try
            {
                using var reader = new StreamReader(request.Body.AsStream());
                seen.SetResult("whole: " + await reader.ReadToEndAsync());
            }
            catch (BadHttpRequestException exception)
            {
                seen.SetResult(exception.Message);
                throw;
            }
        }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{rest}");
        client.ShutdownSend();
        Assert.StartsWith("The request cannot be read to its end", await seen.Task.WaitAsync(TestClient.Patience));
        Assert.Equal(400, (await client.ReadResponseAsync()).Status);
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_client_that_half_closes_after_its_request_is_answered()
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/worker/1") + TestClient.Get("/inline/2"));
        client.ShutdownSend();
        Assert.Equal("1", (await client.ReadResponseAsync()).Text);
        Assert.Equal("2", (await client.ReadResponseAsync()).Text);
        Assert.True(await client.IsClosedAsync());
    }

    [Theory]
    [InlineData("/throws-after-flush")]
    [InlineData("/too-short")]
    [InlineData("/too-short-unflushed")]
    [InlineData("/too-long")]
    [InlineData("/completes-with-fault")]
    public async Task A_response_that_cannot_be_ended_aborts_the_connection_and_is_logged_once(string target)
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(target));
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await client.ReadResponseAsync();
            await client.ReadToEndAsync();
        });
        await Eventually.TrueAsync(() => server.Server.Connections is { Accepted: 1, Aborted: 1 }, "the connection is aborted");
        Assert.Equal(1, server.Server.Requests.Aborted);
        Assert.Equal(1, server.Log.CountFrom(LogLevel.Warning));
        await using var another = await server.ConnectAsync();
        Assert.Equal("1", (await another.RequestAsync(TestClient.Get("/inline/1"))).Text);
    }

    [Fact]
    public async Task A_body_where_the_status_has_none_is_a_fault_of_the_handler()
    {
        await using var server = await StartAsync(static server => server.MapGet("/{status}", static (request, response) =>
        {
            response.StatusCode = int.Parse(request.RouteValues["status"]);
            response.WriteText("body");
        }));
        await using var client = await server.ConnectAsync();
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get("/204"))).Status);
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get("/304"))).Status);
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get("/100"))).Status);
        Assert.Equal(299, (await client.RequestAsync(TestClient.Get("/299"))).Status);
    }

    [Fact]
    public async Task A_full_queue_is_answered_503_at_once_and_inline_routes_go_on()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(server =>
        {
            server.MapGet("/blocks", (_, response) =>
            {
                gate.Wait();
                response.WriteText("done");
            });
            server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
        }, static options => (options.Workers, options.QueueCapacity) = (1, 1));
        var clients = new List<TestClient>();
        for (var i = 0; i < 2; i++)
        {
            clients.Add(await server.ConnectAsync());
            await clients[i].SendAsync(TestClient.Get("/blocks"));
            // The first one in the worker's hands and out of the queue, or the second one would be refused.
            var pool = server.Server.Workers;
            await Eventually.TrueAsync(() => pool.Busy == 1 && pool.Queued == i, "the worker has the first, the queue the second");
        }

        await using var refused = await server.ConnectAsync();
        var response = await refused.RequestAsync(TestClient.Get("/blocks"));
        Assert.Equal(503, response.Status);
        Assert.Equal("1", response["Retry-After"]);
        Assert.Equal("close", response["Connection"]);
        Assert.True(await refused.IsClosedAsync());
        await using var inline = await server.ConnectAsync();
        Assert.Equal("inline", (await inline.RequestAsync(TestClient.Get("/inline"))).Text);
        gate.Set();
        foreach (var client in clients)
        {
            Assert.Equal("done", (await client.ReadResponseAsync()).Text);
            await client.DisposeAsync();
        }

        await Eventually.TrueAsync(() => server.Server.Requests.Refused == 1, "it is counted");
    }

    [Fact]
    public async Task Idle_and_slow_clients_hold_no_worker()
    {
        await using var server = await StartAsync(MapEverything, static options => options.Workers = 1);
        var idle = new List<TestClient>();
        for (var i = 0; i < 50; i++)
        {
            idle.Add(await server.ConnectAsync());
            if (i % 2 == 0)
            {
                await idle[i].SendAsync("GET /worker/1 HTTP/1.1\r\nHo");
            }
            else
            {
                Assert.Equal("1", (await idle[i].RequestAsync(TestClient.Get("/worker/1"))).Text);
            }
        }

        await using var client = await server.ConnectAsync();
        Assert.Equal("1", (await client.RequestAsync(TestClient.Get("/worker/1"))).Text);
        Assert.Equal(51, server.Server.Connections.Accepted);
        Assert.Equal(0, server.Server.Workers.Queued);
        foreach (var other in idle)
        {
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_async_handler_frees_its_worker_at_its_await()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(server =>
        {
            server.MapGet("/waits", async (_, response) =>
            {
                await gate.Task;
                response.WriteText("at last");
            });
            MapEverything(server);
        }, static options => options.Workers = 1);
        await using var waiting = await server.ConnectAsync();
        await waiting.SendAsync(TestClient.Get("/waits"));
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "the request is in its handler");
        await using var client = await server.ConnectAsync();
        Assert.Equal("1", (await client.RequestAsync(TestClient.Get("/worker/1"))).Text);
        gate.SetResult();
        Assert.Equal("at last", (await waiting.ReadResponseAsync()).Text);
    }

    // Handlers on workers may block. One that went on on the transport's thread after a wait, and blocked there on its next
    // flush, waited for the very thread that it held up.
    [Fact]
    public async Task A_worker_handler_may_block_after_waiting_for_its_client()
    {
        var chunk = new byte[64 * 1024];
        await using var server = await StartAsync(server => server.MapPost("/", async (request, response) =>
        {
            var read = await request.Body.ReadAsync();
            request.Body.AdvanceTo(read.Buffer.End);
            response.ContentLength = 100L * chunk.Length;
            for (var i = 0; i < 100; i++)
            {
                response.Body.Write(chunk);
                var flush = response.Body.FlushAsync();
                if (i % 2 == 0)
                {
                    await flush;
                }
                else
                {
                    flush.AsTask().GetAwaiter().GetResult();
                }
            }
        }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "the handler waits for the body");
        await client.SendAsync("x");
        Assert.Equal(100 * chunk.Length, (await client.ReadResponseAsync()).Body.Length);
    }

    // Every worker blocks on a body that has not come yet: what tells them of it must not need a worker.
    [Fact]
    public async Task As_many_handlers_as_workers_may_block_on_their_bodies()
    {
        await using var server = await StartAsync(static server => server.MapPost("/", static (request, response) =>
        {
            using var reader = new StreamReader(request.Body.AsStream());
            response.WriteText(reader.ReadToEnd());
        }));
        var clients = new List<TestClient>();
        for (var i = 0; i < 2; i++)
        {
            clients.Add(await server.ConnectAsync());
            await clients[i].SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
        }

        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 2, "both workers are blocked");
        foreach (var part in new[] { "bo", "dy" })
        {
            foreach (var client in clients)
            {
                await client.SendAsync(part);
            }
        }

        foreach (var client in clients)
        {
            Assert.Equal("body", (await client.ReadResponseAsync()).Text);
            await client.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("Content-Length")]
    [InlineData("chunked")]
    public async Task Ten_megabytes_echo_in_both_framings(string framing)
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        var body = new byte[10_000_000];
        new Random(3).NextBytes(body);
        var receiving = Task.CompletedTask;
        if (framing == "chunked")
        {
            await client.SendAsync("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            receiving = ReceiveAsync();
            for (var offset = 0; offset < body.Length; offset += 100_000)
            {
                await client.SendAsync("186a0\r\n");
                await client.SendAsync(body.AsMemory(offset, 100_000));
                await client.SendAsync("\r\n");
            }

            await client.SendAsync("0\r\n\r\n");
        }
        else
        {
            await client.SendAsync($"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n");
            receiving = ReceiveAsync();
            await client.SendAsync(body);
        }

        await receiving;

        async Task ReceiveAsync()
        {
            var response = await client.ReadResponseAsync();
            Assert.True(body.AsSpan().SequenceEqual(response.Body));
            // A handler that answers while it reads was taken for one that leaves most of its body unread.
            Assert.Null(response["Connection"]);
        }
    }

    private protected Task<TestServer> StartAsync(Action<HttpServer> map, Action<HttpServerOptions>? configure = null) =>
        TestServer.StartAsync(transport, map, configure);

    private protected static void MapEverything(HttpServer server)
    {
        server.MapGet("/inline/{n}", static (request, response) => response.WriteText(request.RouteValues["n"]), Dispatch.Inline);
        server.MapGet("/worker/{n}", static (request, response) => response.WriteText(request.RouteValues["n"]));
        server.MapPost("/echo", static (request, response) => request.Body.CopyToAsync(response.Body));
        server.MapPost("/echo-whole", static async (request, response) =>
        {
            using var all = new MemoryStream();
            await request.Body.CopyToAsync(all);
            response.WriteBytes(all.ToArray());
        });
        server.MapPost("/ignores", static (_, response) => response.WriteText("ignored"));
        server.MapGet("/throws", static void (_, _) => throw new FormatException("a handler's fault"));
        server.MapGet("/throws-async", static async (_, _) =>
        {
            await Task.Yield();
            throw new FormatException("a handler's fault");
        });
        server.MapGet("/stream", static async (_, response) =>
        {
            response.Body.Write("one"u8);
            await response.Body.FlushAsync();
            Assert.Throws<InvalidOperationException>(() => response.StatusCode = 404);
            Assert.Throws<InvalidOperationException>(() => response.Headers["X"] = "y");
            response.Body.Write("two"u8);
        });
        server.MapGet("/length", static (_, response) =>
        {
            response.ContentLength = 5;
            response.WriteText("hello");
        });
        server.MapGet("/throws-after-flush", static async (_, response) =>
        {
            response.Body.Write("one"u8);
            await response.Body.FlushAsync();
            throw new FormatException("a handler's fault");
        });
        server.MapGet("/too-short", static async (_, response) =>
        {
            response.ContentLength = 10;
            response.Body.Write("short"u8);
            await response.Body.FlushAsync();
        });
        server.MapGet("/too-short-unflushed", static (_, response) => response.ContentLength = 10);
        server.MapGet("/too-long", static (_, response) =>
        {
            response.ContentLength = 3;
            response.WriteText("longer");
        });
        server.MapGet("/completes-with-fault", static async (_, response) =>
        {
            response.Body.Write("one"u8);
            await response.Body.FlushAsync();
            await response.Body.CompleteAsync(new FormatException("a handler's fault"));
        });
    }

    internal sealed record Point(int X, int Y);

    [JsonSerializable(typeof(Point))]
    internal sealed partial class PointJson : JsonSerializerContext;
}
