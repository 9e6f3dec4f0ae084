using System.Collections.Concurrent;

namespace PipeServer.Tests.Server;

/// <summary>What stands in front of handlers: in its order, for every request that has a handler, and nowhere else. One suite, unchanged over each transport.</summary>
public abstract class FilterTests(string transport)
{
    private static readonly object Order = new();

    [Fact]
    public async Task Outer_filters_go_first_and_routes_mapped_before_are_filtered_too()
    {
        await using var server = await TestServer.StartAsync(transport, static server =>
        {
            server.MapGet("/before", Tell);
            var outer = server.MapGroup("/outer");
            outer.MapGet("/before", Tell, Dispatch.Inline);
            server.AddFilter(Mark("1"));
            var inner = outer.MapGroup("/inner");
            inner.MapGet("/it", TellLateAsync);
            inner.AddFilter(Mark("5"));
            outer.AddFilter(Mark("3"));
            server.AddFilter(MarkLater("2"));
            outer.AddFilter(MarkLater("4"));
            outer.MapGet("/after", Tell);
            server.MapGroup("/other").MapGet("/it", Tell);
            server.MapFallback(Tell);
        });
        await using var client = await server.ConnectAsync();
        foreach (var (path, order) in new[]
        {
            ("/before", "12"), ("/outer/before", "1234"), ("/outer/inner/it", "12345"), ("/outer/after", "1234"), ("/other/it", "12"), ("/nowhere", "12"),
            ("/outer/nowhere", "12"),
        })
        {
            var response = await client.RequestAsync(TestClient.Get(path));
            Assert.Equal(order, response.Text);
            Assert.Equal(string.Concat(order.Reverse()), response["X-After"]?.Replace(", ", ""));
        }
    }

