using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Telemetry;

/// <summary>The server's meter: names and tags as OpenTelemetry has them, and figures that are the ledger's. One suite over each network transport.</summary>
public abstract class MetricsTests(string transport)
{
    private const string Duration = "http.server.request.duration";
    private const string Begin = "http.request.method=GET url.scheme=http http.response.status_code=";

    [Theory]
    [InlineData("GET /inline?q HTTP/1.1\r\nHost: a\r\n\r\n", Begin + "200 network.protocol.version=1.1 http.route=/inline")]
    [InlineData("GET /inline HTTP/1.0\r\nHost: a\r\n\r\n", Begin + "200 network.protocol.version=1.0 http.route=/inline")]
    [InlineData("GET /item/17 HTTP/1.1\r\nHost: a\r\n\r\n", Begin + "200 network.protocol.version=1.1 http.route=/item/{id}")]
    [InlineData("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", Begin + "404 network.protocol.version=1.1")]
    [InlineData("GET /fault HTTP/1.1\r\nHost: a\r\n\r\n", Begin + "500 network.protocol.version=1.1 http.route=/fault error.type=System.InvalidOperationException")]
    [InlineData("GET /unavailable HTTP/1.1\r\nHost: a\r\n\r\n", Begin + "503 network.protocol.version=1.1 http.route=/unavailable error.type=503")]
    [InlineData("GET /forbidden HTTP/1.1\r\nHost: a\r\n\r\n", Begin + "403 network.protocol.version=1.1 http.route=/forbidden")]
    [InlineData("GET /inline HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", Begin + "417 network.protocol.version=1.1 error.type=unsupported_expectation")]
    [InlineData("BREW /inline HTTP/1.1\r\nHost: a\r\n\r\n", "http.request.method=_OTHER url.scheme=http http.response.status_code=501 network.protocol.version=1.1 error.type=501")]
    [InlineData("GET /inline HTTP/1.1\r\n\r\n", "http.request.method=_OTHER url.scheme=http http.response.status_code=400 error.type=missing_host")]
    [InlineData("GET /inline HTTP/2.0\r\n\r\n", "http.request.method=_OTHER url.scheme=http http.response.status_code=505 error.type=unsupported_version")]
    public async Task A_duration_has_the_tags_of_the_conventions(string request, string expected)
    {
        await using var server = await StartAsync();
        using var listener = new MetricsListener(server.Server);
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/item/1")); // its route is not the next one's
        await client.RequestAsync(request);
        await Eventually.TrueAsync(() => listener.Recorded.Count(static one => one.Name == Duration) == 2, "both are recorded");
        var recorded = listener.Recorded.Where(static one => one.Name == Duration).Last();
        Assert.Equal(expected, recorded.Tags);
        Assert.InRange(recorded.Value, 0, TestClient.Patience.TotalSeconds);
    }

    // Below a framework that emits those of every HTTP server itself, they would come twice.
    [Fact]
    public async Task The_instruments_of_every_http_server_can_be_left_out_alone()
    {
        await using var whole = await StartAsync();
        await using var server = await StartAsync(static options => options.RequestMetrics = false);
        using var ofWhole = new MetricsListener(whole.Server);
        using var listener = new MetricsListener(server.Server);
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/worker"));
        await Eventually.TrueAsync(() => listener.Recorded.Any(static one => one.Name == "pipeserver.queue.wait"), "its wait is recorded");
        Assert.DoesNotContain(listener.Observe().Keys, static name => name.StartsWith("http."));
        Assert.DoesNotContain(listener.Recorded, static one => one.Name.StartsWith("http."));
        Assert.Equal(1, listener.Observe()["pipeserver.request.received"]);
        Assert.Equal(
            ["http.server.active_requests", Duration],
            ofWhole.Instruments.Select(static one => one.Name).Except(listener.Instruments.Select(static one => one.Name)).Order());
    }

