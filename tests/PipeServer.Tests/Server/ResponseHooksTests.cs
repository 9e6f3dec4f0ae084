using System.Collections.Concurrent;
using System.Text;
using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Server;

/// <summary>
/// <see cref="HttpResponse.OnStarting"/> and <see cref="HttpResponse.OnCompleted"/>: called once, in their order, whatever starts and ends the response.
/// </summary>
public abstract class ResponseHooksTests(string transport)
{
    private const string Text = "the body, which is held back";

    private static readonly PreparedResponse Encoded = new(200, [new("Content-Type", "text/plain")], Encoding.ASCII.GetBytes(Text));

    private static readonly string[] Ways =
    [
        "end", "flush", "flushes", "length", "length-flush", "long-length", "encoded", "encoded-flush", "source", "file", "length-file", "cleared", "phrase", "nested",
    ];

    private static readonly string[] SynchronousWays = ["end", "length", "long-length", "encoded", "source", "cleared", "phrase"];

    private readonly ConcurrentQueue<string> _events = [];
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A head that went out before, or a callback that was called twice or never, shows in the order of the fields and events.
    [Theory]
    [InlineData("inline", "1.1")]
    [InlineData("inline", "1.0")]
    [InlineData("synchronous", "1.1")]
    [InlineData("synchronous", "1.0")]
    [InlineData("worker", "1.1")]
    [InlineData("worker", "1.0")]
    [InlineData("at-once", "1.1")]
    [InlineData("at-once", "1.0")]
    [InlineData("late", "1.1")]
    [InlineData("late", "1.0")]
    public async Task Every_way_to_start_calls_them_first_and_every_end_calls_the_others(string kind, string version)
    {
        await using var server = await StartAsync();
        foreach (var way in kind is "synchronous" or "at-once" ? SynchronousWays : Ways)
        {
            foreach (var method in (string[])["GET", "HEAD"])
            {
                _events.Clear();
                await using var client = await server.ConnectAsync();
                var response = await client.RequestAsync(
                    $"{method} /{kind}/{way} HTTP/{version}\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", isHead: method == "HEAD");
                Assert.Equal((way, "3,2,1"), (way, string.Join(',', response.Headers.Where(static field => field.Name == "X-Order").Select(static field => field.Value))));
                Assert.Equal((way, 200), (way, response.Status));
                if (method == "GET")
                {
                    Assert.Equal((way, Text), (way, response.Text));
                }

                await Eventually.TrueAsync(() => _events.Count == 2, $"{way}: the end is told");
                Assert.Equal(["completed 2", "completed 1"], _events);
            }
        }

        Assert.DoesNotContain(server.Log.Entries, static entry => entry.Exception is not null);
    }

