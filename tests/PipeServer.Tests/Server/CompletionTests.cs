using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>
/// <see cref="HttpServerOptions.OnCompleted"/>: each request once, whatever becomes of it, with figures that are true. One suite, unchanged over
/// each transport.
/// </summary>
public abstract class CompletionTests(string transport)
{
    private const string Lines = "GET / HTTP/1.1\r\nHost: a\r\n";

    private readonly ConcurrentQueue<Seen> _seen = [];

    [Fact]
    public async Task An_answer_is_told_with_its_request_and_its_figures()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/inline?q=1"));
        await client.RequestAsync(TestClient.Get("/worker"));
        await client.RequestAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345");
        await client.RequestAsync("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        await client.RequestAsync("HEAD /inline HTTP/1.1\r\nHost: a\r\n\r\n", isHead: true);
        await client.RequestAsync(TestClient.Get("/stream"));
        await client.RequestAsync(TestClient.Get("/prepared"));
        await client.RequestAsync("HEAD /prepared HTTP/1.1\r\nHost: a\r\n\r\n", isHead: true);
        var nowhere = await client.RequestAsync(TestClient.Get("/nowhere"));
        var put = await client.RequestAsync("PUT /inline HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.RequestAsync("OPTIONS /inline HTTP/1.1\r\nHost: a\r\n\r\n");
        await ExpectAsync(
            "GET /inline?q=1 HTTP/1.1|GET|200|Answered||0|6",
            "GET /worker HTTP/1.1|GET|200|Answered||0|6",
            "POST /echo HTTP/1.1|POST|200|Answered||5|5",
            "POST /echo HTTP/1.1|POST|200|Answered||3|3",
            "HEAD /inline HTTP/1.1|HEAD|200|Answered||0|0",
            "GET /stream HTTP/1.1|GET|200|Answered||0|12",
            "GET /prepared HTTP/1.1|GET|203|Answered||0|8",
            "HEAD /prepared HTTP/1.1|HEAD|203|Answered||0|0",
            $"GET /nowhere HTTP/1.1|GET|404|Answered||0|{nowhere.Body.Length}",
            $"PUT /inline HTTP/1.1|PUT|405|Answered||0|{put.Body.Length}",
            "OPTIONS /inline HTTP/1.1|OPTIONS|204|Answered||0|0");
        var seen = _seen.ToArray();
        Assert.Null(seen[0].Worker);
        Assert.InRange(seen[1].Worker!.Value, 0, 1);
        Assert.Equal(TimeSpan.Zero, seen[0].QueueWait);
        Assert.All(seen, static one => Assert.True(one.Duration > TimeSpan.Zero && one.Duration < TestClient.Patience && one.QueueWait <= one.Duration));
        Assert.True(seen[1].QueueWait > TimeSpan.Zero);
        if (transport != "memory")
        {
            Assert.All(seen, one => Assert.Equal(client.LocalEndPoint, one.Client));
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1||400|Refused|an HTTP/1.1 request needs a Host header|0|")]
    [InlineData("\r\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1||400|Refused|an HTTP/1.1 request needs a Host header|0|")]
    [InlineData("GET /a b HTTP/1.1\r\n\r\n", "GET /a b HTTP/1.1||400|Refused|the HTTP version is malformed|0|")]
    [InlineData("\x16\x03\x01\x02garbage", "\x16\x03\x01\x02garbage||400|Refused|the method is not a token of at most 32 bytes|0|")]
    [InlineData("\x16\x03\rx\n", "\x16\x03||400|Refused|the method is not a token of at most 32 bytes|0|")]
    [InlineData("GET / HTTP/2.0\r\n\r\n", "GET / HTTP/2.0||505|Refused|only HTTP/1.0 and HTTP/1.1 are spoken here|0|")]
    [InlineData(Lines + "A b\r\n\r\n", "GET / HTTP/1.1||400|Refused|a header line has no colon|0|")]
    [InlineData(Lines + "Content-Length: 99999999999\r\n\r\n", "GET / HTTP/1.1|GET|413|Refused|the body is larger than this server takes|0|")]
    [InlineData(Lines + "Expect: more\r\n\r\n", "GET / HTTP/1.1|GET|417|Refused|the only expectation known here is 100-continue|0|")]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%00 HTTP/1.1|GET|400|Refused|the target's percent-encoding is malformed or hides a forbidden character|0|")]
    [InlineData("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST /echo HTTP/1.1|POST|400|Refused|a chunk size is not 1 to 16 hexadecimal digits|0|")]
    public async Task A_refusal_is_told_with_its_reason_and_what_was_read(string bytes, string expected)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(bytes);
        await ExpectAsync(expected + response.Body.Length);
        Assert.Null(Assert.Single(_seen).Worker);
    }

    // The bug: the route of the request before it on the same thread, whose values are nonsense for this one.
    [Theory]
    [InlineData("/nowhere", 404)]
    [InlineData("/x", 417)]
    public async Task A_request_without_a_route_has_no_values_of_one(string path, int status)
    {
        var counts = new ConcurrentQueue<int>();
        await using var server = await TestServer.StartAsync(
            transport,
            static server => server.MapGet("/values/{id}", static (request, response) => response.WriteText(request.RouteValues["id"]), Dispatch.Inline),
            options => (options.Loops, options.OnCompleted) =
                (1, (in RequestCompletion completion) => counts.Enqueue(completion.Request!.RouteValues.Count)));
        await using var client = await server.ConnectAsync();
        Assert.Equal("7", (await client.RequestAsync(TestClient.Get("/values/7"))).Text);
        Assert.Equal(status, (await client.RequestAsync(TestClient.Get(path, status == 417 ? "Expect: more" : "A: b"))).Status);
        await Eventually.TrueAsync(() => counts.Count == 2, "both are told");
        Assert.Equal([1, 0], counts);
    }

    [Fact]
    public async Task A_head_that_does_not_come_is_told()
    {
        await using var server = await StartAsync(static options => options.RequestHeadTimeout = TimeSpan.FromMilliseconds(300));
        await using var client = await server.ConnectAsync();

        // The bytes of the request before lie where those of the late head are to come.
        await client.RequestAsync(TestClient.Get("/inline?secret"));
        var response = await client.RequestAsync("GET /late HTTP/1.1\r\nHost:");
        await ExpectAsync(
            "GET /inline?secret HTTP/1.1|GET|200|Answered||0|6",
            $"||408|Refused|the request head took too long to arrive|0|{response.Body.Length}");
    }

    [Fact]
    public async Task A_client_too_many_is_told()
    {
        await using var server = await StartAsync(static options => options.MaxConnections = 1);
        await using var first = await server.ConnectAsync();
        await first.RequestAsync(TestClient.Get("/inline"));
        await using var second = await server.ConnectAsync();
        Assert.Equal(503, (await second.ReadResponseAsync()).Status);
        await ExpectAsync("GET /inline HTTP/1.1|GET|200|Answered||0|6", "||503|Refused|there are too many connections; try again|0|0");
    }

    [Fact]
    public async Task A_request_without_a_worker_is_told()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(
            static options => (options.Workers, options.QueueCapacity) = (1, 1),
            server => server.MapGet("/blocks", (_, _) => gate.Wait(TestClient.Patience)));
        await using var running = await server.ConnectAsync();
        await running.SendAsync(TestClient.Get("/blocks"));
        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 1, "the worker is busy");
        await using var queued = await server.ConnectAsync();
        await queued.SendAsync(TestClient.Get("/blocks"));
        await Eventually.TrueAsync(() => server.Server.Workers.Queued == 1, "the queue is full");
        await using var refused = await server.ConnectAsync();
        var response = await refused.RequestAsync(TestClient.Get("/worker"));
        await ExpectAsync($"GET /worker HTTP/1.1|GET|503|Refused|all workers are busy and the queue is full; try again|0|{response.Body.Length}");
        gate.Set();
        await running.ReadResponseAsync();
        await queued.ReadResponseAsync();
    }