    [Fact]
    public async Task What_the_server_answers_itself_is_not_filtered_and_head_by_get_is()
    {
        var filtered = new ConcurrentQueue<string>();
        await using var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.AddFilter((request, response, next) =>
                {
                    filtered.Enqueue(request.Method + " " + request.Path);
                    return next(request, response);
                });
                server.MapGet("/a", static (_, response) => response.WriteText("a"));
                server.MapPost("/a", static (_, response) => response.WriteText("a"), Dispatch.Inline);
            },
            static options => options.HealthChecks = true);
        await using var client = await server.ConnectAsync();
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/healthz/live"))).Status);
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/healthz/ready"))).Status);
        Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/nowhere"))).Status);
        Assert.Equal(405, (await client.RequestAsync("DELETE /a HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(204, (await client.RequestAsync("OPTIONS /a HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Empty(filtered);
        Assert.Equal(200, (await client.RequestAsync("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n", isHead: true)).Status);
        Assert.Equal(200, (await client.RequestAsync("POST /a HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(["HEAD /a", "POST /a"], filtered);
    }

    // Of two handlers the first is asked by the thread that has received the request: past the filter, if it were asked there.
    [Theory]
    [InlineData("/pair?first", "first")]
    [InlineData("/pair", "second")]
    [InlineData("/nowhere?first", "first")]
    [InlineData("/nowhere", "second")]
    public async Task No_request_goes_past_a_filter_to_the_first_of_two_handlers(string target, string answer)
    {
        await using var server = await TestServer.StartAsync(transport, server =>
        {
            server.AddFilter((request, response, next) =>
            {
                if (request.Headers["Pass"] is null)
                {
                    response.StatusCode = 403;
                    return default;
                }

                Assert.StartsWith("worker-", Thread.CurrentThread.Name);
                return next(request, response);
            });
            server.Map("GET", "/pair", First, SecondAsync);
            server.MapFallback(First, SecondAsync);
        });
        await using var client = await server.ConnectAsync();
        Assert.Equal(403, (await client.RequestAsync(TestClient.Get(target))).Status);
        Assert.Equal(answer, (await client.RequestAsync(TestClient.Get(target, "Pass: 1"))).Text);

        static bool First(HttpRequest request, HttpResponse response)
        {
            if (request.QueryString.Length == 0)
            {
                return false;
            }

            response.WriteText("first");
            return true;
        }

        static ValueTask SecondAsync(HttpRequest request, HttpResponse response)
        {
            response.WriteText("second");
            return default;
        }
    }

    [Theory]
    [InlineData("/throws")]
    [InlineData("/throws/late")]
    [InlineData("/throws/inline")]
    public async Task A_filter_catches_what_the_handler_throws(string path)
    {
        await using var server = await TestServer.StartAsync(transport, static server =>
        {
            server.AddFilter(async (request, response, next) =>
            {
                try
                {
                    await next(request, response);
                }
                catch (InvalidTimeZoneException exception)
                {
                    response.StatusCode = 418;
                    response.WriteText(exception.Message);
                }
            });
            server.MapGet("/throws", static (HttpRequest _, HttpResponse _) => throw new InvalidTimeZoneException("at once"));
            server.MapGet("/throws/inline", static (HttpRequest _, HttpResponse _) => throw new InvalidTimeZoneException("at once"), Dispatch.Inline);
            server.MapGet("/throws/late", static async (_, _) =>
            {
                await Task.Yield();
                throw new InvalidTimeZoneException("at once");
            });
        });
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get(path));
        Assert.Equal((418, "at once"), (response.Status, response.Text));
        Assert.Equal(0, server.Log.CountFrom(Microsoft.Extensions.Logging.LogLevel.Error));
    }

    [Theory]
    [InlineData("/a")]
    [InlineData("/late")]
    [InlineData("/nowhere")]
    public async Task What_a_filter_throws_is_answered_500_and_logged_once(string path)
    {
        await using var server = await TestServer.StartAsync(transport, static server =>
        {
            server.AddFilter(static (request, response, next) => request.Path == "/late" ? LateAsync() : throw new InvalidTimeZoneException());
            server.MapGet("/a", Tell, Dispatch.Inline);
            server.MapGet("/late", Tell);
            server.MapFallback(Tell);

            static async ValueTask LateAsync()
            {
                await Task.Yield();
                throw new InvalidTimeZoneException();
            }
        });
        await using var client = await server.ConnectAsync();
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get(path))).Status);
        Assert.Equal(1, server.Log.Entries.Count(static entry => entry.Exception is InvalidTimeZoneException));
    }

    // An Action is known never to wait, so that answers before it are kept for one flush; behind a filter that waits they would be kept for it.
    [Fact]
    public async Task Answers_before_a_filter_that_waits_are_sent_before_it_waits()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(transport, server =>
        {
            server.MapGroup("").MapGet("/first", static (_, response) => response.WriteText("first"), Dispatch.Inline);
            var slow = server.MapGroup("/slow");
            slow.AddFilter(async (request, response, next) =>
            {
                await gate.Task;
                await next(request, response);
            });
            slow.MapGet("", static (_, response) => response.WriteText("slow"), Dispatch.Inline);
        });
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/first") + TestClient.Get("/slow"));
        Assert.Equal("first", (await client.ReadResponseAsync()).Text);
        gate.SetResult();
        Assert.Equal("slow", (await client.ReadResponseAsync()).Text);
    }

    // The overload for method groups that give a task.
    [Fact]
    public async Task A_filter_may_give_a_task()
    {
        await using var server = await TestServer.StartAsync(transport, static server =>
        {
            server.AddFilter(FilterAsync);
            server.MapGet("/", Tell);
        });
        await using var client = await server.ConnectAsync();
        Assert.Equal("t", (await client.RequestAsync(TestClient.Get("/"))).Text);

        static async Task FilterAsync(HttpRequest request, HttpResponse response, RequestHandler next) => await Mark("t")(request, response, next);
    }

    private static RequestFilter Mark(string name) => (request, response, next) =>
    {
        request.Items[Order] = request.Items.TryGetValue(Order, out var before) ? (string?)before + name : name;
        var answering = next(request, response);
        if (answering.IsCompletedSuccessfully)
        {
            response.Headers.Add("X-After", name);
            return answering;
        }

        return LateAsync(answering);

        async ValueTask LateAsync(ValueTask answering)
        {
            await answering;
            response.Headers.Add("X-After", name);
        }
    };

    private static RequestFilter MarkLater(string name)
    {
        var mark = Mark(name);
        return async (request, response, next) =>
        {
            await Task.Yield();
            await mark(request, response, next);
        };
    }

    private static void Tell(HttpRequest request, HttpResponse response) => response.WriteText((string)request.Items[Order]!);

    private static async ValueTask TellLateAsync(HttpRequest request, HttpResponse response)
    {
        await Task.Yield();
        Tell(request, response);
    }
}
