using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>The stop, counted on both sides.</summary>
public abstract class DrainTests(string transport)
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    [Fact]
    public async Task A_request_in_flight_is_answered_whole_with_close_and_the_workers_are_joined()
    {
        using var gate = new ManualResetEventSlim();
        var server = await StartAsync(gate);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/blocks") + TestClient.Get("/inline"));
        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 1, "the handler runs");
        var stopping = server.Server.StopAsync();
        await Eventually.TrueAsync(() => server.Log.Messages.Any(static message => message.StartsWith("Draining")), "the drain has begun");
        Assert.False(stopping.IsCompleted);
        gate.Set();
        var response = await client.ReadResponseAsync();
        Assert.Equal("done", response.Text);
        // What was buffered behind it is answered too, and only the last answer says close.
        Assert.Null(response["Connection"]);
        response = await client.ReadResponseAsync();
        Assert.Equal("inline", response.Text);
        Assert.Equal("close", response["Connection"]);
        Assert.True(await client.IsClosedAsync());
        await client.DisposeAsync();
        var report = await stopping.WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.All(report.Workers, static worker => Assert.True(worker.Ended));
        Assert.Equal(new ConnectionCounts(1, 1, 0), report.Connections);
        Assert.Equal(new RequestCounts(2, 2, 0, 0), report.Requests);
        Assert.Same(report, await server.Server.StopAsync());
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Idle_connections_are_closed_in_order()
    {
        var server = await StartAsync(null);
        var clients = new List<TestClient>();
        for (var i = 0; i < 20; i++)
        {
            clients.Add(await server.ConnectAsync());
            Assert.Equal("inline", (await clients[i].RequestAsync(TestClient.Get("/inline"))).Text);
        }

        var stopping = server.Server.StopAsync();
        foreach (var client in clients)
        {
            Assert.True(await client.IsClosedAsync());
            await client.DisposeAsync();
        }

        var report = await stopping.WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal(new ConnectionCounts(20, 20, 0), report.Connections);
        Assert.Equal(new RequestCounts(20, 20, 0, 0), report.Requests);
    }

    // A client that sent its next request in good faith, because the drain had just begun, lost it with the connection.
    [Fact]
    public async Task A_request_that_comes_in_an_idle_connections_window_is_answered_with_close()
    {
        var server = await StartAsync(null, static options => options.DrainIdleTimeout = TimeSpan.FromSeconds(10));
        await using var client = await server.ConnectAsync();
        Assert.Equal("inline", (await client.RequestAsync(TestClient.Get("/inline"))).Text);
        await using var late = await server.ConnectAsync();
        Assert.Equal("inline", (await late.RequestAsync(TestClient.Get("/inline"))).Text);
        var stopping = server.Server.StopAsync();
        await Eventually.TrueAsync(() => server.Log.Messages.Any(static message => message.StartsWith("Draining")), "the drain has begun");
        await Task.Delay(100);
        foreach (var (connection, path) in new[] { (client, "/inline"), (late, "/worker") })
        {
            var response = await connection.RequestAsync(TestClient.Get(path));
            Assert.Equal(path, "/" + response.Text);
            Assert.Equal("close", response["Connection"]);
            Assert.True(await connection.IsClosedAsync());
            await connection.DisposeAsync();
        }

        Assert.Equal(new RequestCounts(4, 4, 0, 0), (await stopping.WaitAsync(Patience)).Requests);
    }

    [Fact]
    public async Task In_the_delay_before_a_drain_readiness_ends_and_clients_are_still_accepted()
    {
        var server = await StartAsync(null, static options =>
        {
            options.DrainDelay = TimeSpan.FromMilliseconds(1500);
            options.HealthChecks = true;
        });
        await using var probe = await server.ConnectAsync();
        Assert.Equal(200, (await probe.RequestAsync(TestClient.Get("/healthz/ready"))).Status);
        var stopping = server.Server.StopAsync();
        var response = await probe.RequestAsync(TestClient.Get("/healthz/ready"));
        Assert.Equal(503, response.Status);
        Assert.Equal("close", response["Connection"]);
        foreach (var (path, status) in new[] { ("/healthz/live", 200), ("/worker", 200), ("/healthz/ready", 503) })
        {
            await using var client = await server.ConnectAsync();
            response = await client.RequestAsync(TestClient.Get(path));
            Assert.Equal(status, response.Status);
            Assert.Equal("close", response["Connection"]);
        }

        var report = await stopping.WaitAsync(Patience);
        Assert.Equal(["delay", "drain", "workers", "transport"], report.Phases.Select(static phase => phase.Name));
        Assert.InRange(report.Phases[0].Elapsed.TotalSeconds, 1.4, 10);
    }

    [Fact]
    public async Task A_drain_tells_every_second_what_it_waits_for()
    {
        using var gate = new ManualResetEventSlim();
        var server = await StartAsync(gate);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/blocks"));
        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 1, "the handler runs");
        var stopping = server.Server.StopAsync();
        await Eventually.TrueAsync(() => server.Log.Messages.Any(static message => message.StartsWith("drain: ")), "it is told");
        Assert.Matches("^drain: idle=0 reading=0 handling=1 writing=0 queued=0 oldest=GET /blocks [0-9]+\\.[0-9]s worker-[01]$", server.Log.Messages.First(static message => message.StartsWith("drain: ")));
        gate.Set();
        Assert.Equal("done", (await client.ReadResponseAsync()).Text);
        await client.DisposeAsync();
        Assert.Empty((await stopping.WaitAsync(Patience)).CutOff);
    }

    // Timeouts that went on as configured let slow clients hold the stop until the abort.
    [Fact]
    public async Task A_hundred_slow_clients_do_not_hold_the_stop_beyond_its_grace_and_are_told()
    {
        // By a clock in the test's hand: on a busy machine a quarter of a second was not enough for a hundred answers.
        var time = new ManualTimeProvider();
        var server = await StartAsync(null, options =>
        {
            options.ShutdownGracePeriod = TimeSpan.FromSeconds(4);
            options.TimeProvider = time;
        });
        var clients = new List<TestClient>();
        for (var i = 0; i < 100; i++)
        {
            clients.Add(await server.ConnectAsync());
            await clients[i].SendAsync(i % 2 == 0 ? "GET /inline HTTP/1.1\r\nHo" : "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n");
        }

        await Eventually.TrueAsync(() => server.Server.Requests.InFlight >= 50, "the bodies are waited for");
        var stopping = server.Server.StopAsync();
        await Eventually.TrueAsync(() => server.Log.Messages.Any(static message => message.StartsWith("Draining")), "the drain has begun");
        time.Advance(TimeSpan.FromMilliseconds(3450));
        Assert.Equal(0, server.Server.Requests.Refused);

        // Half a second is left for the answers, which is twenty beats; each gives the server's threads some time of the machine.
        for (var beat = 1; beat < 20 && server.Server.Requests.Refused < 100; beat++)
        {
            time.Advance(TimeSpan.FromMilliseconds(25));
            for (var wait = 0; wait < 50 && server.Server.Requests.Refused < 100; wait++)
            {
                await Task.Delay(5);
            }
        }

        foreach (var client in clients)
        {
            Assert.Equal(408, (await client.ReadResponseAsync()).Status);
            await client.DisposeAsync();
        }

        var report = await stopping.WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal(0, report.Connections.Aborted);
        Assert.Equal(100, report.Requests.Refused);
    }

    // The head of a response that is written while a body is read looked for what is behind the body, in the middle of that read.
    [Fact]
    public async Task A_handler_may_write_while_it_reads_also_in_a_drain()
    {
        var reading = new TaskCompletionSource();
        var draining = new TaskCompletionSource();
        var server = await TestServer.StartAsync(transport, server => server.MapPost("/", async (request, response) =>
        {
            var read = request.Body.ReadAsync().AsTask();
            reading.SetResult();
            await draining.Task;
            response.WriteText("duplex ");
            await response.Body.FlushAsync();
            var body = (await read).Buffer;
            response.WriteText($"{body.Length}");
            request.Body.AdvanceTo(body.End);
        }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
        await reading.Task.WaitAsync(Patience);
        var stopping = server.Server.StopAsync();
        draining.SetResult();
        await Task.Delay(50);
        await client.SendAsync("abc");
        Assert.Equal("duplex 3", (await client.ReadResponseAsync()).Text);
        await client.DisposeAsync();
        Assert.Equal(new RequestCounts(1, 1, 0, 0), (await stopping.WaitAsync(Patience)).Requests);
    }

    // A client that had all its answers and dripped bytes behind our half-close had its linger time anew with each of them.
    [Fact]
    public async Task A_client_that_sends_on_after_its_last_answer_does_not_hold_the_stop()
    {
        var server = await StartAsync(null);
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/inline", "Connection: close"));
        var stopping = server.Server.StopAsync();
        var started = TimeProvider.System.GetTimestamp();
        while (!stopping.IsCompleted && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(8))
        {
            try
            {
                await client.SendAsync("x");
            }
            catch (Exception exception) when (exception is IOException or InvalidOperationException)
            {
                break;
            }

            await Task.Delay(50);
        }

        Assert.Equal(ShutdownOutcome.Drained, (await stopping.WaitAsync(TimeSpan.FromSeconds(5))).Outcome);
    }

    // A response that was being read, slowly, was cut off a little before the deadline, and the stop was called clean.
    [Fact]
    public async Task A_reader_that_is_cut_off_at_the_deadline_is_told()
    {
        var server = await StartAsync(null, static options => options.ShutdownGracePeriod = TimeSpan.FromSeconds(1));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/endless"));
        await client.ReadSomeAsync(1000);
        var report = await server.Server.StopAsync().WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.TimedOut, report.Outcome);
        Assert.StartsWith("GET /endless, ", Assert.Single(report.CutOff));
        Assert.Equal(1, report.Requests.Aborted);
    }

    // Clients that the backlog brought after the cut were neither answered nor counted.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Without_a_grace_period_everybody_is_answered_or_counted()
    {
        for (var round = 0; round < Stress.Rounds(10); round++)
        {
            var server = await StartAsync(null, static options => options.ShutdownGracePeriod = TimeSpan.Zero);
            var clients = new List<TestClient>();
            for (var i = 0; i < 20; i++)
            {
                clients.Add(await server.ConnectAsync());
                await clients[i].SendAsync(TestClient.Get("/waits-for-abort"));
            }

            var report = await server.Server.StopAsync().WaitAsync(Patience);
            Assert.Equal(ShutdownOutcome.TimedOut, report.Outcome);
            // One whose request had not even arrived is closed without a word.
            Assert.Equal(report.Connections.Aborted, report.CutOff.Count);
            Assert.Equal(report.Connections.Accepted, report.Connections.Aborted + report.Connections.Closed);
            Assert.InRange(report.CutOff.Count, 15, 20);
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    // An empty line behind a request was taken for the start of another one, which the drain then waited for.
    [Fact]
    public async Task An_empty_line_behind_a_request_is_no_request()
    {
        var server = await StartAsync(null);
        await using var client = await server.ConnectAsync();
        Assert.Equal("inline", (await client.RequestAsync(TestClient.Get("/inline") + "\r\n")).Text);
        var stopping = server.Server.StopAsync();
        Assert.True(await client.IsClosedAsync());
        await client.DisposeAsync();
        Assert.Equal(new RequestCounts(1, 1, 0, 0), (await stopping.WaitAsync(Patience)).Requests);
    }

    // A request behind one with a body was not seen when that was answered, and went down with the connection.
    [Theory]
    [InlineData("POST /echo", "Content-Length: 3\r\n\r\nabc")]
    [InlineData("POST /echo", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")]
    [InlineData("POST /inline", "Content-Length: 3\r\n\r\nabc")]
    public async Task What_is_buffered_behind_a_body_is_answered_too(string start, string rest)
    {
        using var gate = new ManualResetEventSlim();
        var server = await StartAsync(gate);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/blocks") + $"{start} HTTP/1.1\r\nHost: a\r\n{rest}" + TestClient.Get("/inline"));
        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 1, "the handler runs");
        var stopping = server.Server.StopAsync();
        gate.Set();
        Assert.Equal("done", (await client.ReadResponseAsync()).Text);
        Assert.Null((await client.ReadResponseAsync())["Connection"]);
        var last = await client.ReadResponseAsync();
        Assert.Equal("inline", last.Text);
        Assert.Equal("close", last["Connection"]);
        await client.DisposeAsync();
        Assert.Equal(new RequestCounts(3, 3, 0, 0), (await stopping.WaitAsync(Patience)).Requests);
    }

    // A client that has its answer and does not close its side is no unfinished work: the stop was called timed out.
    [Fact]
    public async Task An_answered_client_that_does_not_close_makes_no_clean_stop_unclean()
    {
        var server = await StartAsync(null, static options => options.ShutdownGracePeriod = TimeSpan.FromMilliseconds(200));
        await using var client = await server.ConnectAsync();
        Assert.Equal("inline", (await client.RequestAsync(TestClient.Get("/inline"))).Text);
        var report = await server.Server.StopAsync().WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal(new ConnectionCounts(1, 1, 0), report.Connections);
    }

    // A client that has connected was promised an answer, even if its request comes during the drain.
    [Fact]
    public async Task A_new_connection_may_still_send_its_first_request()
    {
        var server = await StartAsync(null);
        await using var client = await server.ConnectAsync();
        await Eventually.TrueAsync(() => server.Server.Connections.Accepted == 1, "it is accepted");
        var stopping = server.Server.StopAsync();
        await Eventually.TrueAsync(() => server.Log.Messages.Any(static message => message.StartsWith("Draining")), "the drain has begun");
        var response = await client.RequestAsync(TestClient.Get("/worker"));
        Assert.Equal("worker", response.Text);
        Assert.Equal("close", response["Connection"]);
        await client.DisposeAsync();
        Assert.Equal(new RequestCounts(1, 1, 0, 0), (await stopping.WaitAsync(Patience)).Requests);
    }

    [Fact]
    public async Task At_the_deadline_what_is_left_is_aborted_and_handlers_learn_it()
    {
        var server = await StartAsync(null, static options => options.ShutdownGracePeriod = TimeSpan.FromMilliseconds(300));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/waits-for-abort"));
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "the handler runs");
        var report = await server.Server.StopAsync().WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.TimedOut, report.Outcome);
        Assert.Equal(new ConnectionCounts(1, 0, 1), report.Connections);
        Assert.Equal(new RequestCounts(1, 0, 0, 1), report.Requests);
        Assert.All(report.Workers, static worker => Assert.True(worker.Ended));
        await Assert.ThrowsAnyAsync<IOException>(() => client.ReadResponseAsync());
        Assert.Equal(1, server.Log.CountFrom(LogLevel.Warning));
        Assert.Matches("^GET /waits-for-abort, [0-9]+\\.[0-9] s$", Assert.Single(report.CutOff));
    }

    [Fact]
    public async Task A_handler_that_never_ends_is_named_and_does_not_hold_up_the_stop()
    {
        using var gate = new ManualResetEventSlim();
        var server = await StartAsync(gate, static options => options.ShutdownGracePeriod = TimeSpan.FromMilliseconds(100));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/blocks"));
        await Eventually.TrueAsync(() => server.Server.Workers.Busy == 1, "the handler runs");
        var report = await server.Server.StopAsync().WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.TimedOut, report.Outcome);
        Assert.Equal("GET /blocks", Assert.Single(report.Workers, static worker => !worker.Ended).CurrentJob);
        Assert.Equal(new ConnectionCounts(1, 0, 1), report.Connections);
        Assert.Equal(new RequestCounts(1, 0, 0, 1), report.Requests);
        gate.Set();
    }

    [Fact]
    public async Task A_second_call_with_a_cancelled_token_forces_the_stop()
    {
        var server = await StartAsync(null);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/waits-for-abort"));
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "the handler runs");
        var stopping = server.Server.StopAsync();
        Assert.False(stopping.IsCompleted);
        var report = await server.Server.StopAsync(new CancellationToken(canceled: true)).WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.Forced, report.Outcome);
        Assert.Same(report, await stopping);
    }

    // A host forces when its own time is over, which is the server's too: where the server's timer was late, the report said that somebody had cut it short.
    [Fact]
    public async Task A_stop_that_is_forced_when_its_grace_period_has_passed_has_timed_out()
    {
        var grace = TimeSpan.FromMilliseconds(50);
        var server = await StartAsync(null, options => (options.ShutdownGracePeriod, options.TimeProvider) = (grace, new TimeWithoutBeats()));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/waits-for-abort"));
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "the handler runs");
        using var force = new CancellationTokenSource();
        var stopping = server.Server.StopAsync(force.Token);
        var started = Stopwatch.GetTimestamp();
        await Eventually.TrueAsync(() => Stopwatch.GetElapsedTime(started) > 2 * grace, "the grace period passes; the server's timer never fires");
        Assert.False(stopping.IsCompleted);
        await force.CancelAsync();
        Assert.Equal(ShutdownOutcome.TimedOut, (await stopping.WaitAsync(Patience)).Outcome);
    }

    [Fact]
    public async Task Handlers_see_the_drain_begin()
    {
        var server = await StartAsync(null);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/waits-for-drain"));
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "the handler runs");
        var stopping = server.Server.StopAsync();
        Assert.Equal("drained", (await client.ReadResponseAsync()).Text);
        await client.DisposeAsync();
        Assert.Equal(ShutdownOutcome.Drained, (await stopping.WaitAsync(Patience)).Outcome);
    }

    [Fact]
    public async Task The_accept_limit_serves_so_many_and_refuses_the_next()
    {
        var server = await StartAsync(null, static options => options.AcceptLimit = 2);
        await using var first = await server.ConnectAsync();
        Assert.Equal("inline", (await first.RequestAsync(TestClient.Get("/inline"))).Text);
        Assert.False(server.Server.AcceptLimitReached.IsCompleted);
        await using var second = await server.ConnectAsync();
        await server.Server.AcceptLimitReached.WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<Exception>(server.ConnectAsync);
        var stopping = server.Server.StopAsync();
        Assert.Equal("worker", (await second.RequestAsync(TestClient.Get("/worker"))).Text);
        await first.DisposeAsync();
        await second.DisposeAsync();
        var report = await stopping.WaitAsync(Patience);
        Assert.Equal(new ConnectionCounts(2, 2, 0), report.Connections);
        Assert.Equal(new RequestCounts(2, 2, 0, 0), report.Requests);
    }

    // The promise: whenever the stop comes, every request that a client sent on an accepted connection is answered, or the
    // connection was closed before it could be; never a broken answer, and both sides count the same.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task A_stop_at_a_random_moment_under_load_breaks_no_response_and_the_ledger_adds_up()
    {
        var random = new Random(5);
        for (var round = 0; round < Stress.Rounds(10); round++)
        {
            var server = await StartAsync(null);
            var answered = 0;
            var clients = Enumerable.Range(0, 20).Select(i => LoadAsync(i)).ToList();
            await Task.Delay(random.Next(5, 60));
            var report = await server.Server.StopAsync().WaitAsync(Patience);
            await Task.WhenAll(clients).WaitAsync(Patience);
            Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
            Assert.Equal(report.Connections.Accepted, report.Connections.Closed + report.Connections.Aborted);
            Assert.Equal(0, report.Requests.InFlight);
            Assert.Equal(0, report.Requests.Aborted);
            Assert.Equal(answered, report.Requests.Completed);

            async Task LoadAsync(int client)
            {
                await using var connection = await server.ConnectAsync();
                for (var i = 0; ; i++)
                {
                    try
                    {
                        await connection.SendAsync(TestClient.Get((client + i) % 2 == 0 ? "/inline" : "/worker"));
                    }
                    catch (Exception exception) when (exception is IOException or InvalidOperationException)
                    {
                        return;
                    }

                    string line;
                    try
                    {
                        line = await connection.ReadLineAsync();
                    }
                    catch (Exception exception) when (exception is EndOfStreamException or IOException)
                    {
                        return; // closed before it was answered: idle when the drain came
                    }

                    Assert.Equal("HTTP/1.1 200 OK", line);
                    var isLast = false;
                    while (await connection.ReadLineAsync() is { Length: > 0 } header)
                    {
                        isLast |= header == "Connection: close";
                    }

                    await connection.ReadExactlyAsync(6);
                    Interlocked.Increment(ref answered);
                    if (isLast)
                    {
                        return;
                    }
                }
            }
        }
    }

    private Task<TestServer> StartAsync(ManualResetEventSlim? gate, Action<HttpServerOptions>? configure = null) =>
        TestServer.StartAsync(transport, server =>
        {
            server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
            server.MapPost("/echo", static async (request, response) =>
            {
                // The head is written while the body is being read.
                response.ContentLength = request.ContentLength;
                await request.Body.CopyToAsync(response.Body);
            });
            server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
            server.MapGet("/blocks", (_, response) =>
            {
                gate!.Wait();
                response.WriteText("done");
            });
            server.MapGet("/endless", static async (_, response) =>
            {
                while (!(await response.Body.WriteAsync(new byte[100_000])).IsCompleted)
                {
                }
            });
            server.MapGet("/waits-for-abort", static async (request, _) =>
                await Task.Delay(Timeout.Infinite, request.Aborted));
            server.MapGet("/waits-for-drain", static async (request, response) =>
            {
                var drained = new TaskCompletionSource();
                using (request.Draining.Register(drained.SetResult))
                {
                    await drained.Task;
                }

                response.WriteText("drained");
            });
        }, configure);
}
