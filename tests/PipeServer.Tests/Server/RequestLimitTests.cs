using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>
/// The limit of a body and the least rates, per request: set by the handler, in force for its request, gone for the next. By a clock in the test's hand.
/// One suite, unchanged over each transport.
/// </summary>
public abstract class RequestLimitTests(string transport)
{
    private readonly ManualTimeProvider _time = new();
    private readonly ConcurrentQueue<string> _seen = [];

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nhello", 5, 200)]
    [InlineData("Content-Length: 6\r\n\r\nhello!", 5, 413)]
    [InlineData("Content-Length: 6\r\n\r\n", 5, 413)] // before any of it has come
    [InlineData("Expect: 100-continue\r\nContent-Length: 6\r\n\r\n", 5, 413)]
    [InlineData("Content-Length: 0\r\n\r\n", 0, 200)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 5, 200)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n0\r\n\r\n", 5, 413)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n3\r\n", 5, 413)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 200)]
    public async Task A_lowered_limit_holds_for_what_is_read(string rest, long limit, int status)
    {
        await using var server = await StartAsync();
        foreach (var path in new[] { "/read", "/worker/read" })
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync($"POST {path}?{limit} HTTP/1.1\r\nHost: a\r\n{rest}");
            var response = await client.ReadResponseAsync();
            Assert.Equal(status, response.Status);
            if (status == 413)
            {
                Assert.Equal("close", response["Connection"]);
                Assert.True(await client.IsClosedAsync());
            }
            else
            {
                Assert.Equal("1000", (await client.RequestAsync(TestClient.Get("/limit"))).Text); // not the one before it
            }
        }

        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Theory]
    [InlineData(5000, 2000, 200)]
    [InlineData(-1, 2000, 200)] // no limit
    [InlineData(1999, 2000, 413)]
    public async Task A_raised_limit_holds_for_a_body_in_chunks(long limit, int length, int status)
    {
        await using var server = await StartAsync();
        foreach (var path in new[] { "/read", "/worker/read" })
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync($"POST {path}?{limit} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n");
            await client.SendAsync(new string('x', length) + "\r\n0\r\n\r\n");
            var response = await client.ReadResponseAsync();
            Assert.Equal(status, response.Status);
            if (status == 200)
            {
                Assert.Equal($"{length}", response.Text);
                await client.SendAsync($"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n");
                Assert.Equal(413, (await client.ReadResponseAsync()).Status); // the server's own again
            }
        }
    }

    // By its length such a request is refused before its handler is called, so that only who is asked before can let it pass.
    [Theory]
    [InlineData(5000, 2000, 200)]
    [InlineData(-1, 2000, 200)]
    [InlineData(1999, 2000, 413)]
    [InlineData(5, 6, 413)] // lowered
    public async Task The_function_that_chooses_where_the_handler_runs_sets_the_limit_of_a_length(long limit, int length, int status)
    {
        await using var server = await StartAsync();
        foreach (var dispatch in Enum.GetNames<Dispatch>())
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync($"POST /chosen/{dispatch}?{limit} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
            if (status == 200)
            {
                await client.SendAsync(new string('x', length));
            }

            var response = await client.ReadResponseAsync();
            Assert.Equal(status, response.Status);
            if (status == 200)
            {
                Assert.Equal($"{length}", response.Text);
                await client.SendAsync("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
                Assert.Equal(413, (await client.ReadResponseAsync()).Status); // the server's own again
            }
        }
    }

    // What its handler has not asked for keeps the bounds of every unread body.
    [Theory]
    [InlineData("/ignores?1", "Content-Length: 100\r\n\r\n", 100)]
    [InlineData("/ignores?1", "Transfer-Encoding: chunked\r\n\r\n64\r\n", 100)]
    [InlineData("/reads-some?5000", "Transfer-Encoding: chunked\r\n\r\n7d0\r\n", 2000)]
    public async Task An_unread_body_is_discarded_whatever_its_handlers_limit_is(string path, string start, int length)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: a\r\n{start}{new string('x', length)}{(start.StartsWith('T') ? "\r\n0\r\n\r\n" : "")}");
            Assert.Equal("ignored", (await client.ReadResponseAsync()).Text);
        }

        Assert.Equal("1000", (await client.RequestAsync(TestClient.Get("/limit"))).Text);
    }

    [Fact]
    public async Task What_a_body_is_held_to_cannot_be_changed_while_it_is_read()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("IIAA50", (await client.RequestAsync("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")).Text);
    }

    // The handler may give way before it gives up.
    [Fact]
    public async Task A_limit_that_was_too_low_can_be_raised_before_anything_was_read()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("413 6", (await client.RequestAsync("POST /again HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhello!")).Text);
        Assert.Equal("1000", (await client.RequestAsync(TestClient.Get("/limit"))).Text);
    }

    [Theory]
    [InlineData("Content-Length: 400\r\n\r\n", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n190\r\n", true)]
    public async Task A_body_may_be_slower_or_must_be_faster_than_the_servers_rate(string start, bool isChunked)
    {
        foreach (var (path, isCut) in new[] { ("/rate?1", false), ("/rate?0", false), ("/rate?1000", true) })
        {
            await using var server = await StartAsync(static options => options.MinDataRate = 240);
            await using var client = await server.ConnectAsync();
            await client.SendAsync($"POST {path} HTTP/1.1\r\nHost: a\r\n{start}");
            var reading = client.ReadResponseAsync();
            await Eventually.TrueAsync(() => _seen.Contains(path), "its handler reads");
            for (var i = 0; i < 40 && !reading.IsCompleted; i++)
            {
                // Ten bytes a second, for forty seconds.
                await client.SendAsync("0123456789");
                await Task.Delay(5);
                _time.Advance(TimeSpan.FromSeconds(1));
            }

            for (var i = 0; isCut && i < 60 && !reading.IsCompleted; i++)
            {
                await Task.Delay(5);
                _time.Advance(TimeSpan.FromSeconds(1)); // a busy machine may have needed longer
            }

            if (isCut)
            {
                Assert.Equal(408, (await reading).Status);
            }
            else
            {
                if (isChunked)
                {
                    await client.SendAsync("\r\n0\r\n\r\n");
                }

                Assert.Equal("400", (await reading).Text);
                _seen.Clear();

                // The next one has the server's own, and is too slow for it.
                await client.SendAsync($"POST /rate HTTP/1.1\r\nHost: a\r\n{start}");
                var second = client.ReadResponseAsync();
                await Eventually.TrueAsync(() => _seen.Contains("/rate"), "its handler reads");
                for (var i = 0; i < 200 && !second.IsCompleted; i++)
                {
                    await Task.Delay(5);
                    _time.Advance(TimeSpan.FromSeconds(1));
                    if (i < 39)
                    {
                        await SendOrNotAsync(client, "0123456789");
                    }
                }

                Assert.Equal(408, (await second).Status);
            }

            _seen.Clear();
        }
    }

    [Theory]
    [InlineData("/streams?0", false)]
    [InlineData("/whole?0", false)] // flushed when its handler has ended
    [InlineData("/whole?1000000000", true)]
    [InlineData("/worker/whole?0", false)]
    [InlineData("/streams?1000000000", true)]
    [InlineData("/streams", true)]
    public async Task A_response_may_be_taken_more_slowly_than_the_servers_rate(string path, bool isCut)
    {
        Assert.SkipWhen(transport.StartsWith("sockets") && !OperatingSystem.IsLinux(), "Only Linux tells what a client has taken.");
        await using var server = await StartAsync(options =>
        {
            options.MinDataRate = path.EndsWith("?1000000000") ? 240 : 1_000_000_000;
            options.ResponseWriteTimeout = TimeSpan.FromHours(10);
        });
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path));
        await client.ReadHeadAsync();
        await Task.Delay(300); // the flush waits by now
        for (var second = 0; second < 120 && server.Server.Connections.Aborted == 0; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(2);
        }

        if (isCut)
        {
            await Eventually.TrueAsync(() => server.Server.Connections.Aborted == 1, "it is cut off");
        }
        else
        {
            Assert.Equal(0, server.Server.Connections.Aborted);
            await server.Server.StopAsync(new CancellationToken(canceled: true)); // no grace period: its clock stands still
        }
    }

    private static async Task SendOrNotAsync(TestClient client, string text)
    {
        try
        {
            await client.SendAsync(text);
        }
        catch (IOException)
        {
            // It was answered, and closed.
        }
    }

    private static async ValueTask<long> ReadAsync(HttpRequest request)
    {
        for (var length = 0L; ;)
        {
            var read = await request.Body.ReadAsync();
            length += read.Buffer.Length;
            request.Body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return length;
            }
        }
    }

    private static long? LimitOf(HttpRequest request) => long.Parse(request.QueryString, null) is >= 0 and var limit ? limit : null;

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        server =>
        {
            foreach (var (prefix, dispatch) in new[] { ("", Dispatch.Inline), ("/worker", Dispatch.Worker) })
            {
                server.MapPost(prefix + "/read", async (request, response) =>
                {
                    if (request.QueryString.Length > 0)
                    {
                        request.MaxBodyBytes = LimitOf(request);
                        Assert.Equal(LimitOf(request), request.MaxBodyBytes);
                    }

                    response.WriteText($"{await ReadAsync(request)}");
                }, dispatch);
            }

            server.Map(
                "POST",
                "/chosen/{dispatch}",
                static request =>
                {
                    request.MaxBodyBytes = LimitOf(request);
                    return Enum.Parse<Dispatch>(request.RouteValues["dispatch"]);
                },
                static async (request, response) => response.WriteText($"{await ReadAsync(request)}"));
            server.MapGet("/limit", static (request, response) => response.WriteText($"{request.MaxBodyBytes}"), Dispatch.Inline);
            server.MapPost("/ignores", static (request, response) =>
            {
                request.MaxBodyBytes = LimitOf(request);
                response.WriteText("ignored");
            });
            server.MapPost("/reads-some", static async (request, response) =>
            {
                request.MaxBodyBytes = LimitOf(request);
                var read = await request.Body.ReadAsync();
                request.Body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                response.WriteText("ignored");
            });
            server.MapPost("/late", static async (request, response) =>
            {
                var problems = "";
                request.MinBodyDataRate = 50;
                var read = await request.Body.ReadAsync();
                request.Body.AdvanceTo(read.Buffer.Start);
                problems += Assert.Throws<InvalidOperationException>(() => request.MaxBodyBytes = 1).GetType().Name[0];
                problems += Assert.Throws<InvalidOperationException>(() => request.MinBodyDataRate = 1).GetType().Name[0];
                problems += Assert.Throws<ArgumentOutOfRangeException>(() => request.MaxBodyBytes = -1).GetType().Name[0];
                problems += Assert.Throws<ArgumentOutOfRangeException>(() => response.MinDataRate = -1).GetType().Name[0];
                response.WriteText(problems + request.MinBodyDataRate);
            });
            server.MapPost("/again", static async (request, response) =>
            {
                request.MaxBodyBytes = 5;
                var refused = await Assert.ThrowsAsync<BadHttpRequestException>(async () => await request.Body.ReadAsync());
                request.MaxBodyBytes = 6;
                response.WriteText($"{refused.StatusCode} {await ReadAsync(request)}");
            });
            server.MapPost("/rate", async (request, response) =>
            {
                if (request.QueryString.Length > 0)
                {
                    request.MinBodyDataRate = (int)LimitOf(request)!.Value;
                }

                _seen.Enqueue(request.Target);
                response.WriteText($"{await ReadAsync(request)}");
            }, Dispatch.Inline);
            void Whole(HttpRequest request, HttpResponse response)
            {
                response.MinDataRate = (int)LimitOf(request)!.Value;
                response.WriteBytes(new byte[30_000_000]);
            }

            server.MapGet("/whole", Whole, Dispatch.Inline);
            server.MapGet("/worker/whole", Whole);
            server.MapGet("/streams", static async (request, response) =>
            {
                if (request.QueryString.Length > 0)
                {
                    response.MinDataRate = (int)LimitOf(request)!.Value;
                }

                while (!(await response.Body.WriteAsync(new byte[100_000])).IsCompleted)
                {
                }
            });
        },
        options =>
        {
            (options.TimeProvider, options.MaxRequestBodyBytes, options.RequestBodyTimeout) = (_time, 1000, TimeSpan.FromMinutes(10));
            configure?.Invoke(options);
        });
}
