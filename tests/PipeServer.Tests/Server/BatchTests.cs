using System.Buffers;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>
/// When the answers of a pipelined batch leave: all at once where nothing has to wait, and not a moment later than that where something
/// has. One suite, unchanged over each transport.
/// </summary>
public abstract class BatchTests(string transport)
{
    private const string Length = "Content-Length: 3\r\n\r\n";
    private const string Chunked = "Transfer-Encoding: chunked\r\n\r\n";

    // The bug: GET and, behind it, the head of a POST whose body had not come. The answer to the GET was sent with that to the POST, or
    // when the POST had timed out.
    [Theory]
    [InlineData("/inline", "/echo", Length, "", "abc")]
    [InlineData("/inline", "/echo", Length, "ab", "c")]
    [InlineData("/inline", "/echo", Chunked, "", "3\r\nabc\r\n0\r\n\r\n")]
    [InlineData("/inline", "/echo", Chunked, "3\r\nabc\r\n0\r\n", "\r\n")]
    [InlineData("/inline", "/inline/echo", Length, "", "abc")]
    [InlineData("/inline", "/inline/echo", Chunked, "3\r\nabc\r\n", "0\r\n\r\n")]
    [InlineData("/worker", "/echo", Length, "", "abc")]
    [InlineData("/worker", "/echo", Length, "ab", "c")]
    [InlineData("/worker", "/echo", Chunked, "3\r\nabc\r\n0\r\nA: b", "\r\n\r\n")]
    [InlineData("/worker", "/inline/echo", Length, "", "abc")]
    [InlineData("/nowhere", "/echo", Length, "", "abc")]
    public async Task An_answer_does_not_wait_for_the_next_requests_body(string first, string second, string framing, string here, string rest)
    {
        await using var server = await StartAsync();
        foreach (var isOneSegment in new[] { true, false })
        {
            await using var client = await server.ConnectAsync();
            var post = $"POST {second} HTTP/1.1\r\nHost: a\r\n{framing}{here}";
            await client.SendAsync(TestClient.Get(first) + (isOneSegment ? post : ""));
            if (!isOneSegment)
            {
                await client.SendAsync(post);
            }

            Assert.Equal(first == "/nowhere" ? 404 : 200, (await client.ReadResponseAsync()).Status);
            await client.SendAsync(rest);
            Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
        }
    }

    // The same at every split point: all that is answered before the body's last byte has come.
    [Theory]
    [InlineData("/inline", "/echo")]
    [InlineData("/worker", "/inline/echo")]
    public async Task An_answer_does_not_wait_for_a_body_that_is_cut_anywhere(string first, string second)
    {
        await using var server = await StartAsync();
        foreach (var body in new[] { Length + "abc", Chunked + "3\r\nabc\r\n0\r\n\r\n" })
        {
            var head = $"{TestClient.Get(first)}POST {second} HTTP/1.1\r\nHost: a\r\n";
            for (var split = 0; split < body.Length; split++)
            {
                await using var client = await server.ConnectAsync();
                await client.SendAsync(head + body[..split]);
                Assert.Equal("1", (await client.ReadResponseAsync()).Text);
                await client.SendAsync(body[split..]);
                Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
            }
        }
    }