    [Theory]
    [InlineData("inline")]
    [InlineData("synchronous")]
    [InlineData("worker")]
    [InlineData("at-once")]
    [InlineData("late")]
    public async Task Pipelined_requests_are_answered_in_order_and_keep_their_callbacks_apart(string kind)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 3; round++)
        {
            _events.Clear();
            await client.SendAsync(string.Concat(Enumerable.Range(0, 4).Select(i => TestClient.Get("/plain") + TestClient.Get($"/{kind}/end?{i}"))));
            for (var i = 0; i < 4; i++)
            {
                var plain = await client.ReadResponseAsync();
                Assert.Equal(("plain", null), (plain.Text, plain["X-Order"]));
                var hooked = await client.ReadResponseAsync();
                Assert.Equal((Text, 3), (hooked.Text, hooked.Headers.Count(static field => field.Name == "X-Order")));
            }

            await Eventually.TrueAsync(() => _events.Count == 12, "all are told");
            Assert.Equal(
                [.. Enumerable.Range(0, 4).SelectMany(static _ => (string[])["plain", "completed 2", "completed 1"])], _events.ToArray());
        }
    }

    // Its answer was flushed with those behind it in the batch.
    [Theory]
    [InlineData("/gated")]
    [InlineData("/gated-worker")]
    public async Task The_end_is_told_when_the_client_can_have_the_answer_and_before_the_next_request(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/plain") + TestClient.Get(path) + TestClient.Get("/plain") + TestClient.Get("/plain"));
        Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
        Assert.Equal("gated", (await client.ReadResponseAsync()).Text);
        await Eventually.TrueAsync(() => _events.Contains("gate"), "it is told");
        Assert.Equal(["plain", "gate"], _events);
        _gate.SetResult();
        Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
        Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
        Assert.Equal(["plain", "gate", "gone on", "plain", "plain"], _events);
    }

    [Theory]
    [InlineData("/inline/starting-throws")]
    [InlineData("/worker/starting-throws")]
    [InlineData("/at-once/starting-throws")]
    [InlineData("/inline/starting-throws-in-flush")]
    [InlineData("/inline/starting-throws-in-length")]
    [InlineData("/inline/starting-throws-and-is-caught")]
    public async Task A_callback_that_throws_before_the_start_has_the_request_answered_with_500(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 2; round++)
        {
            _events.Clear();
            var response = await client.RequestAsync(TestClient.Get(path));
            Assert.Equal((500, null, null), (response.Status, response["X-Order"], response["X-Set"]));
            await Eventually.TrueAsync(() => _events.Contains("completed"), "the end is told");
            Assert.Equal(["throws", "completed"], _events);
            Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
        }

        Assert.Equal(2, server.Log.Entries.Count(static entry => entry.Exception is { Message: "On purpose." }));
    }

    [Theory]
    [InlineData("inline")]
    [InlineData("worker")]
    [InlineData("late")]
    [InlineData("at-once")]
    public async Task They_are_called_for_the_answer_to_a_handler_that_has_failed(string kind)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get($"/{kind}/fault"));
        Assert.Equal((500, null, "3, 2, 1"), (response.Status, response["X-Set"], response["X-Order"]));
        Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
        response = await client.RequestAsync(TestClient.Get($"/{kind}/fault-and-starting-throws"));
        Assert.Equal((500, null, null), (response.Status, response["X-Set"], response["X-Order"]));
        response = await client.RequestAsync(TestClient.Get($"/{kind}/fault-and-no-content"));
        Assert.Equal(500, response.Status); // a 204 with the body of a 500 is none
        response = await client.RequestAsync(TestClient.Get($"/{kind}/bad"));
        Assert.Equal((400, "3, 2, 1", null), (response.Status, response["X-Order"], response["Connection"]));
    }

    [Fact]
    public async Task Faults_at_the_end_are_logged_and_change_nothing()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("ended", (await client.RequestAsync(TestClient.Get("/completed-throws?secret"))).Text);
        Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
        var entry = Assert.Single(server.Log.Entries, static entry => entry.Exception is not null);
        Assert.StartsWith("A callback of the response to GET /completed-throws", entry.Message);
        Assert.Equal(["called too", "plain"], _events);
    }

    [Theory]
    [InlineData("/waits-for-client")]
    [InlineData("/waits-for-client-inline")]
    public async Task A_client_that_has_left_gets_no_start_and_the_end_is_told(string path)
    {
        Assert.SkipWhen(transport == "memory", "There is no reset in memory.");
        await using var server = await StartAsync();
        await using (var client = await server.ConnectAsync())
        {
            await client.SendAsync(TestClient.Get(path));
            await Eventually.TrueAsync(() => _events.Contains("handling"), "it is there");
            await client.ResetAsync();
        }

        await Eventually.TrueAsync(() => _events.Contains("completed"), "the end is told");
        Assert.Equal(["handling", "completed"], _events);
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "it is counted");
    }

    // Its answer has begun, and its connection is cut: the end is told all the same, and once.
    [Fact]
    public async Task The_end_is_told_of_a_response_that_is_cut()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/cut"));
        await Assert.ThrowsAnyAsync<IOException>(async () => await client.ReadResponseAsync());
        await Eventually.TrueAsync(() => _events.Count == 2, "the end is told");
        Assert.Equal(["starting", "completed"], _events);
    }

    // The one of a worker may block, which on a loop's thread would hold up others; it may even wait for another client of its loop.
    [Fact]
    public async Task The_callbacks_of_a_worker_run_on_no_loop()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("threads", (await client.RequestAsync(TestClient.Get("/threads"))).Text);
        await Eventually.TrueAsync(() => _events.Count == 2, "both were called");
        Assert.All(_events, static one => Assert.Equal("False", one));
    }

    [Fact]
    public async Task An_upgrade_calls_them_before_its_head_and_after_its_handler()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var head = await client.RequestAsync(TestClient.Get("/upgrade", "Connection: upgrade", "Upgrade: lines"));
        Assert.Equal((101, "lines", "1"), (head.Status, head["Upgrade"], head["X-Order"]));
        Assert.Equal(["starting 101"], _events);
        await client.SendAsync("abc");
        Assert.Equal("bye", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
        await Eventually.TrueAsync(() => _events.Count == 2, "the end is told");
        Assert.Equal(["starting 101", "completed 101"], _events);
    }

    // What was not awaited went on into the connection's next request, or started its response.
    [Theory]
    [InlineData("/not-awaited")]
    [InlineData("/not-awaited-upgrade")]
    public async Task A_start_that_is_not_awaited_costs_the_connection(string path)
    {
        await using var server = await StartAsync();
        await using (var client = await server.ConnectAsync())
        {
            await client.SendAsync(TestClient.Get(path, "Connection: upgrade", "Upgrade: lines"));
            await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "it is cut");
        }

        _gate.SetResult();
        await using var next = await server.ConnectAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("plain", (await next.RequestAsync(TestClient.Get("/plain"))).Text);
        }
    }

    [Fact]
    public async Task More_than_was_promised_is_noticed_while_it_is_held_back()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("longer", (await client.RequestAsync(TestClient.Get("/longer"))).Text);
        await Assert.ThrowsAnyAsync<IOException>(() => client.RequestAsync(TestClient.Get("/shorter")));
    }

    [Fact]
    public async Task What_has_started_starts_no_second_time()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("refused", (await client.RequestAsync(TestClient.Get("/too-late"))).Text);
    }

    private static async ValueTask AnswerAsync(string way, HttpResponse response)
    {
        var bytes = Encoding.ASCII.GetBytes(Text);
        switch (way)
        {
            case "flush":
                response.WriteText(Text);
                await response.Body.FlushAsync();
                break;
            case "flushes":
                foreach (var part in bytes)
                {
                    await response.Body.WriteAsync(new[] { part });
                }

                break;
            case "length-flush":
                response.ContentLength = bytes.Length;
                response.WriteBytes(bytes);
                Assert.False(response.HasStarted);
                await response.Body.FlushAsync();
                Assert.True(response.HasStarted);
                break;
            case "encoded-flush":
                response.Send(Encoded);
                await response.Body.FlushAsync();
                break;
            case "file" or "length-file":
                var path = Path.GetTempFileName();
                try
                {
                    await File.WriteAllTextAsync(path, Text);
                    response.ContentLength = way == "file" ? null : Text.Length;
                    using var file = File.OpenHandle(path);
                    await response.SendFileAsync(file, 0, Text.Length);
                }
                finally
                {
                    File.Delete(path);
                }

                break;
            case "nested":
                response.OnStarting(_ => Flush(response));
                response.WriteText(Text);
                break;
            default:
                Answer(way, response);
                break;
        }
    }

    private static async ValueTask Flush(HttpResponse response) => await response.Body.FlushAsync();

    private static void Answer(string way, HttpResponse response)
    {
        var bytes = Encoding.ASCII.GetBytes(Text);
        switch (way)
        {
            case "end":
                response.WriteText(Text);
                break;
            case "length":
                response.ContentLength = bytes.Length;
                response.WriteBytes(bytes.AsSpan(0, 3));
                response.WriteBytes(bytes.AsSpan(3));
                break;
            case "long-length":
                response.Headers["Content-Length"] = $"{Text.Length}";
                response.WriteText(Text);
                Assert.False(response.HasStarted);
                break;
            case "encoded":
                response.Send(Encoded);
                break;
            case "source":
                Assert.True(response.TrySend(PreparedResponse.WithSource(200, [], new TestSource(bytes))));
                break;
            case "cleared":
                response.ContentLength = 1000;
                response.Headers["X-Set"] = "set";
                response.Clear();
                response.WriteText(Text);
                break;
            case "phrase":
                response.ReasonPhrase = "Hooked";
                response.WriteText(Text);
                break;
            case "fault" or "fault-and-starting-throws" or "fault-and-no-content":
                response.Headers["X-Set"] = "set";
                response.WriteText(Text);
                throw new InvalidOperationException("The handler's own.");
            case "bad":
                throw new BadHttpRequestException("Not like this.");
            default:
                throw new ArgumentException(way);
        }
    }

    private void Register(string way, HttpResponse response)
    {
        for (var i = 1; i <= 3; i++)
        {
            response.OnStarting(
                async state =>
                {
                    await Task.Yield();
                    Assert.False(response.HasStarted);
                    response.Headers.Add("X-Order", (string)state!);
                },
                $"{i}");
        }

        response.OnCompleted(Completed, "1");
        response.OnCompleted(Completed, "2");
        if (way == "fault-and-starting-throws")
        {
            response.OnStarting(static _ => throw new InvalidOperationException("On purpose."));
        }
        else if (way == "fault-and-no-content")
        {
            response.OnStarting(_ =>
            {
                response.StatusCode = 204;
                return ValueTask.CompletedTask;
            });
        }

        async ValueTask Completed(object? state)
        {
            await Task.Yield();
            Assert.True(response.HasStarted);
            _events.Enqueue($"completed {state}");
        }
    }

    private void RegisterThrowing(HttpResponse response)
    {
        response.Headers["X-Set"] = "set";
        response.OnStarting(_ =>
        {
            response.Headers["X-Order"] = "never";
            return ValueTask.CompletedTask;
        });
        response.OnStarting(_ =>
        {
            _events.Enqueue("throws");
            throw new InvalidOperationException("On purpose.");
        });
        response.OnCompleted(_ =>
        {
            _events.Enqueue("completed");
            return ValueTask.CompletedTask;
        });
    }

    private void Note(HttpResponse response)
    {
        response.OnStarting(_ =>
        {
            _events.Enqueue("starting");
            return ValueTask.CompletedTask;
        });
        response.OnCompleted(_ =>
        {
            _events.Enqueue("completed");
            return ValueTask.CompletedTask;
        });
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(transport, server =>
    {
        server.MapGet("/plain", (_, response) =>
        {
            _events.Enqueue("plain");
            response.WriteText("plain");
        }, Dispatch.Inline);
        foreach (var way in (string[])[.. Ways, "fault", "fault-and-starting-throws", "fault-and-no-content", "bad"])
        {
            MapWay(server, way);
        }

        MapThrowing(server);
        MapOthers(server);
        MapThreads(server);
    });

    private void MapWay(HttpServer server, string way)
    {
        ValueTask AnswerHooked(HttpRequest request, HttpResponse response)
        {
            Register(way, response);
            return AnswerAsync(way, response);
        }

        server.MapGet($"/inline/{way}", AnswerHooked, Dispatch.Inline);
        server.MapGet($"/worker/{way}", AnswerHooked);
        server.MapGet($"/late/{way}", async (_, response) =>
        {
            Register(way, response);
            await Task.Yield();
            await AnswerAsync(way, response);
        });
        server.MapGet($"/synchronous/{way}", (_, response) =>
        {
            Register(way, response);
            Answer(way, response);
        }, Dispatch.Inline);
        server.Map("GET", $"/at-once/{way}", (_, response) =>
        {
            Register(way, response);
            Answer(way, response);
            return true;
        }, static (_, _) => throw new InvalidOperationException("It was answered."));
    }

    private void MapThrowing(HttpServer server)
    {
        foreach (var dispatch in Enum.GetValues<Dispatch>())
        {
            server.MapGet($"/{dispatch.ToString().ToLowerInvariant()}/starting-throws", (_, response) =>
            {
                RegisterThrowing(response);
                response.WriteText(Text);
            }, dispatch);
        }

        server.Map("GET", "/at-once/starting-throws", (_, response) =>
        {
            RegisterThrowing(response);
            response.WriteText(Text);
            return true;
        }, static (_, _) => default);
        server.MapGet("/inline/starting-throws-in-flush", async (_, response) =>
        {
            RegisterThrowing(response);
            response.WriteText(Text);
            await response.Body.FlushAsync();
        }, Dispatch.Inline);
        server.MapGet("/inline/starting-throws-in-length", async (_, response) =>
        {
            RegisterThrowing(response);
            response.ContentLength = Text.Length;
            await response.Body.WriteAsync(Encoding.ASCII.GetBytes(Text));
        }, Dispatch.Inline);
        server.MapGet("/inline/starting-throws-and-is-caught", async (_, response) =>
        {
            RegisterThrowing(response);
            response.ContentLength = Text.Length;
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await response.Body.FlushAsync());
            response.WriteText(Text);
            Assert.False(response.HasStarted);
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await response.Body.FlushAsync());
        }, Dispatch.Inline);
        server.MapGet("/completed-throws", (_, response) =>
        {
            response.OnCompleted(_ =>
            {
                _events.Enqueue("called too");
                return ValueTask.CompletedTask;
            });
            response.OnCompleted(static _ => throw new InvalidOperationException("On purpose."));
            response.WriteText("ended");
        });
    }

    private void MapOthers(HttpServer server)
    {
        void Gated(HttpRequest request, HttpResponse response)
        {
            response.WriteText("gated");
            response.OnCompleted(async _ =>
            {
                _events.Enqueue("gate");
                await _gate.Task;
                _events.Enqueue("gone on");
            });
        }

        server.MapGet("/gated", Gated, Dispatch.Inline);
        server.MapGet("/gated-worker", Gated);
        async ValueTask WaitForClientAsync(HttpRequest request, HttpResponse response)
        {
            Note(response);
            _events.Enqueue("handling");
            await Task.Delay(TestClient.Patience, request.Aborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            response.WriteText(Text);
        }

        server.MapGet("/waits-for-client", WaitForClientAsync);
        server.MapGet("/waits-for-client-inline", WaitForClientAsync, Dispatch.Inline);
        server.MapGet("/cut", async (_, response) =>
        {
            Note(response);
            response.WriteText(Text);
            await response.Body.FlushAsync();
            throw new InvalidOperationException("On purpose.");
        });
        server.MapGet("/upgrade", async (_, response) =>
        {
            response.OnStarting(_ =>
            {
                _events.Enqueue($"starting {response.StatusCode}");
                (response.Headers["Upgrade"], response.Headers["X-Order"]) = ("lines", "1");
                return ValueTask.CompletedTask;
            });
            response.OnCompleted(_ =>
            {
                _events.Enqueue($"completed {response.StatusCode}");
                return ValueTask.CompletedTask;
            });
            var pipe = await response.UpgradeAsync();
            await pipe.Input.ReadAsync();
            await pipe.Output.WriteAsync("bye"u8.ToArray());
        }, Dispatch.Inline);
        server.MapGet("/not-awaited", (_, response) =>
        {
            response.OnStarting(async _ => await _gate.Task);
            response.WriteText("lost");
            var flush = response.Body.FlushAsync().AsTask();
            Assert.False(flush.IsCompleted);
        }, Dispatch.Inline);
        server.MapGet("/not-awaited-upgrade", (_, response) =>
        {
            response.Headers["Upgrade"] = "lines";
            response.OnStarting(async _ => await _gate.Task);
            var upgrade = response.UpgradeAsync().AsTask();
            Assert.False(upgrade.IsCompleted);
        });
        server.MapGet("/longer", (_, response) =>
        {
            Note(response);
            response.ContentLength = 3;
            response.WriteBytes("abc"u8);
            Assert.Throws<InvalidOperationException>(() => response.WriteBytes("d"u8));
            response.Clear();
            response.WriteText("longer");
        });
        server.MapGet("/shorter", (_, response) =>
        {
            Note(response);
            response.ContentLength = 3;
            response.WriteBytes("ab"u8);
        });
        server.MapGet("/too-late", async (_, response) =>
        {
            await response.Body.FlushAsync();
            Assert.Throws<InvalidOperationException>(() => response.OnStarting(static _ => default));
            response.WriteText("refused");
        });
    }

    private void MapThreads(HttpServer server) => server.MapGet("/threads", async (_, response) =>
    {
        response.OnStarting(_ =>
        {
            _events.Enqueue($"{EventLoop.IsCurrentThread}");
            return ValueTask.CompletedTask;
        });
        response.OnCompleted(_ =>
        {
            _events.Enqueue($"{EventLoop.IsCurrentThread}");
            return ValueTask.CompletedTask;
        });
        await Task.Delay(10);
        response.WriteText("threads");
    });
}
