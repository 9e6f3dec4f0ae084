using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer.Tests.Server;

/// <summary><see cref="HttpServer.GetStatistics"/>: what can be read at any time is what clients have seen. One suite over each network transport.</summary>
public abstract class StatisticsTests(string transport)
{
    private const string Chunked = "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

    // Beyond what the table of heads has; true where the client says that nothing more follows.
    private static readonly (string Bytes, bool HasEnd)[] BadBodies =
    [
        ("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n", false),
        (Chunked + "xyz\r\n", false),
        (Chunked + "1\rX", false),
        (Chunked + "1;=\r\n", false),
        (Chunked + "1;a=" + new string('e', 20_000) + "\r\n", false),
        (Chunked + "1\r\naXX", false),
        (Chunked + "0\r\nA b\r\n\r\n", false),
        (Chunked + "0\r\n" + string.Concat(Enumerable.Repeat("A: " + new string('t', 1000) + "\r\n", 50)) + "\r\n", false),
        ("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", true),
        ("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", false),
        ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", false),
        ("GET /../a HTTP/1.1\r\nHost: a\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", false),
    ];

    [Fact]
    public async Task The_bytes_are_those_that_clients_have_sent_and_received()
    {
        const int Clients = 8;
        const int Requests = 25;
        await using var server = await StartAsync();
        var sums = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async index =>
        {
            await using var client = await server.ConnectAsync();
            var bytes = string.Concat(Enumerable.Range(0, Requests).Select(static i => i % 5 == 4
                ? $"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {i * 1000}\r\n\r\n{new string('b', i * 1000)}"
                : TestClient.Get(i % 2 == 0 ? "/worker" : "/inline"))) + TestClient.Get("/inline", "Connection: close");
            var send = client.SendAsync(bytes);
            var answers = await client.ReadToEndAsync();
            await send;
            return (Sent: bytes.Length, Received: answers.Length);
        }));

        await using var last = await server.ConnectAsync();
        var request = TestClient.Get("/inline");
        await last.SendAsync(request);
        var answer = await last.ReadResponseAsync();
        var answerBytes = answer.Text.Length + TestHeadLength(answer);
        await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.Counts.Closed == Clients, "all but one are closed");
        await Eventually.TrueAsync(
            () => server.Server.GetStatistics().Connections.BytesSent == sums.Sum(static sum => sum.Received) + answerBytes, "all is sent");
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 0, "the last one is counted, which is when it has been sent");
        var statistics = server.Server.GetStatistics();
        Assert.Equal(sums.Sum(static sum => sum.Sent) + request.Length, statistics.Connections.BytesReceived);
        Assert.Equal(server.Server.Requests, statistics.Connections.Requests);
        Assert.Equal((Clients * (Requests + 1)) + 1, statistics.Connections.Requests.Completed);
        Assert.Equal(server.Server.Connections, statistics.Connections.Counts);
        Assert.Equal(1, statistics.Connections.States.Total);
        Assert.True(statistics.Workers is { Total: 2, Busy: 0, Faulted: 0, Executed: > 0 });

        await last.DisposeAsync();
        await server.Server.StopAsync(TestContext.Current.CancellationToken);
        var after = server.Server.GetStatistics();
        Assert.Equal(statistics.Connections.BytesSent, after.Connections.BytesSent);
        Assert.Equal(statistics.Connections.BytesReceived, after.Connections.BytesReceived);
        Assert.Equal(default, after.Connections.States);
        Assert.Empty(after.Loops);
    }

    // A sum that goes back would look like a restart to whoever keeps it.
    [Fact]
    public async Task No_sum_ever_goes_back()
    {
        const int Clients = 4;
        await using var server = await StartAsync();
        var clients = Enumerable.Range(0, Clients).Select(async _ =>
        {
            for (var i = 0; i < 40; i++)
            {
                await using var client = await server.ConnectAsync();
                await client.RequestAsync(TestClient.Get("/worker"));
                await client.RequestAsync(TestClient.Get("/inline", "Connection: close"));
            }
        });
        var all = Task.WhenAll(clients);
        var before = server.Server.GetStatistics().Connections;
        while (!all.IsCompleted)
        {
            var now = server.Server.GetStatistics().Connections;
            Assert.True(now.BytesReceived >= before.BytesReceived && now.BytesSent >= before.BytesSent, "bytes are lost");
            Assert.True(now.Requests.Received >= before.Requests.Received && now.Requests.Completed >= before.Requests.Completed, "requests are lost");
            Assert.Equal(now.Counts.Accepted - now.Counts.Closed - now.Counts.Aborted - now.Counts.Refused, now.States.Total);
            before = now;
            await Task.Yield();
        }

        await all;
        await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.Counts.Closed == Clients * 40, "all are closed");
        Assert.Equal(Clients * 80, server.Server.GetStatistics().Connections.Requests.Completed);
    }

    [Fact]
    public async Task Connections_are_counted_by_what_they_do_and_requests_by_method()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(map: server => server.MapPut("/blocks", (_, _) => gate.Wait(TestClient.Patience)));
        var clients = new List<TestClient>();
        try
        {
            async Task<TestClient> ConnectAsync(string bytes)
            {
                var client = await server.ConnectAsync();
                clients.Add(client);
                await client.SendAsync(bytes);
                return client;
            }

            await ConnectAsync("");
            await ConnectAsync("GET / HT");
            await ConnectAsync("PUT /blocks HTTP/1.1\r\nHost: a\r\n\r\n");
            await (await ConnectAsync(TestClient.Get("/inline"))).ReadResponseAsync();
            await (await ConnectAsync(TestClient.Get("/switch"))).ReadResponseAsync();
            await ConnectAsync(TestClient.Get("/inline", "Connection: close") + "and more, so that it is not closed at once");
            await ConnectAsync(TestClient.Get("/endless"));
            var expected = new ConnectionStates(New: 1, ReadingHead: 1, Handling: 1, Writing: 1, Idle: 1, Switched: 1, Closing: 1);
            await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.States == expected, "each does its own");
            var statistics = server.Server.GetStatistics();
            Assert.Equal(
                [new ActiveRequests("GET", 2), new ActiveRequests("PUT", 1)], statistics.Connections.Active.Where(static active => active.Count > 0));
            Assert.InRange(statistics.Workers.Busy, 1, 2);
            gate.Set();
            await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.Active.Contains(new ActiveRequests("PUT", 0)), "it is answered");
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.ResetAsync();
            }
        }

        await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.States.Total == 0, "all have gone");
    }

    [Fact]
    public async Task Every_case_of_the_protocol_is_refused_for_the_reason_that_its_answer_tells()
    {
        await using var server = await StartAsync(static options => options.RequestBodyTimeout = TimeSpan.FromMilliseconds(500));
        var told = new Dictionary<(int Status, string Text), long>();
        foreach (var item in ProtocolCases.All.Where(static item => item.IsRefusedHead))
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(item.Encoded);
            var response = await client.ReadResponseAsync();
            var key = (response.Status, response.Text.Split(": ", 2)[1].TrimEnd('\n', '.'));
            told[key] = told.GetValueOrDefault(key) + 1;
        }

        foreach (var (bytes, hasEnd) in BadBodies)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(bytes);
            if (hasEnd)
            {
                client.ShutdownSend();
            }

            var response = await client.ReadResponseAsync();
            var key = (response.Status, response.Text.Split(": ", 2)[1].TrimEnd('\n', '.'));
            told[key] = told.GetValueOrDefault(key) + 1;
        }

        await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.Requests.Refused == told.Values.Sum(), "all are counted");

        // Every reason there is, but for those of the next two tests and of answers that are no refusals. A new one needs a row above, or there.
        RequestError[] elsewhere =
        [
            RequestError.None, RequestError.HeadTimeout, RequestError.QueueFull, RequestError.QueueTimeout, RequestError.TooManyConnections,
            RequestError.TooManyRequests, RequestError.TooManyHandshakes, RequestError.PlainHttp, RequestError.Misdirected,
            RequestError.UpgradeRequired, RequestError.BadWebSocketHandshake, RequestError.OriginNotAllowed, // HandshakeTests
            RequestError.BadPseudoHeader, RequestError.ConnectionSpecificField, RequestError.ContentLengthMismatch, // of streams, which are reset
            RequestError.NotFound, RequestError.MethodNotAllowed, RequestError.UnknownMethod, RequestError.HandlerFault,
        ];
        var refusals = server.Server.GetStatistics().Refusals;
        Assert.Empty(Enum.GetValues<RequestError>().Except(elsewhere).Select(RequestErrors.Name).Except(refusals.Select(static one => one.Name)));
        Assert.Empty(elsewhere.Select(RequestErrors.Name).Intersect(refusals.Select(static one => one.Name)));
        Assert.Equal(
            told.OrderBy(static one => one.Key).Select(static one => (one.Key.Status, one.Key.Text, one.Value)),
            refusals.OrderBy(static one => (one.Status, one.Reason)).Select(static one => (one.Status, one.Reason, one.Count)));
        Assert.All(refusals, static one => Assert.Matches("^[a-z0-9]+(_[a-z0-9]+)*$", one.Name));
    }

    [Fact]
    public async Task A_full_queue_a_long_wait_a_client_too_many_and_a_late_head_are_counted_by_their_reasons()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(
            static options => (options.Workers, options.QueueCapacity, options.MaxConnections, options.RequestHeadTimeout, options.QueueTimeout) =
                (1, 1, 3, TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(100)),
            server => server.MapGet("/blocks", (_, _) => gate.Wait(TestClient.Patience)));
        await using var running = await server.ConnectAsync();
        await running.SendAsync(TestClient.Get("/blocks"));
        await Eventually.TrueAsync(() => server.Server.GetStatistics().Workers.Busy == 1, "the worker is busy");
        await using var queued = await server.ConnectAsync();
        await queued.SendAsync(TestClient.Get("/blocks"));
        await Eventually.TrueAsync(() => server.Server.GetStatistics() is { QueueLength: 1, QueueCapacity: 1 }, "the queue is full");
        await using (var refused = await server.ConnectAsync())
        {
            Assert.Equal(503, (await refused.RequestAsync(TestClient.Get("/worker"))).Status);
        }

        await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.States.Total == 2, "its place is free");
        await using var late = await server.ConnectAsync();
        await late.SendAsync("GET / HTTP/1.1\r\n");
        await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.States.ReadingHead == 1, "its head has begun");
        await using var unread = await server.ConnectAsync();
        Assert.Equal(503, (await unread.ReadResponseAsync()).Status);
        Assert.Equal(408, (await late.ReadResponseAsync()).Status);
        gate.Set();
        await running.ReadResponseAsync();
        Assert.Equal(503, (await queued.ReadResponseAsync()).Status); // it has waited for longer than the late head has had time
        Assert.Equal(
            [
                new RefusalCount("head_timeout", 408, "the request head took too long to arrive", 1),
                new RefusalCount("queue_full", 503, "all workers are busy and the queue is full; try again", 1),
                new RefusalCount("queue_timeout", 503, "the request has waited too long for a worker; try again", 1),
                new RefusalCount("too_many_connections", 503, "there are too many connections; try again", 1),
            ],
            server.Server.GetStatistics().Refusals);
    }

    [Fact]
    public async Task A_client_beyond_its_rate_is_counted()
    {
        await using var server = await StartAsync(static options => options.RateLimit = RateLimit.Parse("0.001/m:1"));
        await using var client = await server.ConnectAsync();
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/inline"))).Status);
        var refused = await client.RequestAsync(TestClient.Get("/inline"));
        Assert.Equal(429, refused.Status);
        var counted = Assert.Single(server.Server.GetStatistics().Refusals);
        Assert.Equal(("too_many_requests", 429, 1), (counted.Name, counted.Status, counted.Count));
        Assert.Contains(counted.Reason, refused.Text);
    }

    [Fact]
    public async Task A_loop_that_is_held_up_tells_by_its_lag()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(map: server => server.MapGet("/holds-up", (_, _) => gate.Wait(TestClient.Patience), Dispatch.Inline));
        if (transport != "epoll")
        {
            Assert.Empty(server.Server.GetStatistics().Loops);
            return;
        }

        Assert.Equal(["loop-0", "loop-1"], server.Server.GetStatistics().Loops.Select(static loop => loop.Name));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/holds-up"));
        var held = TimeSpan.FromMilliseconds(300);
        await Eventually.TrueAsync(() => server.Server.GetStatistics().Loops.Count(loop => loop.Lag >= held) == 1, "the lag grows while it lasts");
        gate.Set();
        await client.ReadResponseAsync();
        await Eventually.TrueAsync(() => server.Server.GetStatistics().Loops.All(loop => loop.Lag < held), "the loop is there again");
        Assert.Single(server.Server.GetStatistics().Loops, loop => loop.LongestLag >= held);
        Assert.Equal(1, server.Server.GetStatistics().Loops.Sum(static loop => loop.Connections));
    }

    [Fact]
    public void A_server_that_was_not_started_has_done_nothing() =>
        Assert.Equal(ServerStatistics.None, new HttpServer(new HttpServerOptions { Port = 0 }).GetStatistics());

    // Status line, fields, and the empty line, as they were sent.
    private static int TestHeadLength(TestResponse response) =>
        response.StatusLine.Length + 2 + response.Headers.Sum(static field => field.Name.Length + 2 + field.Value.Length + 2) + 2;

    private async Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null, Action<HttpServer>? map = null) => await TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
            server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
            server.MapPost("/echo", static async (request, response) => await request.Body.CopyToAsync(response.Body));
            server.MapPost("/read", static async (request, _) => await request.Body.CopyToAsync(Stream.Null));
            server.MapGet("/switch", static async (request, response) =>
            {
                var pipe = await response.SwitchAsync(101);
                await pipe.Output.FlushAsync();
                await pipe.Input.ReadAsync();
            });
            server.MapGet("/endless", static async (request, response) =>
            {
                var block = new byte[64 * 1024];
                while (!(await response.Body.WriteAsync(block, request.Aborted)).IsCompleted)
                {
                    // Until the client is gone.
                }
            });
            map?.Invoke(server);
        },
        configure);
}
