using System.Collections.Concurrent;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>Handlers on the thread pool: bounded from their start to the end of their answers. One suite, unchanged over each transport.</summary>
public abstract class ThreadPoolTests(string transport)
{
    [Fact]
    public async Task A_handler_runs_on_the_thread_pool_whatever_its_request_is_and_whatever_came_before()
    {
        await using var server = await StartAsync(new CountingGate());
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal("pool", (await client.RequestAsync(TestClient.Get("/where"))).Text);
            await client.SendAsync(TestClient.Get("/inline") + TestClient.Get("/where") + TestClient.Get("/worker") + TestClient.Get("/where/action")
                + TestClient.Get("/where") + TestClient.Get("/where/late") + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                + "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
            foreach (var text in new[] { "inline", "pool", "worker", "pool", "pool", "pool", "abc", "abc" })
            {
                Assert.Equal(text, (await client.ReadResponseAsync()).Text);
            }
        }

        await AssertNobodyIsThereAsync(server);
    }

    [Fact]
    public async Task Who_finds_no_permit_waits_in_turn_and_who_finds_the_queue_full_is_told_503()
    {
        var gate = new CountingGate();
        await using var server = await StartAsync(gate, static options => (options.ThreadPoolConcurrency, options.QueueCapacity) = (2, 2));
        var clients = new List<TestClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await SendAsync(server, "/waits", active: Math.Min(i + 1, 2), queued: Math.Max(0, i - 1)));
        }

        await using var refused = await server.ConnectAsync();
        var response = await refused.RequestAsync(TestClient.Get("/waits"));
        Assert.Equal((503, "1", "close"), (response.Status, response["Retry-After"], response["Connection"]));
        Assert.Equal("503 Service Unavailable: all workers are busy and the queue is full; try again.\n", response.Text);
        await using var other = await server.ConnectAsync();
        Assert.Equal("worker", (await other.RequestAsync(TestClient.Get("/worker"))).Text); // which has a queue of its own
        gate.Open();
        foreach (var client in clients)
        {
            Assert.Equal("done", (await client.ReadResponseAsync()).Text);
            await client.DisposeAsync();
        }

        await AssertNobodyIsThereAsync(server);
        Assert.Equal(2, gate.Peak);
        Assert.Equal(1, server.Server.Requests.Refused);
        Assert.Contains(server.Server.GetStatistics().Refusals, static refusal => (refusal.Name, refusal.Count) == ("queue_full", 1));
    }

    [Fact]
    public async Task Who_may_wait_instead_is_served_when_there_is_a_permit()
    {
        var gate = new CountingGate();
        await using var server = await StartAsync(
            gate, static options => (options.ThreadPoolConcurrency, options.QueueCapacity, options.Overload) = (1, 1, OverloadPolicy.Wait));
        var clients = new List<TestClient>();
        for (var i = 0; i < 8; i++)
        {
            clients.Add(await SendAsync(server, "/waits", active: 1, queued: i));
        }

        gate.Open();
        foreach (var client in clients)
        {
            Assert.Equal("done", (await client.ReadResponseAsync()).Text);
            Assert.Equal("inline", (await client.RequestAsync(TestClient.Get("/inline"))).Text);
            await client.DisposeAsync();
        }

        await AssertNobodyIsThereAsync(server);
        Assert.Equal(1, gate.Peak);
    }

    [Fact]
    public async Task Who_has_waited_too_long_is_answered_503_and_not_run_and_how_long_is_told()
    {
        var (gate, time, told) = (new CountingGate(), new ManualTimeProvider(), new ConcurrentQueue<(int, TimeSpan)>());
        await using var server = await StartAsync(gate, options =>
        {
            (options.ThreadPoolConcurrency, options.QueueTimeout, options.TimeProvider) = (1, TimeSpan.FromSeconds(2), time);
            options.OnCompleted = (in RequestCompletion completion) => told.Enqueue((completion.StatusCode, completion.QueueWait));
        });
        await using var first = await SendAsync(server, "/waits", active: 1, queued: 0);
        await using var late = await SendAsync(server, "/waits", active: 1, queued: 1);
        time.Advance(TimeSpan.FromSeconds(3));
        gate.Open();
        Assert.Equal("done", (await first.ReadResponseAsync()).Text);
        var response = await late.ReadResponseAsync();
        Assert.Equal((503, "1", "close"), (response.Status, response["Retry-After"], response["Connection"]));
        Assert.Equal(1, gate.Calls);
        await AssertNobodyIsThereAsync(server);
        await Eventually.TrueAsync(() => told.Count == 2, "both are told");
        Assert.Contains((200, TimeSpan.Zero), told);
        Assert.Contains((503, TimeSpan.FromSeconds(3)), told);
    }

    [Fact]
    public async Task A_request_whose_client_has_left_is_not_run_and_its_permit_goes_on()
    {
        Assert.SkipWhen(transport == "memory", "A connection in memory has no reset.");
        var gate = new CountingGate();
        await using var server = await StartAsync(gate, static options => options.ThreadPoolConcurrency = 1);
        await using var first = await SendAsync(server, "/waits", active: 1, queued: 0);
        await using var left = await SendAsync(server, "/waits", active: 1, queued: 1);
        await using var last = await SendAsync(server, "/waits", active: 1, queued: 2);
        await left.ResetAsync();
        await Task.Delay(100); // for the reset to arrive; too early would only make the test pass for less
        gate.Open();
        Assert.Equal("done", (await first.ReadResponseAsync()).Text);
        Assert.Equal("done", (await last.ReadResponseAsync()).Text);
        Assert.Equal(2, gate.Calls);
        await AssertNobodyIsThereAsync(server);
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "the one that has left is counted");
    }

    [Theory]
    [InlineData("/fault", 500)]
    [InlineData("/fault/late", 500)]
    [InlineData("/fault/started", 0)]
    [InlineData("/short", 0)]
    [InlineData("/where", 200)]
    public async Task A_permit_comes_back_however_the_answer_ends(string path, int status)
    {
        await using var server = await StartAsync(new CountingGate(), static options => (options.ThreadPoolConcurrency, options.QueueCapacity) = (1, 1));
        for (var round = 0; round < 5; round++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(TestClient.Get(path));
            if (status == 0)
            {
                await Eventually.TrueAsync(() => server.Server.Connections.Aborted == round + 1, "it is cut off");
            }
            else
            {
                Assert.Equal(status, (await client.ReadResponseAsync()).Status);
            }

            await AssertNobodyIsThereAsync(server);
        }
    }

    [Fact]
    public async Task An_upgraded_connection_holds_no_permit()
    {
        await using var server = await StartAsync(new CountingGate(), static options => options.ThreadPoolConcurrency = 1);
        var clients = new List<TestClient>();
        for (var i = 0; i < 5; i++)
        {
            clients.Add(await server.ConnectAsync());
            await clients[i].SendAsync("GET /upgrades HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n");
            Assert.Equal(101, (await clients[i].ReadHeadAsync()).Status);
            await AssertNobodyIsThereAsync(server);
        }

        foreach (var client in clients)
        {
            await client.SendAsync("abc");
            Assert.Equal("pool", Encoding.ASCII.GetString(await client.ReadExactlyAsync(4)));
            await client.DisposeAsync();
        }

        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 0, "all have ended");
        await AssertNobodyIsThereAsync(server);
    }

    [Fact]
    public async Task Who_waits_for_a_permit_when_a_stop_begins_is_served_in_the_grace_period()
    {
        var gate = new CountingGate();
        await using var server = await StartAsync(gate, static options => options.ThreadPoolConcurrency = 1);
        var clients = new List<TestClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await SendAsync(server, "/waits", active: 1, queued: i));
        }

        var stopping = server.Server.StopAsync();
        await Eventually.TrueAsync(() => server.Log.Messages.Any(static message => message.StartsWith("drain: ", StringComparison.Ordinal)), "the census has been taken");
        gate.Open();
        foreach (var client in clients)
        {
            var response = await client.ReadResponseAsync();
            Assert.Equal(("done", "close"), (response.Text, response["Connection"]));
            await client.DisposeAsync();
        }

        var report = await stopping.WaitAsync(TestClient.Patience);
        Assert.Equal((ShutdownOutcome.Drained, 4L), (report.Outcome, report.Requests.Completed));
        Assert.Contains(server.Log.Messages, static message => message.Contains("queued=3", StringComparison.Ordinal));
    }

    // Nobody gives a permit back any more, so that who waits for one would never end.
    [Fact]
    public async Task Who_waits_behind_a_stuck_handler_is_cut_off_with_it_when_the_grace_period_is_over()
    {
        var gate = new CountingGate();
        var server = await StartAsync(
            gate, static options => (options.ThreadPoolConcurrency, options.ShutdownGracePeriod) = (1, TimeSpan.FromMilliseconds(300)));
        await using var first = await SendAsync(server, "/waits", active: 1, queued: 0);
        await using var second = await SendAsync(server, "/waits", active: 1, queued: 1);
        await using var third = await SendAsync(server, "/waits", active: 1, queued: 2);
        var report = await server.Server.StopAsync().WaitAsync(TestClient.Patience);
        Assert.Equal((ShutdownOutcome.TimedOut, 3), (report.Outcome, report.CutOff.Count));
        Assert.Equal((3, 0, 0, 3), (report.Requests.Received, report.Requests.Completed, report.Requests.Refused, report.Requests.Aborted));
        gate.Open();
        await AssertNobodyIsThereAsync(server);
        Assert.Equal(1, gate.Calls);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_tell_who_is_there_and_who_waits()
    {
        var gate = new CountingGate();
        await using var server = await StartAsync(gate, static options => options.ThreadPoolConcurrency = 1);
        using var listener = new MetricsListener(server.Server);
        await using var first = await SendAsync(server, "/waits", active: 1, queued: 0);
        await using var second = await SendAsync(server, "/waits", active: 1, queued: 1);
        var observed = listener.Observe();
        Assert.Equal((1, 1, 1), (observed["pipeserver.thread_pool.limit"], observed["pipeserver.thread_pool.active"], observed["pipeserver.thread_pool.queued"]));
        var activity = server.Server.Running.GetActivity(10).Requests;
        Assert.Equal(["handling", "queued"], activity.Select(static request => request.Stage.ToString().ToLowerInvariant()).Order());
        gate.Open();
        Assert.Equal("done", (await first.ReadResponseAsync()).Text);
        Assert.Equal("done", (await second.ReadResponseAsync()).Text);
    }

    // Clients that leave at any moment, among those that stay: the permits add up, and so does the ledger.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task However_clients_come_and_go_the_permits_add_up()
    {
        const int Most = 3;
        var gate = new CountingGate();
        gate.Open();
        await using var server = await StartAsync(gate, static options => (options.ThreadPoolConcurrency, options.QueueCapacity) = (Most, 4));
        var counts = new long[2]; // served, refused: as clients see it
        await Task.WhenAll(Enumerable.Range(0, 12).Select(number => TalkAsync(server, new Random(number), counts)));
        await AssertNobodyIsThereAsync(server);
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 0, "all have ended");
        var requests = server.Server.Requests;
        Assert.Equal(requests.Received, requests.Completed + requests.Refused + requests.Aborted);
        Assert.True(requests.Completed >= counts[0] && requests.Refused >= counts[1], $"{requests}, clients: {counts[0]}, {counts[1]}");
        Assert.InRange(gate.Peak, 1, Most);
        Assert.DoesNotContain(server.Log.Entries, static entry => entry.Exception is InvalidOperationException or NullReferenceException);
    }

    private static async Task TalkAsync(TestServer server, Random random, long[] counts)
    {
        string[] paths = ["/waits", "/where", "/where/late", "/inline", "/worker", "/streams"];
        for (var round = 0; round < Stress.Rounds(40); round++)
        {
            await using var client = await server.ConnectAsync();
            var count = random.Next(1, 5);
            await client.SendAsync(string.Concat(Enumerable.Range(0, count).Select(_ => TestClient.Get(paths[random.Next(paths.Length)]))));
            if (random.Next(4) == 0)
            {
                await client.ResetAsync();
                continue;
            }

            for (var i = 0; i < count; i++)
            {
                var response = await client.ReadResponseAsync();
                Interlocked.Increment(ref counts[response.Status == 200 ? 0 : 1]);
                Assert.True(response.Status is 200 or 503);
                if (response["Connection"] == "close")
                {
                    break;
                }
            }
        }
    }

    private static async Task<TestClient> SendAsync(TestServer server, string path, int active, int queued)
    {
        var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path));
        await Eventually.TrueAsync(
            () => server.Server.GetStatistics().ThreadPool is var pool && (pool.Active, pool.Queued) == (active, queued), $"{active} are there, {queued} wait");
        return client;
    }

    private static Task AssertNobodyIsThereAsync(TestServer server) => Eventually.TrueAsync(
        () => server.Server.GetStatistics().ThreadPool is { Active: 0, Queued: 0 }, "all permits are back");

    private static string Where() => Thread.CurrentThread.IsThreadPoolThread ? "pool" : Thread.CurrentThread.Name ?? "elsewhere";

    private Task<TestServer> StartAsync(CountingGate gate, Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
            server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
            server.MapGet("/waits", gate.HandleAsync, Dispatch.ThreadPool);
            server.MapGet("/where/action", static (_, response) => response.WriteText(Where()), Dispatch.ThreadPool);
            server.Map("GET", "/where", static _ => Dispatch.ThreadPool, static (_, response) => response.WriteText(Where()));
            server.MapGet(
                "/where/late",
                static async (_, response) =>
                {
                    var where = Where();
                    await Task.Yield();
                    response.WriteText(where);
                },
                Dispatch.ThreadPool);
            server.MapPost(
                "/echo",
                static async (request, response) =>
                {
                    using var body = new MemoryStream();
                    await request.Body.CopyToAsync(body);
                    response.WriteBytes(body.ToArray(), "text/plain");
                },
                Dispatch.ThreadPool);
            MapEnds(server);
        },
        configure);

    private static void MapEnds(HttpServer server)
    {
        server.MapGet("/fault", static (HttpRequest _, HttpResponse _) => throw new NotSupportedException("at once"), Dispatch.ThreadPool);
        server.MapGet(
            "/fault/late",
            static async (_, _) =>
            {
                await Task.Yield();
                throw new NotSupportedException("late");
            },
            Dispatch.ThreadPool);
        server.MapGet(
            "/fault/started",
            static async (_, response) =>
            {
                response.WriteText("begun");
                await response.Body.FlushAsync();
                throw new NotSupportedException("begun");
            },
            Dispatch.ThreadPool);
        server.MapGet(
            "/short",
            static (_, response) =>
            {
                response.ContentLength = 10;
                response.WriteText("short");
            },
            Dispatch.ThreadPool);
        server.MapGet(
            "/streams",
            static async (_, response) =>
            {
                for (var i = 0; i < 20; i++)
                {
                    response.WriteText("some of it");
                    await response.Body.FlushAsync();
                }
            },
            Dispatch.ThreadPool);
        server.MapGet(
            "/upgrades",
            static async (_, response) =>
            {
                response.Headers["Upgrade"] = "lines";
                var pipe = await response.UpgradeAsync();
                var read = await pipe.Input.ReadAsync();
                pipe.Input.AdvanceTo(read.Buffer.End);
                await pipe.Output.WriteAsync(Encoding.ASCII.GetBytes(Where()));
            },
            Dispatch.ThreadPool);
    }
}
