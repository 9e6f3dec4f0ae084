using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>
/// <see cref="HttpRequest.Abort()"/>: the client gets no whole answer, the ledger and the completion event say so, nothing is logged as a fault, and nobody
/// else is hit. One suite, unchanged over each transport.
/// </summary>
public abstract class AbortTests(string transport)
{
    private const string Told = "Aborted|the handler has aborted it";

    private readonly ConcurrentQueue<string> _told = [];
    private readonly ConcurrentQueue<string> _problems = [];

    [Theory]
    [InlineData("/sync")]
    [InlineData("/sync?throws")]
    [InlineData("/worker/sync")]
    [InlineData("/worker/sync?throws")]
    [InlineData("/async")]
    [InlineData("/async?throws")]
    [InlineData("/worker/async")]
    [InlineData("/worker/async?throws")]
    [InlineData("/elsewhere")]
    [InlineData("/worker/elsewhere")]
    [InlineData("/after-wait")]
    [InlineData("/worker/after-wait?throws")]
    [InlineData("/first")]
    [InlineData("/first-not")]
    public async Task A_request_is_cut_off_and_nothing_that_is_written_later_goes_anywhere(string path)
    {
        await using var server = await StartAsync();
        for (var round = 1; round <= 3; round++)
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
            await client.SendAsync(TestClient.Get(path));
            Assert.Equal("", await ReadUntilCutAsync(client));
            await ExpectAsync(server, aborted: round, completed: round);
            Assert.Equal($"{path} 0 {Told}", _told.Last());
        }
    }

    [Theory]
    [InlineData("/head-sent")]
    [InlineData("/worker/head-sent")]
    [InlineData("/worker/head-sent?throws")]
    public async Task Its_answer_has_begun(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path));
        var seen = await ReadUntilCutAsync(client);
        if (transport != "memory") // where a reset takes away what is not read
        {
            Assert.EndsWith("\r\n\r\n5\r\nbegun\r\n", seen);
        }

        await ExpectAsync(server, aborted: 1, completed: 0);
        Assert.Equal($"{path} 200 {Told}", Assert.Single(_told));
    }

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nhello")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    public async Task A_read_of_its_body_ends(string rest)
    {
        foreach (var path in new[] { "/reads", "/worker/reads" })
        {
            _told.Clear();
            await using var server = await StartAsync();
            await using var client = await server.ConnectAsync();
            await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: a\r\n{rest}");
            Assert.Equal("", await ReadUntilCutAsync(client));
            await ExpectAsync(server, aborted: 1, completed: 0);
            Assert.Equal($"{path} 0 {Told}", Assert.Single(_told));
        }
    }

    // What is whole must not be lost with what is cut: its client may not know that it can ask again.
    [Theory]
    [InlineData("/sync")]
    [InlineData("/sync?throws")]
    [InlineData("/worker/sync")]
    [InlineData("/async")]
    [InlineData("/elsewhere")]
    [InlineData("/first")]
    [InlineData("/first-not")]
    [InlineData("/sends")]
    [InlineData("/writes")]
    [InlineData("/worker/writes")]
    public async Task Answers_to_earlier_requests_of_the_batch_go_out_first(string path)
    {
        await using var server = await StartAsync();
        for (var round = 1; round <= 3; round++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(TestClient.Get("/plain") + TestClient.Get("/plain") + TestClient.Get(path) + TestClient.Get("/plain"));
            if (transport != "memory") // where a reset takes away what is not read
            {
                Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
                Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
                Assert.Equal("", await ReadUntilCutAsync(client));
            }

            await ExpectAsync(server, aborted: round, completed: 2 * round);
            Assert.Equal($"{path} 0 {Told}", _told.Last());
        }
    }

    // The bug: on a worker an answer may wait for the handler behind it in its batch. An abort left the cut to the end of that handler, which waited for the
    // token that the cut cancels: for ever, and its client with it.
    [Theory]
    [InlineData("/worker/after-wait")]
    [InlineData("/worker/after-wait?throws")]
    public async Task A_handler_that_holds_an_earlier_answer_back_hears_of_its_abort(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/worker/at-hand") + TestClient.Get(path));
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted > 0, "it is cut off");
        await Eventually.TrueAsync(() => _told.Count(static one => one.EndsWith(Told)) == 1, "it is told");
        Assert.Empty(_problems);
        var requests = server.Server.Requests;
        Assert.Equal((2, 2), (requests.Received, requests.Completed + requests.Aborted));
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    // The bug: the handler was called all the same, or the request was refused and counted as answered.
    [Theory]
    [InlineData("", 0)]
    [InlineData("", 1)]
    [InlineData("", 2)]
    [InlineData("Content-Length: 100000000\r\n", 0)]
    public async Task The_function_that_chooses_may_abort(string field, int dispatch)
    {
        var wasCalled = false;
        await using var server = await StartAsync(server => server.Map(
            "GET",
            "/chosen",
            request =>
            {
                request.Abort();
                return (Dispatch)dispatch;
            },
            (_, _) => wasCalled = true));
        await using var client = await server.ConnectAsync();
        await client.SendAsync($"{TestClient.Get("/plain")}GET /chosen HTTP/1.1\r\nHost: a\r\n{field}\r\n");
        if (transport != "memory") // where a reset takes away what is not read
        {
            Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
            Assert.Equal("", await ReadUntilCutAsync(client));
        }

        await ExpectAsync(server, aborted: 1, completed: 1);
        Assert.Equal($"/chosen 0 {Told}", _told.Last());
        Assert.False(wasCalled);
    }

    [Theory]
    [InlineData("/switched")]
    [InlineData("/worker/switched")]
    public async Task A_switched_connection_is_cut_off(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path, "Connection: Upgrade", "Upgrade: lines"));
        Assert.Equal(101, (await client.ReadHeadAsync()).Status);
        await client.SendAsync("x");
        Assert.Equal("", await ReadUntilCutAsync(client));
        await ExpectAsync(server, aborted: 1, completed: 0);
    }

    // The objects are pooled, those of the connection too.
    [Fact]
    public async Task A_call_that_comes_late_hits_nobody()
    {
        HttpRequest? kept = null;
        await using var server = await StartAsync(server => server.MapGet("/keeps", (request, response) =>
        {
            kept = request;
            response.WriteText("kept");
        }, Dispatch.Inline));
        await using (var first = await server.ConnectAsync())
        {
            Assert.Equal("kept", (await first.RequestAsync(TestClient.Get("/keeps"))).Text);
            await Eventually.TrueAsync(() => !kept!.Aborted.CanBeCanceled, "the connection has let go of its request");
            kept!.Abort();
            Assert.Equal("kept", (await first.RequestAsync(TestClient.Get("/keeps"))).Text);
            await Eventually.TrueAsync(() => !kept.Aborted.CanBeCanceled, "the connection has let go of its request");
        }

        await Eventually.TrueAsync(() => server.Server.Connections.Closed == 1, "the first connection has ended");
        await using var second = await server.ConnectAsync();
        kept!.Abort();
        Assert.Equal("plain", (await second.RequestAsync(TestClient.Get("/plain"))).Text);
        await Eventually.TrueAsync(() => !kept.Aborted.CanBeCanceled, "the connection has let go of its request");
        kept.Abort();
        Assert.Equal("plain", (await second.RequestAsync(TestClient.Get("/plain"))).Text);
        Assert.Equal(0, server.Server.Requests.Aborted);
    }

    // A request that was cut off keeps its objects, and with them its connection: what is called later finds only that.
    [Fact]
    public async Task After_an_abort_the_request_stays_aborted_for_who_has_kept_it()
    {
        var kept = new TaskCompletionSource<(HttpRequest Request, HttpResponse Response)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(server => server.MapGet("/keeps", (request, response) =>
        {
            request.Abort();
            kept.TrySetResult((request, response));
        }));
        await using (var first = await server.ConnectAsync())
        {
            await first.SendAsync(TestClient.Get("/keeps"));
            Assert.Equal("", await ReadUntilCutAsync(first));
        }

        var (request, response) = await kept.Task;
        await ExpectAsync(server, aborted: 1, completed: 0);
        await using var second = await server.ConnectAsync();
        Assert.Equal("plain", (await second.RequestAsync(TestClient.Get("/plain"))).Text);
        request.Abort();
        response.WriteText("late");
        Assert.True((await response.Body.FlushAsync()).IsCompleted);
        Assert.True(request.Aborted.IsCancellationRequested);
        Assert.Equal("plain", (await second.RequestAsync(TestClient.Get("/plain"))).Text);
    }

    // Of an answer that is written nothing is taken back.
    [Fact]
    public async Task An_abort_in_the_completion_event_is_too_late()
    {
        await using var server = await StartAsync(completed: static (in RequestCompletion completion) => completion.Request?.Abort());
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
        }

        Assert.Equal((3, 0), (server.Server.Requests.Received, server.Server.Requests.Aborted));
    }

    // Neither may a call that races with the end of its request hit another one: whatever comes, each client gets its own answer or none.
    [Fact]
    public async Task Aborts_that_race_with_the_end_of_their_requests_keep_the_ledger_whole()
    {
        const int Requests = 200;
        await using var server = await StartAsync(static server => server.MapGet("/races", static async (request, response) =>
        {
            var aborting = Task.Run(request.Abort);
            if (request.QueryBytes.Length > 0)
            {
                await Task.Yield();
            }

            response.WriteText("raced");
            await aborting; // the request is its handler's until this returns
        }, Dispatch.Inline));
        for (var i = 0; i < Requests; i++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(TestClient.Get(i % 2 == 0 ? "/races" : "/races?yields"));
            Assert.Equal("", await ReadUntilCutAsync(client));
        }

        await ExpectAsync(server, aborted: Requests, completed: 0);
    }

    private static void Use(HttpResponse response)
    {
        response.StatusCode = 201;
        response.Headers["X"] = "y";
        response.WriteText("late");
    }

    private static void EndWith(HttpRequest request)
    {
        if (request.QueryBytes.Length > 0)
        {
            throw new InvalidOperationException("After the abort, on purpose.");
        }
    }

    private void Check(bool condition, string problem)
    {
        if (!condition)
        {
            _problems.Enqueue(problem);
        }
    }

    private async Task ExpectAsync(TestServer server, int aborted, int completed)
    {
        await Eventually.TrueAsync(() => server.Server.Connections.Aborted == aborted, "the connection counts as aborted");
        await Eventually.TrueAsync(
            () => server.Server.Requests == new RequestCounts(aborted + completed, completed, 0, aborted), $"the ledger is {server.Server.Requests}");
        await Eventually.TrueAsync(() => _told.Count(static one => one.EndsWith(Told)) == aborted, "each is told once");
        Assert.Empty(_problems);
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    private static async Task<string> ReadUntilCutAsync(TestClient client)
    {
        var seen = new StringBuilder();
        try
        {
            while (true)
            {
                seen.Append((char)(await client.ReadExactlyAsync(1))[0]);
            }
        }
        catch (IOException)
        {
            return seen.ToString();
        }
    }

    private Task<TestServer> StartAsync(Action<HttpServer>? map = null, RequestCompletedHandler? completed = null) => TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/plain", static (_, response) => response.WriteText("plain"), Dispatch.Inline);
            server.Map("GET", "/first", (request, response) => Try(request, response, answers: true), static (_, _) => ValueTask.CompletedTask);
            server.Map("GET", "/first-not", (request, response) => Try(request, response, answers: false), static (_, _) => ValueTask.CompletedTask);
            server.MapGet("/sends", static (request, response) =>
            {
                request.Abort();
                response.Send(new PreparedResponse(200, [], "late"u8.ToArray()));
            }, Dispatch.Inline);
            foreach (var dispatch in new[] { Dispatch.Inline, Dispatch.Worker })
            {
                MapAll(server, dispatch == Dispatch.Inline ? "" : "/worker", dispatch);
            }

            map?.Invoke(server);
        },
        options =>
        {
            options.Loops = 1;
            options.OnCompleted = completed ?? See;
        });

    private bool Try(HttpRequest request, HttpResponse response, bool answers)
    {
        request.Abort();
        Use(response);
        Check(request.Aborted.IsCancellationRequested, "the first handler's token is not cancelled");
        return answers;
    }

    private void MapAll(HttpServer server, string prefix, Dispatch dispatch)
    {
        server.MapGet(prefix + "/at-hand", static (_, response) => response.WriteText("at hand"), dispatch);
        server.MapGet(prefix + "/sync", (request, response) =>
        {
            request.Abort();
            request.Abort();
            Check(request.Aborted.IsCancellationRequested, "the token is not cancelled");
            Use(response);
            EndWith(request);
        }, dispatch);
        server.MapGet(prefix + "/writes", (request, response) =>
        {
            request.Abort();
            response.Clear();
            response.ContentLength = 4;
            response.Body.Write("late"u8);
            Check(request.Aborted.IsCancellationRequested, "the token is not cancelled");
        }, dispatch);
        server.MapGet(prefix + "/async", async (request, response) =>
        {
            var aborted = request.Aborted;
            request.Abort();
            Check(aborted.IsCancellationRequested, "the token that was there before is not cancelled");
            Use(response);
            Check((await response.Body.FlushAsync()).IsCompleted, "a flush does not tell");
            response.Body.Write("later"u8);
            await Task.Yield();
            Check((await response.Body.FlushAsync()).IsCompleted, "a flush does not tell");
            EndWith(request);
        }, dispatch);
        server.MapGet(prefix + "/elsewhere", async (request, response) =>
        {
            await Task.Run(request.Abort);
            response.ContentLength = 10;
            response.Body.Write("0123456789and more than was promised"u8);
            await response.Body.FlushAsync();
        }, dispatch);
        server.MapGet(prefix + "/after-wait", async (request, response) =>
        {
            var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var registration = request.Aborted.Register(() => waiting.TrySetResult());
            _ = Task.Run(async () =>
            {
                await Task.Delay(10);
                request.Abort();
            });
            await waiting.Task.WaitAsync(TestClient.Patience);
            Use(response);
            EndWith(request);
        }, dispatch);
        server.MapGet(prefix + "/head-sent", async (request, response) =>
        {
            response.Body.Write("begun"u8);
            await response.Body.FlushAsync();
            request.Abort();
            response.Body.Write("late"u8);
            Check((await response.Body.FlushAsync()).IsCompleted, "a flush does not tell");
            EndWith(request);
        }, dispatch);
        server.MapPost(prefix + "/reads", async (request, _) =>
        {
            var read = await request.Body.ReadAtLeastAsync(5);
            request.Body.AdvanceTo(read.Buffer.End);
            var reading = request.Body.ReadAsync().AsTask();
            await Task.Run(request.Abort);
            await Assert.ThrowsAnyAsync<IOException>(() => reading.WaitAsync(TestClient.Patience));
            await Assert.ThrowsAnyAsync<IOException>(async () => await request.Body.ReadAsync());
        }, dispatch);
        server.MapGet(prefix + "/switched", async (request, response) =>
        {
            response.Headers["Upgrade"] = "lines";
            var pipe = await response.UpgradeAsync();
            var read = await pipe.Input.ReadAsync();
            pipe.Input.AdvanceTo(read.Buffer.End);
            var reading = pipe.Input.ReadAsync().AsTask();
            await Task.Run(request.Abort);
            await Assert.ThrowsAnyAsync<IOException>(() => reading.WaitAsync(TestClient.Patience));
            pipe.Output.Write("late"u8);
            Check((await pipe.Output.FlushAsync()).IsCompleted, "a flush does not tell");
        }, dispatch);
    }

    private void See(in RequestCompletion completion) => _told.Enqueue(
        $"{completion.Request?.Target} {completion.StatusCode} {completion.Outcome}|{completion.Reason}");
}
