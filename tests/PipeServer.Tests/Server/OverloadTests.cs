namespace PipeServer.Tests.Server;

/// <summary>At every bound an honest answer, and no work for those who have left.</summary>
public abstract class OverloadTests(string transport)
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    [Fact]
    public async Task Who_waits_instead_of_being_rejected_is_served_when_a_worker_is_free()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(gate, static options => options.Overload = OverloadPolicy.Wait);
        var clients = await BlockAsync(server);
        var waiting = new List<TestClient>();
        for (var i = 0; i < 10; i++)
        {
            waiting.Add(await server.ConnectAsync());
            await waiting[i].SendAsync(TestClient.Get("/worker") + TestClient.Get("/inline"));
        }

        await Eventually.TrueAsync(() => server.Server.Requests.Received == 12, "all are read");
        gate.Set();
        foreach (var client in waiting)
        {
            Assert.Equal("worker", (await client.ReadResponseAsync()).Text);
            Assert.Equal("inline", (await client.ReadResponseAsync()).Text);
            await client.DisposeAsync();
        }

        await EndAsync(clients);
    }

    // A request that had waited for longer than its client would was run all the same.
    [Fact]
    public async Task A_request_that_waited_too_long_for_a_worker_is_answered_503_and_not_run()
    {
        using var gate = new ManualResetEventSlim();
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(gate, options => (options.QueueTimeout, options.TimeProvider) = (TimeSpan.FromSeconds(2), time));
        await using var blocked = await SendAsync(server, "/blocks", queued: 0);
        await using var queued = await SendAsync(server, "/counts", queued: 1);
        time.Advance(TimeSpan.FromSeconds(3));
        gate.Set();
        var response = await queued.ReadResponseAsync();
        Assert.Equal(503, response.Status);
        Assert.Equal("1", response["Retry-After"]);
        Assert.Equal("close", response["Connection"]);
        Assert.Equal("done", (await blocked.ReadResponseAsync()).Text);
        await using var another = await server.ConnectAsync();
        Assert.Equal("1", (await another.RequestAsync(TestClient.Get("/counts"))).Text);
        await Eventually.TrueAsync(() => server.Server.Requests.Refused == 1, "it is counted");
    }

    [Fact]
    public async Task A_request_whose_client_has_left_is_not_run()
    {
        Assert.SkipWhen(transport == "memory", "A connection in memory has no reset.");
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(gate);
        await using var blocked = await SendAsync(server, "/blocks", queued: 0);
        await using var queued = await SendAsync(server, "/counts", queued: 1);
        await queued.ResetAsync();
        await Task.Delay(100); // for the reset to arrive; too early would only make the test pass for less
        gate.Set();
        Assert.Equal("done", (await blocked.ReadResponseAsync()).Text);
        await using var another = await server.ConnectAsync();
        Assert.Equal("1", (await another.RequestAsync(TestClient.Get("/counts"))).Text);
        Assert.Equal(1, server.Server.Requests.Aborted);
    }

    [Fact]
    public async Task One_connection_too_many_is_told_503_before_it_is_read_and_the_ledger_counts_it()
    {
        var server = await StartAsync(null, static options => options.MaxConnections = 2);
        await using var first = await server.ConnectAsync();
        Assert.Equal("inline", (await first.RequestAsync(TestClient.Get("/inline"))).Text);
        await using var second = await server.ConnectAsync();
        Assert.Equal("inline", (await second.RequestAsync(TestClient.Get("/inline"))).Text);
        for (var i = 0; i < 20; i++)
        {
            await using var refused = await server.ConnectAsync();
            await refused.SendAsync(TestClient.Get("/inline"));
            var response = await refused.ReadResponseAsync();
            Assert.Equal(503, response.Status);
            Assert.Equal("1", response["Retry-After"]);
            Assert.Equal("close", response["Connection"]);
            Assert.NotNull(response["Date"]);
            Assert.Equal("503 Service Unavailable: there are too many connections; try again.\n", response.Text);
            Assert.True(await refused.IsClosedAsync());
        }

        await first.DisposeAsync();
        await Eventually.TrueAsync(() => server.Server.Connections is { Closed: 1 }, "there is room");
        await using var third = await server.ConnectAsync();
        Assert.Equal("inline", (await third.RequestAsync(TestClient.Get("/inline"))).Text);
        var stopping = server.Server.StopAsync();
        await second.DisposeAsync();
        await third.DisposeAsync();
        Assert.Equal(new ConnectionCounts(23, 3, 0, 20), (await stopping.WaitAsync(Patience)).Connections);
        Assert.Single(server.Log.Messages, static message => message.StartsWith("All 2 connections are in use"));
    }

    // Clients that were told no and did not close kept the next ones waiting until they could be told.
    [Fact]
    public async Task Clients_that_do_not_close_after_their_503_keep_nobody_waiting()
    {
        await using var server = await StartAsync(null, static options => options.MaxConnections = 1);
        await using var first = await server.ConnectAsync();
        Assert.Equal("inline", (await first.RequestAsync(TestClient.Get("/inline"))).Text);
        var others = new List<TestClient>();
        for (var i = 0; i < 50; i++)
        {
            others.Add(await server.ConnectAsync());
            Assert.Equal(503, (await others[i].ReadResponseAsync()).Status);
        }

        foreach (var other in others)
        {
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task One_address_gets_so_many_connections_and_gets_them_back()
    {
        Assert.SkipWhen(transport == "memory", "A connection in memory has no address.");
        await using var server = await StartAsync(null, static options => options.MaxConnectionsPerAddress = 2);
        for (var round = 0; round < 3; round++)
        {
            await using var first = await server.ConnectAsync();
            Assert.Equal("inline", (await first.RequestAsync(TestClient.Get("/inline"))).Text);
            await using var second = await server.ConnectAsync();
            Assert.Equal("inline", (await second.RequestAsync(TestClient.Get("/inline"))).Text);
            await using var refused = await server.ConnectAsync();
            Assert.Equal(503, (await refused.RequestAsync(TestClient.Get("/inline"))).Status);
            await first.DisposeAsync();
            await second.DisposeAsync();
            var ended = (round + 1) * 2;
            await Eventually.TrueAsync(() => server.Server.Connections.Closed == ended, "both have left");
        }
    }

    [Fact]
    public async Task Health_is_told_while_every_worker_is_blocked_and_the_queue_is_full()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(gate, static options => options.HealthChecks = true);
        var clients = await BlockAsync(server);
        await using var client = await server.ConnectAsync();
        Assert.Equal("live\n", (await client.RequestAsync(TestClient.Get("/healthz/live"))).Text);
        Assert.Equal("ready\n", (await client.RequestAsync(TestClient.Get("/healthz/ready"))).Text);
        Assert.Equal(503, (await client.RequestAsync(TestClient.Get("/worker"))).Status);
        gate.Set();
        await EndAsync(clients);
    }

    // A body that came by the byte, each in time, held its handler for as long as its client liked.
    [Fact]
    public async Task A_body_below_the_least_rate_is_answered_408()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(null, options => (options.TimeProvider, options.RequestBodyTimeout) = (time, TimeSpan.FromSeconds(4)));
        await using var client = await server.ConnectAsync();
        await client.SendAsync("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "its body is waited for");
        var reading = client.ReadResponseAsync();
        for (var i = 0; i < 60 && !reading.IsCompleted; i++)
        {
            await client.SendAsync("x");
            await Task.Delay(20);
            time.Advance(TimeSpan.FromMilliseconds(500));
        }

        Assert.Equal(408, (await reading).Status);
        Assert.InRange(time.GetUtcNow() - new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(12));
    }

    // A client that took a byte now and then was slow, but reading, for ever.
    [Fact]
    public async Task A_reader_below_the_least_rate_is_cut_off()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(null, options => (options.TimeProvider, options.MinDataRate) = (time, 1_000_000_000));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/endless"));
        for (var i = 0; i < 400 && server.Server.Connections.Aborted == 0; i++)
        {
            try
            {
                await client.ReadSomeAsync(1);
            }
            catch (IOException)
            {
                break;
            }

            await Task.Delay(5);
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await Eventually.TrueAsync(() => server.Server.Connections.Aborted == 1, "it is cut off");
    }

    private static async Task<List<TestClient>> BlockAsync(TestServer server) =>
        [await SendAsync(server, "/blocks", queued: 0), await SendAsync(server, "/blocks", queued: 1)];

    // The one worker has the first request, and the queue so many behind it.
    private static async Task<TestClient> SendAsync(TestServer server, string path, int queued)
    {
        var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path));
        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 1 && server.Server.Workers.Queued == queued, "the worker has the first, the queue the second");
        return client;
    }

    private static async Task EndAsync(List<TestClient> clients)
    {
        foreach (var client in clients)
        {
            Assert.Equal("done", (await client.ReadResponseAsync()).Text);
            await client.DisposeAsync();
        }
    }

    private Task<TestServer> StartAsync(ManualResetEventSlim? gate, Action<HttpServerOptions>? configure = null)
    {
        var count = 0;
        return TestServer.StartAsync(transport, server =>
        {
            server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
            server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
            server.MapGet("/counts", (_, response) => response.WriteText($"{Interlocked.Increment(ref count)}"));
            server.MapGet("/blocks", (_, response) =>
            {
                gate!.Wait();
                response.WriteText("done");
            });
            server.MapPost("/length", static async (request, response) =>
            {
                using var all = new MemoryStream();
                await request.Body.CopyToAsync(all);
                response.WriteText($"{all.Length}");
            });
            server.MapGet("/endless", static async (_, response) =>
            {
                while (!(await response.Body.WriteAsync(new byte[100_000])).IsCompleted)
                {
                }
            });
        }, options =>
        {
            (options.Workers, options.QueueCapacity) = (1, 1);
            configure?.Invoke(options);
        });
    }
}