    [Fact]
    public async Task A_client_that_leaves_has_no_status()
    {
        var left = new TaskCompletionSource();
        await using var server = await StartAsync(map: server => server.MapGet("/waits", async (request, _) =>
        {
            using var registration = request.Aborted.Register(() => left.TrySetResult());
            await left.Task;
        }));
        using var listener = new MetricsListener(server.Server);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/waits"));
        await Eventually.TrueAsync(() => listener.Observe().GetValueOrDefault("http.server.active_requests GET http") == 1, "it is active");
        await client.ResetAsync();
        await Eventually.TrueAsync(() => listener.Recorded.Any(static one => one.Name == Duration), "it is recorded");
        Assert.Equal(
            "http.request.method=GET url.scheme=http network.protocol.version=1.1 http.route=/waits error.type=client_left",
            Assert.Single(listener.Recorded, static one => one.Name == Duration).Tags);
    }

    [Fact]
    public async Task A_request_that_its_handler_aborts_says_so()
    {
        await using var server = await StartAsync(map: static server => server.MapGet("/aborts", static (request, _) => request.Abort()));
        using var listener = new MetricsListener(server.Server);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/aborts"));
        await Eventually.TrueAsync(() => listener.Recorded.Any(static one => one.Name == Duration), "it is recorded");
        Assert.Equal(
            "http.request.method=GET url.scheme=http network.protocol.version=1.1 http.route=/aborts error.type=aborted",
            Assert.Single(listener.Recorded, static one => one.Name == Duration).Tags);
    }

