using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace PipeServer.Tests.Server;

/// <summary>
/// What callbacks of a response must not do to others: hold up answers that are whole, go beyond the bound of their dispatch, reach into another request,
/// or outlive their own. One suite, unchanged over each transport.
/// </summary>
public abstract class HookBoundsTests(string transport)
{
    private readonly ConcurrentQueue<string> _told = [];
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The bug: answers that were whole waited for a callback of the next one in their batch, however long that took.
    [Theory]
    [InlineData("/gated")]
    [InlineData("/gated-at-once")]
    [InlineData("/gated-fault")]
    [InlineData("/gated-worker")]
    public async Task An_answer_does_not_wait_for_a_callback_of_the_next_one(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/plain") + TestClient.Get(path == "/gated-worker" ? "/plain-worker" : "/plain") + TestClient.Get(path));
        Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
        Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
        _gate.SetResult();
        Assert.Equal(path == "/gated-fault" ? 500 : 200, (await client.ReadResponseAsync()).Status);
    }

    // The bug: where a callback had flushed itself, the response had started, and its connection went on with the next request while the callback was at
    // work: on the same objects.
    [Fact]
    public async Task A_callback_that_has_started_the_response_and_is_not_awaited_costs_the_connection()
    {
        await using var server = await StartAsync();
        await using (var client = await server.ConnectAsync())
        {
            await client.SendAsync(TestClient.Get("/not-awaited") + TestClient.Get("/plain"));
            await Eventually.TrueAsync(() => server.Server.Connections.Aborted == 1, "it is cut");
        }

        _gate.SetResult();
        Assert.Equal((1, 0), (server.Server.Requests.Aborted, server.Server.Requests.Completed));
        await using var next = await server.ConnectAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("plain", (await next.RequestAsync(TestClient.Get("/plain"))).Text);
        }
    }

    // The bug: the permit went back before callbacks that may block as their handler may, and so as many were at work as there were connections.
    [Theory]
    [InlineData("/ends-slowly")]
    [InlineData("/ends-slowly-and-faults")]
    public async Task Callbacks_of_the_end_hold_the_permit_of_their_handler(string path)
    {
        await using var server = await StartAsync();
        var clients = new List<TestClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await server.ConnectAsync());
            await clients[i].SendAsync(TestClient.Get(path));
        }

        await Eventually.TrueAsync(() => server.Server.GetStatistics().ThreadPool is { Active: 2, Queued: 2 }, "two are at work, two wait");
        await Eventually.TrueAsync(() => _told.Count == 2, "both callbacks have begun"); // a permit is taken before the thread pool begins
        Assert.Equal(2, _told.Count);
        _gate.SetResult();
        foreach (var client in clients)
        {
            Assert.Equal(path == "/ends-slowly" ? 200 : 500, (await client.ReadResponseAsync()).Status);
            Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
            await client.DisposeAsync();
        }

        await Eventually.TrueAsync(() => server.Server.GetStatistics().ThreadPool is { Active: 0, Queued: 0 }, "all permits are back");
        Assert.Equal(4, _told.Count);
    }

    // The bug: the server's answer to a handler that had failed went out, or was told as whole, although a callback had aborted the request.
    [Theory]
    [InlineData("/fault-aborts")]
    [InlineData("/fault-aborts-synchronous")]
    [InlineData("/bad-aborts")]
    [InlineData("/malformed-aborts")]
    public async Task A_callback_that_aborts_leaves_no_answer_to_a_fault(string path)
    {
        await using var server = await StartAsync(See);
        await using var client = await server.ConnectAsync();
        await client.SendAsync($"{TestClient.Get("/plain")}POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
        if (transport != "memory") // where a reset takes away what is not read
        {
            Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
            await Assert.ThrowsAnyAsync<IOException>(async () => await client.ReadLineAsync());
        }

        await Eventually.TrueAsync(() => server.Server.Connections.Aborted == 1, "it is cut");
        var requests = server.Server.Requests;
        Assert.Equal((2, 1, 1), (requests.Received, requests.Completed, requests.Aborted));
        Assert.Equal(["/plain 200 Answered", $"{path} 0 Aborted"], _told);
    }

    // The bug: a callback that had caught what the next one had thrown in a flush had the response started all the same, and cut then.
    [Theory]
    [InlineData("/swallows")]
    [InlineData("/swallows-in-flush")]
    public async Task A_callback_that_swallows_the_failure_of_another_changes_nothing(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get(path))).Status);
        Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
    }

    // The bug: what a request had kept lived on while its client took its time with the next head.
    [Fact]
    public async Task Half_a_head_keeps_nothing_of_the_request_before_it_alive()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var kept = await KeepAsync(client);
        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return !kept.IsAlive;
            },
            "it is forgotten");
        await client.SendAsync("t: a\r\n\r\n");
        Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> KeepAsync(TestClient client)
    {
        await client.SendAsync(TestClient.Get("/keeps") + "GET /plain HTTP/1.1\r\nHos");
        Assert.Equal("kept", (await client.ReadResponseAsync()).Text);
        return _kept!;
    }

    private WeakReference? _kept;

    private void See(in RequestCompletion completion) =>
        _told.Enqueue($"{completion.Request?.Target} {completion.StatusCode} {completion.Outcome}");

    private Task<TestServer> StartAsync(RequestCompletedHandler? completed = null) => TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/plain", static (_, response) => response.WriteText("plain"), Dispatch.Inline);
            server.MapGet("/plain-worker", static (_, response) => response.WriteText("plain"));
            server.MapGet("/keeps", (request, response) =>
            {
                var item = new object();
                request.Items["kept"] = item;
                _kept = new WeakReference(item);
                response.WriteText("kept");
            }, Dispatch.Inline);
            MapGated(server);
            MapFailing(server);
        },
        options =>
        {
            (options.ThreadPoolConcurrency, options.Loops) = (2, 1);
            options.OnCompleted = completed;
        });

    private void MapGated(HttpServer server)
    {
        server.MapGet("/gated", Gated, Dispatch.Inline);
        server.MapGet("/gated-worker", Gated);
        server.Map("GET", "/gated-at-once", (request, response) =>
        {
            Gated(request, response);
            return true;
        }, static (_, _) => default);
        Action<HttpRequest, HttpResponse> faults = (request, response) =>
        {
            Gated(request, response);
            throw new NotSupportedException();
        };
        server.MapGet("/gated-fault", faults, Dispatch.Inline);
        server.MapGet("/not-awaited", (_, response) =>
        {
            response.OnStarting(async _ =>
            {
                await response.Body.FlushAsync();
                await _gate.Task;
            });
            response.WriteText("begun");
            var flush = response.Body.FlushAsync().AsTask();
            Assert.False(flush.IsCompleted);
        }, Dispatch.Inline);
        server.MapGet("/ends-slowly", EndSlowly, Dispatch.ThreadPool);
        server.MapGet("/ends-slowly-and-faults", (request, response) =>
        {
            EndSlowly(request, response);
            throw new NotSupportedException();
        }, Dispatch.ThreadPool);
    }

    private static void MapFailing(HttpServer server)
    {
        server.MapPost("/fault-aborts", async (request, response) =>
        {
            response.OnStarting(_ => Abort(request));
            await Task.Yield();
            throw new NotSupportedException();
        });
        Action<HttpRequest, HttpResponse> faults = (request, response) =>
        {
            response.OnStarting(_ => Abort(request));
            throw new NotSupportedException();
        };
        server.MapPost("/fault-aborts-synchronous", faults, Dispatch.Inline);
        server.MapPost("/bad-aborts", (request, response) =>
        {
            response.OnStarting(_ => Abort(request));
            throw new BadHttpRequestException("Not like this.");
        }, Dispatch.Inline);
        server.MapPost("/malformed-aborts", async (request, response) =>
        {
            response.OnStarting(_ => Abort(request));
            await request.Body.ReadAsync();
        }, Dispatch.Inline);
        server.MapGet("/swallows", (_, response) => RegisterSwallowing(response));
        server.MapGet("/swallows-in-flush", async (_, response) =>
        {
            RegisterSwallowing(response);
            await response.Body.FlushAsync();
        });
    }

    private static void RegisterSwallowing(HttpResponse response)
    {
        response.OnStarting(static _ => throw new NotSupportedException());
        response.OnStarting(async _ => await Assert.ThrowsAsync<NotSupportedException>(async () => await response.Body.FlushAsync()));
    }

    private static ValueTask Abort(HttpRequest request)
    {
        request.Abort();
        return default;
    }

    private void Gated(HttpRequest request, HttpResponse response)
    {
        response.OnStarting(async _ => await _gate.Task);
        response.WriteText("gated");
    }

    private void EndSlowly(HttpRequest request, HttpResponse response)
    {
        response.OnCompleted(async _ =>
        {
            _told.Enqueue("ends");
            await _gate.Task;
        });
        response.WriteText("ended");
    }
}