    [Fact]
    public async Task An_answer_does_not_wait_for_a_body_that_is_asked_for_by_100()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync($"{TestClient.Get("/worker")}POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n{Length}");
        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Equal(100, (await client.ReadResponseAsync()).Status);
        await client.SendAsync("abc");
        Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
    }

    // A body that nobody wants is waited for too, before the next request is looked at.
    [Theory]
    [InlineData("POST /nowhere", 404)]
    [InlineData("PUT /echo", 405)]
    [InlineData("GET /inline", 200)]
    [InlineData("GET /worker", 200)]
    public async Task An_answer_does_not_wait_for_its_own_requests_unread_body(string start, int status)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync($"{TestClient.Get("/inline")}{start} HTTP/1.1\r\nHost: a\r\n{Length}a");
        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Equal(status, (await client.ReadResponseAsync()).Status);
        await client.SendAsync("bc" + TestClient.Get("/inline"));
        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Theory]
    [InlineData("/gate")]
    [InlineData("/inline/gate")]
    public async Task An_answer_does_not_wait_for_a_handler_that_may_wait(string second)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(map: server => MapGate(server, gate.Task));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/inline") + TestClient.Get(second));
        Assert.Equal("1", (await client.ReadResponseAsync()).Text);
        gate.SetResult();
        Assert.Equal("gate", (await client.ReadResponseAsync()).Text);
    }

    [Fact]
    public async Task An_answer_does_not_wait_for_a_free_worker()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(
            static options => options.Workers = 1,
            server => server.MapGet("/blocks", (_, response) =>
            {
                gate.Task.Wait();
                response.WriteText("blocks");
            }));
        await using var other = await server.ConnectAsync();
        await other.SendAsync(TestClient.Get("/blocks"));
        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 1, "the only worker is busy");
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/inline") + TestClient.Get("/worker"));
        Assert.Equal("1", (await client.ReadResponseAsync()).Text);
        gate.SetResult();
        Assert.Equal("1", (await client.ReadResponseAsync()).Text);
        Assert.Equal("blocks", (await other.ReadResponseAsync()).Text);
    }

    // The bug: the time that a client took to read the answers before a request counted as the request's wait for a worker, and a slow reader
    // got 503 from a server that had nothing to do.
    [Fact]
    public async Task The_time_a_client_takes_to_read_is_no_wait_for_a_worker()
    {
        const int Pairs = 400;
        var time = new ManualTimeProvider();
        var page = new byte[60 * 1024];
        await using var server = await StartAsync(
            options =>
            {
                (options.TimeProvider, options.QueueTimeout, options.MinDataRate) = (time, TimeSpan.FromMinutes(1), 0);
                options.ResponseWriteTimeout = TimeSpan.FromHours(1);
            },
            server =>
            {
                server.MapGet("/page", (_, response) => response.WriteBytes(page, "text/plain"), Dispatch.Inline);
                server.MapGet("/leaves", async (_, response) =>
                {
                    await Task.Yield(); // its worker, so that the next one needs a hop, and a flush before it
                    response.WriteText("1");
                });
            });
        await using var client = await server.ConnectAsync();
        var sent = client.SendAsync(string.Concat(Enumerable.Repeat(TestClient.Get("/page") + TestClient.Get("/leaves"), Pairs)));
        long before;
        do
        {
            before = server.Server.Requests.Received;
            await Task.Delay(200);
        }
        while (before == 0 || before != server.Server.Requests.Received);
        Assert.True(before < 2 * Pairs, "the client's buffers hold less than all answers");
        time.Advance(TimeSpan.FromMinutes(2));
        for (var pair = 0; pair < Pairs; pair++)
        {
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }

        await sent;
    }

    // On a worker a batch goes on without a flush for a millisecond. Time stands still here, but for what the handlers add.
    [Theory]
    [InlineData(1000, true)]
    [InlineData(0, false)]
    public async Task On_a_worker_an_answer_waits_for_its_neighbours_for_a_millisecond_at_most(int microseconds, bool isSent)
    {
        var time = new ManualTimeProvider();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(
            options => options.TimeProvider = time,
            server =>
            {
                server.MapGet("/takes", (_, response) =>
                {
                    time.Advance(TimeSpan.FromMicroseconds(microseconds));
                    response.WriteText("takes");
                });
                MapGate(server, gate.Task);
            });
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/worker") + TestClient.Get("/takes") + TestClient.Get("/gate"));
        if (isSent)
        {
            Assert.Equal("1", (await client.ReadResponseAsync()).Text);
            Assert.Equal("takes", (await client.ReadResponseAsync()).Text);
            gate.SetResult();
            Assert.Equal("gate", (await client.ReadResponseAsync()).Text);
        }
        else
        {
            await Eventually.TrueAsync(() => server.Server.Requests.Received == 3, "all three have arrived");
            Assert.Equal(0, server.Server.Requests.Completed);
            gate.SetResult();
            await ReadAtOnceAsync(client, 3);
        }
    }

    [Theory]
    [InlineData("/inline", "")]
    [InlineData("/worker", "")]
    [InlineData("/inline/echo-at-once", Length + "abc")]
    [InlineData("/echo", Length + "abc")]
    [InlineData("/echo", Chunked + "3\r\nabc\r\n0\r\n\r\n")]
    public async Task A_batch_that_need_not_wait_is_flushed_once(string target, string body)
    {
        await using var server = await StartAsync(static options => options.TimeProvider = new ManualTimeProvider());
        await using var client = await server.ConnectAsync();
        var request = body == "" ? TestClient.Get(target) : $"POST {target} HTTP/1.1\r\nHost: a\r\n{body}";
        await client.SendAsync(string.Concat(Enumerable.Repeat(request, 16)));
        await ReadAtOnceAsync(client, 16);
    }

    // One read brings what one flush has sent.
    private static async Task ReadAtOnceAsync(TestClient client, int answers)
    {
        var bytes = await client.ReadOnceAsync();
        Assert.Equal(answers, Encoding.ASCII.GetString(bytes).Split("HTTP/1.1 200 OK\r\n").Length - 1);
    }

    private static void MapGate(HttpServer server, Task gate)
    {
        async ValueTask GateAsync(HttpRequest request, HttpResponse response)
        {
            await gate.ConfigureAwait(false);
            response.WriteText("gate");
        }

        server.MapGet("/gate", GateAsync);
        server.MapGet("/inline/gate", GateAsync, Dispatch.Inline);
    }

    private static async ValueTask EchoAsync(HttpRequest request, HttpResponse response)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body).ConfigureAwait(false);
        response.WriteBytes(body.ToArray(), "text/plain");
    }

    private static void EchoAtOnce(HttpRequest request, HttpResponse response)
    {
        Assert.True(request.Body.TryRead(out var read) && read.IsCompleted);
        response.WriteBytes(read.Buffer.ToArray(), "text/plain");
        request.Body.AdvanceTo(read.Buffer.End);
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null, Action<HttpServer>? map = null) =>
        TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet("/inline", static (_, response) => response.WriteText("1"), Dispatch.Inline);
                server.MapGet("/worker", static (_, response) => response.WriteText("1"));
                server.MapPost("/echo", EchoAsync);
                server.MapPost("/inline/echo", EchoAsync, Dispatch.Inline);
                server.MapPost("/inline/echo-at-once", EchoAtOnce, Dispatch.Inline);
                map?.Invoke(server);
            },
            options =>
            {
                // Longer than the client's patience: no answer may owe itself to a time-out.
                options.RequestBodyTimeout = TimeSpan.FromMinutes(5);
                configure?.Invoke(options);
            });
}
