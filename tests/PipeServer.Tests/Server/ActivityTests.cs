using PipeServer.Server;

namespace PipeServer.Tests.Server;

/// <summary>
/// What is shown to people who watch a server: requests and workers by name, without a query, and never the bytes of another moment. One suite,
/// unchanged over each transport.
/// </summary>
public abstract class ActivityTests(string transport)
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    [Fact]
    public async Task A_worker_is_shown_with_its_request_and_without_the_query()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(gate);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/blocks/%3Cimg?token=secret&a=b"));
        var worker = await OneAsync(server, static activity => activity.Workers.Where(static worker => worker.Request is not null));
        Assert.Equal("GET /blocks/%3Cimg?…", worker.Request);
        Assert.StartsWith("worker-", worker.Activity.Name);
        Assert.InRange(worker.Duration, TimeSpan.Zero, Patience);
        var request = Assert.Single(Look(server).Requests);
        Assert.Equal(("GET /blocks/%3Cimg?…", RequestStage.Handling, worker.Activity.Name), (request.Request, request.Stage, request.Worker));
        if (transport != "memory")
        {
            Assert.Equal(client.LocalEndPoint, request.Client);
            Assert.Equal(client.LocalEndPoint, worker.Client);
        }

        gate.Set();
        await client.ReadResponseAsync();
        await Eventually.TrueAsync(() => Look(server) is { Requests.Count: 0 } activity && activity.Workers.All(static one => one.Request is null), "all is done");
        Assert.Equal(1, Look(server).Workers.Sum(static one => one.Activity.Executed));
    }

    // The page showed the proxy's address for each of its clients.
    [Fact]
    public async Task A_client_behind_a_trusted_proxy_is_shown_by_its_own_address()
    {
        if (transport == "memory")
        {
            return; // its peers have no address that could be trusted
        }

        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(gate, static options => options.TrustedProxies = [TrustedProxy.Parse("127.0.0.1")]);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/blocks/1", "X-Forwarded-For: 192.0.2.7:1234"));
        var worker = await OneAsync(server, static activity => activity.Workers.Where(static worker => worker.Request is not null));
        Assert.Equal(System.Net.IPEndPoint.Parse("192.0.2.7:1234"), worker.Client);
        Assert.Equal(worker.Client, Assert.Single(Look(server).Requests).Client);
        gate.Set();
        await client.ReadResponseAsync();
    }

    [Fact]
    public async Task A_request_that_waits_for_a_worker_is_queued()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(gate, static options => options.Workers = 1);
        await using var first = await server.ConnectAsync();
        await first.SendAsync(TestClient.Get("/blocks/1"));
        await OneAsync(server, static activity => activity.Workers.Where(static worker => worker.Request is not null));
        await using var second = await server.ConnectAsync();
        await second.SendAsync(TestClient.Get("/blocks/2?x"));
        var queued = await OneAsync(server, static activity => activity.Requests.Where(static one => one.Stage == RequestStage.Queued));
        Assert.Equal("GET /blocks/2?…", queued.Request);
        Assert.Null(queued.Worker);
        Assert.Equal("GET /blocks/1", Look(server).Requests[0].Request); // the oldest first
        gate.Set();
        await first.ReadResponseAsync();
        await second.ReadResponseAsync();
    }

    [Fact]
    public async Task A_handler_that_has_left_its_worker_is_shown_without_one()
    {
        var gate = new TaskCompletionSource();
        await using var server = await StartAsync(map: server => server.MapGet("/waits", async (_, _) => await gate.Task));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/waits?a=1"));
        var request = await OneAsync(server, static activity => activity.Requests.Where(static one => one.Worker is null && one.Stage == RequestStage.Handling));
        Assert.Equal("GET /waits?…", request.Request);
        gate.SetResult();
        await client.ReadResponseAsync();
    }

    [Fact]
    public async Task No_more_than_asked_for_are_named_and_these_are_the_oldest()
    {
        var gate = new TaskCompletionSource();
        await using var server = await StartAsync(map: server => server.MapGet("/waits/{n}", async (_, _) => await gate.Task, Dispatch.Inline));
        var clients = new List<TestClient>();
        for (var i = 0; i < 6; i++)
        {
            clients.Add(await server.ConnectAsync());
            await clients[^1].SendAsync(TestClient.Get($"/waits/{i}"));
            var count = i + 1;
            await Eventually.TrueAsync(() => server.Server.Running.GetActivity(10).Requests.Count == count, "it is seen");
            await Task.Delay(300); // the clock of the ages goes by beats
        }

        Assert.Equal(["GET /waits/0", "GET /waits/1", "GET /waits/2"], server.Server.Running.GetActivity(3).Requests.Select(static one => one.Request));
        Assert.Empty(server.Server.Running.GetActivity(0).Requests);
        gate.SetResult();
        foreach (var client in clients)
        {
            await client.ReadResponseAsync();
            await client.DisposeAsync();
        }
    }

    // What is read while the connection's own threads go on may be of two moments; then it must not be shown. Each request here has a query of its own
    // and a field that is as secret, in buffers that change hands all the time.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task What_is_shown_under_load_is_a_request_and_nothing_else()
    {
        using var gate = new ManualResetEventSlim(initialState: true);
        await using var server = await StartAsync(gate);
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(async number =>
        {
            while (!stop.IsCancellationRequested)
            {
                await using var client = await server.ConnectAsync();
                for (var i = 0; i < 20; i++)
                {
                    var path = new string('p', 1 + ((number + i) % 30));
                    await client.SendAsync(
                        TestClient.Get($"/blocks/{path}?secret={i}", "Authorization: Basic /secret/secret") + TestClient.Get($"/inline/{path}?secret", "Cookie: /secret"));
                    Assert.Equal(200, (await client.ReadResponseAsync()).Status);
                    Assert.Equal(200, (await client.ReadResponseAsync()).Status);
                }
            }
        }).ToArray();
        var seen = new HashSet<string>();
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(Stress.Rounds(2)))
        {
            var activity = Look(server);
            seen.UnionWith(activity.Requests.Select(static one => one.Request));
            seen.UnionWith(activity.Workers.Select(static one => one.Request).OfType<string>());
            await Task.Yield();
        }

        await stop.CancelAsync();
        await Task.WhenAll(load).WaitAsync(Patience);
        seen.Remove(RequestActivity.UnreadAnswer);
        Assert.NotEmpty(seen);
        Assert.All(seen, static text => Assert.Matches(@"^GET /(blocks|inline)/p{1,30}\?…$", text));
    }

    [Fact]
    public async Task A_stop_tells_its_phases_and_its_report()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(gate);
        Assert.Null(Look(server).Shutdown);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/blocks/1?x"));
        await OneAsync(server, static activity => activity.Requests);
        var stopped = server.Server.StopAsync();
        await Eventually.TrueAsync(() => Look(server).Shutdown?.Phase == ShutdownProgress.Drain, "the drain has begun");
        Assert.True(Look(server).IsDraining);
        Assert.Equal(TimeSpan.FromSeconds(10), Look(server).Shutdown!.Limit);
        Assert.Equal("GET /blocks/1?…", Assert.Single(Look(server).Requests).Request);
        gate.Set();
        await client.ReadResponseAsync();
        var report = await stopped;
        Assert.Equal(ShutdownProgress.Stopped, Look(server).Shutdown!.Phase);
        Assert.Same(report, Look(server).Shutdown!.Report);
        Assert.All(Look(server).Workers, static worker => Assert.True(worker.Activity.HasEnded));
    }

    [Theory]
    [InlineData("GET /a", "GET /a")]
    [InlineData("GET /a?b=c", "GET /a?…")]
    [InlineData("GET /a?b=c?d, 1.0 s, worker-1", "GET /a?… 1.0 s, worker-1")]
    [InlineData("GET /a?b 1.0s worker-1", "GET /a?… 1.0s worker-1")]
    [InlineData("GET /a?", "GET /a?…")]
    [InlineData("?", "?…")]
    [InlineData("", "")]
    public void A_query_ends_at_a_space(string text, string shown) => Assert.Equal(shown, RequestActivity.WithoutQuery(text));

    // Jobs of programs that use the pool for work of their own.
    [Fact]
    public async Task Other_jobs_are_shown_in_their_own_words()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(gate, static options => options.Workers = 2);
        server.Server.Workers.Execute(static state => state.Gate.Wait(Patience), new Described(gate, "an export for /x?token=1"));
        server.Server.Workers.Execute(static state => state.Gate.Wait(Patience), new Described(gate, null));
        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 2, "both run");
        Assert.Equal(
            ["a job whose description failed (InvalidOperationException)", "an export for /x?…"],
            Look(server).Workers.Select(static worker => worker.Request).Order());
        gate.Set();
    }

    private static ServerActivity Look(TestServer server) => server.Server.Running.GetActivity(10);

    private static async Task<T> OneAsync<T>(TestServer server, Func<ServerActivity, IEnumerable<T>> find)
    {
        var found = new List<T>();
        await Eventually.TrueAsync(
            () =>
            {
                found = [.. find(Look(server))];
                return found.Count > 0;
            },
            "it is seen");
        return Assert.Single(found);
    }

    private async Task<TestServer> StartAsync(ManualResetEventSlim? gate = null, Action<HttpServerOptions>? configure = null, Action<HttpServer>? map = null) =>
        await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet("/blocks/{name}", (_, response) =>
                {
                    gate?.Wait(Patience);
                    response.WriteText("done");
                });
                server.MapGet("/inline/{name}", static (_, response) => response.WriteText("done"), Dispatch.Inline);
                map?.Invoke(server);
            },
            configure);

    private sealed record Described(ManualResetEventSlim Gate, string? Text)
    {
        public override string ToString() => Text ?? throw new InvalidOperationException("On purpose.");
    }
}