    [Fact]
    public async Task The_sums_are_those_of_the_ledger()
    {
        const int Clients = 6;
        await using var server = await StartAsync();
        using var listener = new MetricsListener(server.Server);
        var sums = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async index =>
        {
            var bytes = string.Concat(Enumerable.Repeat(TestClient.Get("/worker") + TestClient.Get("/inline") + TestClient.Get("/nowhere"), 10))
                + (index == 0 ? "GET bad\r\n\r\n" : TestClient.Get("/inline", "Connection: close"));
            await using var client = await server.ConnectAsync();
            await client.SendAsync(bytes);
            return (Sent: bytes.Length, Received: (await client.ReadToEndAsync()).Length);
        }));
        await Eventually.TrueAsync(() => server.Server.Connections.Closed == Clients, "all are closed");
        await Task.Delay(20, TestContext.Current.CancellationToken); // what was read a few milliseconds ago is told again
        var ledger = server.Server.Requests;
        Assert.Equal(new RequestCounts(Clients * 31, (Clients * 31) - 1, 1, 0), ledger);
        Assert.Equal(ledger.Received, listener.Recorded.Count(static one => one.Name == Duration));
        Assert.Equal(Clients * 10, listener.Recorded.Count(static one => one.Name == "pipeserver.queue.wait"));
        var observed = listener.Observe();
        Assert.Equal(
            (ledger.Received, ledger.Completed, 1, ledger.Aborted),
            (observed["pipeserver.request.received"], observed["pipeserver.request.completed"], observed["pipeserver.request.refused bad_request_line 400"],
                observed["pipeserver.request.aborted"]));
        Assert.Equal(
            (Clients, Clients, 0, 0),
            (observed["pipeserver.connection.accepted"], observed["pipeserver.connection.closed"], observed["pipeserver.connection.refused"],
                observed["pipeserver.connection.aborted"]));
        Assert.Equal(
            (sums.Sum(static sum => sum.Sent), sums.Sum(static sum => sum.Received)),
            (observed["pipeserver.network.io receive"], observed["pipeserver.network.io transmit"]));
        Assert.Equal(0, observed.Where(static one => one.Key.StartsWith("pipeserver.connection.count ")).Sum(static one => one.Value));
        Assert.Equal(0, observed["http.server.active_requests GET http"]); // an idle server had no such series: gaps in graphs
        Assert.Equal(
            (2, 0, server.Server.Workers.Executed, 0, 0, 4096),
            (observed["pipeserver.worker.count"], observed["pipeserver.worker.busy"], observed["pipeserver.worker.executed"], observed["pipeserver.worker.faulted"],
                observed["pipeserver.queue.length"], observed["pipeserver.queue.capacity"]));
        Assert.Equal(transport == "epoll" ? 2 : 0, observed.Count(static one => one.Key.StartsWith("pipeserver.loop.lag loop-")));
    }

    [Fact]
    public async Task A_wait_for_a_worker_is_recorded_by_itself()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(
            static options => (options.Workers, options.QueueCapacity) = (1, 1), server => server.MapGet("/blocks", (_, _) => gate.Wait(TestClient.Patience)));
        using var listener = new MetricsListener(server.Server);
        await using var running = await server.ConnectAsync();
        await running.SendAsync(TestClient.Get("/blocks"));
        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 1, "the worker is busy");
        await using var queued = await server.ConnectAsync();
        await queued.SendAsync(TestClient.Get("/worker"));
        await Eventually.TrueAsync(() => listener.Observe()["pipeserver.queue.length"] == 1, "one waits");
        await using var refused = await server.ConnectAsync();
        Assert.Equal(503, (await refused.RequestAsync(TestClient.Get("/worker"))).Status);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        gate.Set();
        await running.ReadResponseAsync();
        await queued.ReadResponseAsync();
        await Eventually.TrueAsync(() => listener.Recorded.Count(static one => one.Name == Duration) == 3, "all are recorded");
        var waits = listener.Recorded.Where(static one => one.Name == "pipeserver.queue.wait").ToList();
        Assert.Equal(2, waits.Count); // one has not waited: it was refused at once
        Assert.Contains(waits, static one => one.Value >= 0.05); // on a busy machine the first may have waited, too
        Assert.All(waits, static one => Assert.Equal("", one.Tags));
    }

    [Fact]
    public async Task Who_listens_late_gets_the_requests_from_then_on()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/worker"));
        using (var listener = new MetricsListener(server.Server))
        {
            await client.RequestAsync(TestClient.Get("/worker"));
            await Eventually.TrueAsync(() => listener.Recorded.Count == 2, "the second is recorded, its wait too");
        }

        await client.RequestAsync(TestClient.Get("/worker"));
        using var again = new MetricsListener(server.Server);
        Assert.Equal(3, again.Observe()["pipeserver.request.received"]);
        Assert.Empty(again.Recorded);
    }

    [Fact]
    public async Task The_meter_ends_with_the_server_and_servers_are_told_apart()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        using var ofFirst = new MetricsListener(first.Server);
        using var ofSecond = new MetricsListener(second.Server);
        await using (var client = await first.ConnectAsync())
        {
            await client.RequestAsync(TestClient.Get("/inline"));
        }

        Assert.Equal((1, 0), (ofFirst.Observe()["pipeserver.request.received"], ofSecond.Observe()["pipeserver.request.received"]));
        var (one, other) = (ofFirst.Instruments.First().Meter, ofSecond.Instruments.First().Meter);
        Assert.Equal(("PipeServer", "PipeServer", typeof(HttpServer).Assembly.GetName().Version!.ToString(3)), (one.Name, other.Name, one.Version));
        Assert.NotEqual(one.Tags, other.Tags);
        Assert.Equal(["server.address", "server.port"], one.Tags!.Select(static tag => tag.Key));
        await first.DisposeAsync();
        Assert.Equal(ofFirst.Instruments.Count, ofFirst.Completed);
        Assert.Empty(ofFirst.Observe());
        Assert.Equal(0, ofSecond.Completed);
    }

    [Fact]
    public async Task A_listener_that_throws_changes_no_answer_and_is_logged_once()
    {
        await using var server = await StartAsync();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == server.Server)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => throw new InvalidOperationException("On purpose."));
        listener.Start();
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("inline", (await client.RequestAsync(TestClient.Get("/inline"))).Text);
            Assert.Equal("worker", (await client.RequestAsync(TestClient.Get("/worker"))).Text);
        }

        Assert.Single(server.Log.Entries, static entry => entry.Level == LogLevel.Error && entry.Exception?.Message == "On purpose.");
    }

    private async Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null, Action<HttpServer>? map = null) => await TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
            server.MapGet("/item/{id}", static (_, response) => response.WriteText("item"), Dispatch.Inline);
            server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
            server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("On purpose."));
            server.MapGet("/unavailable", static (_, response) => response.StatusCode = 503, Dispatch.Inline);
            server.MapGet("/forbidden", static (_, response) => response.StatusCode = 403, Dispatch.Inline);
            map?.Invoke(server);
        },
        configure);
}