    [Fact]
    public async Task A_handlers_fault_is_told_with_its_exception()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/fault"));
        await ExpectAsync($"GET /fault HTTP/1.1|GET|500|Faulted|the handler failed|0|{response.Body.Length}");
        await client.SendAsync(TestClient.Get("/fault-late"));
        await Assert.ThrowsAnyAsync<IOException>(() => client.ReadResponseAsync());
        await ExpectAsync(
            $"GET /fault HTTP/1.1|GET|500|Faulted|the handler failed|0|{response.Body.Length}",
            "GET /fault-late HTTP/1.1|GET|200|Faulted|the handler failed|0|7");
        Assert.All(_seen, static one => Assert.Equal("On purpose.", one.Fault));
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 200)]
    public async Task A_client_that_leaves_is_told(bool hasBegun, int status)
    {
        Assert.SkipWhen(transport == "memory", "A connection in memory has no reset.");
        var left = new TaskCompletionSource();
        await using var server = await StartAsync(map: server => server.MapGet("/waits", async (request, response) =>
        {
            if (hasBegun)
            {
                response.Body.Write("1234"u8);
                await response.Body.FlushAsync();
            }

            using var registration = request.Aborted.Register(() => left.TrySetResult());
            await left.Task;
        }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/waits"));
        await Eventually.TrueAsync(() => server.Server.Requests.Received == 1, "the request is read");
        if (hasBegun)
        {
            await client.ReadHeadAsync();
        }

        await client.ResetAsync();
        await ExpectAsync($"GET /waits HTTP/1.1|GET|{status}|Aborted|the client left before its answer|0|{(hasBegun ? 4 : 0)}");
    }

    [Fact]
    public async Task Each_of_a_batch_is_told_once_and_in_order()
    {
        const int Requests = 50;
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(string.Concat(Enumerable.Range(0, Requests).Select(
            static i => i % 7 == 3
                ? $"POST /echo?{i} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
                : TestClient.Get($"{(i % 3 == 0 ? "/worker" : "/inline")}?{i}"))));
        for (var i = 0; i < Requests; i++)
        {
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }

        await Eventually.TrueAsync(() => _seen.Count == Requests, "all are told");
        Assert.Equal(Enumerable.Range(0, Requests), _seen.Select(static one => int.Parse(one.Text.Split('?', ' ')[2], null)));
    }

    [Fact]
    public async Task A_listener_that_throws_changes_no_answer_and_is_logged_once()
    {
        await using var server = await StartAsync(static options => options.OnCompleted = Throw);
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("inline", (await client.RequestAsync(TestClient.Get("/inline"))).Text);
            Assert.Equal("worker", (await client.RequestAsync(TestClient.Get("/worker"))).Text);
        }

        Assert.Single(server.Log.Entries, static entry => entry.Level == LogLevel.Error && entry.Exception?.Message == "On purpose.");
        Assert.Equal(6, server.Server.Requests.Received);
    }

    // What shows only when the response is ended was a 500 of the outcome Answered, without its exception.
    [Fact]
    public async Task A_broken_promise_that_shows_at_the_end_is_a_fault()
    {
        await using var server = await StartAsync(map: static server => server.MapGet("/broken", static (_, response) =>
        {
            response.StatusCode = 204;
            response.WriteText("a body");
        }));
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/broken"));
        await client.RequestAsync(TestClient.Get("/inline"));
        await ExpectAsync(
            $"GET /broken HTTP/1.1|GET|500|Faulted|the handler failed|0|{response.Body.Length}", "GET /inline HTTP/1.1|GET|200|Answered||0|6");
        Assert.Equal(["A response with status 204 has no body.", null], _seen.Select(static one => one.Fault));
    }

    private static void Throw(in RequestCompletion completion) => throw new InvalidOperationException("On purpose.");

    private async Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null, Action<HttpServer>? map = null) => await TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
            server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
            server.MapPost("/echo", static async (request, response) => await request.Body.CopyToAsync(response.Body), Dispatch.Inline);
            server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("On purpose."));
            server.MapGet("/prepared", (_, response) => response.Send(new PreparedResponse(203, [], "prepared"u8.ToArray())), Dispatch.Inline);
            server.MapGet("/stream", static async (_, response) =>
            {
                response.Body.Write("123456"u8);
                await response.Body.FlushAsync();
                response.Body.Write("123456"u8);
            });
            server.MapGet("/fault-late", static async (_, response) =>
            {
                response.Body.Write("1234567"u8);
                await response.Body.FlushAsync();
                throw new InvalidOperationException("On purpose.");
            });
            map?.Invoke(server);
        },
        options =>
        {
            options.OnCompleted = See;
            configure?.Invoke(options);
        });

    private void See(in RequestCompletion completion) => _seen.Enqueue(new Seen(
        $"{Encoding.Latin1.GetString(completion.RequestLine)}|{completion.Request?.Method}|{completion.StatusCode}|{completion.Outcome}|"
        + $"{completion.Reason}|{completion.BodyBytesReceived}|{completion.BodyBytesSent}",
        completion.Duration, completion.QueueWait, completion.Worker, completion.RemoteEndPoint, completion.Exception?.Message));

    private async Task ExpectAsync(params string[] expected)
    {
        await Eventually.TrueAsync(() => _seen.Count >= expected.Length, "all are told");
        Assert.Equal(expected, _seen.Select(static one => one.Text));
    }

    private sealed record Seen(string Text, TimeSpan Duration, TimeSpan QueueWait, int? Worker, EndPoint? Client, string? Fault);
}
