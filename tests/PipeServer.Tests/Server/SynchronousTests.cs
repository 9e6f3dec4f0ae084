using System.Diagnostics;

namespace PipeServer.Tests.Server;

/// <summary>
/// Requests that need not wait are answered without the connection's async method being resumed, where the transport can do that; all
/// others go on in it, wherever the first way has stopped. A client must not see the difference. One suite, unchanged over each transport.
/// </summary>
public abstract class SynchronousTests(string transport)
{
    private static readonly AsyncLocal<string?> Local = new();

    private static readonly string Large = new('l', 70_000);

    // One of each kind, whichever way it goes, and each behind another kind.
    private static readonly (string Request, int Status, string? Text)[] Script =
    [
        (TestClient.Get("/inline"), 200, "inline"),
        (TestClient.Get("/worker"), 200, "worker"),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"),
        (TestClient.Get("/late"), 200, "late"),
        ("POST /inline/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, "abc"),
        (TestClient.Get("/nowhere"), 404, null),
        (TestClient.Get("/worker/late"), 200, "late"),
        (TestClient.Get("/fault"), 500, null),
        (TestClient.Get("/inline"), 200, "inline"),
        (TestClient.Get("/fault/late"), 500, null),
        ("DELETE /inline HTTP/1.1\r\nHost: a\r\n\r\n", 405, null),
        ("\r\n" + TestClient.Get("/flushes"), 200, "flushes"),
        (TestClient.Get("/large"), 200, Large),
        (TestClient.Get("/worker/fault"), 500, null),
        (TestClient.Get("/pool"), 200, "pool"),
        (TestClient.Get("/pool/late"), 200, "late"),
        ("POST /pool/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"),
        (TestClient.Get("/pool/fault"), 500, null),
        (TestClient.Get("/worker"), 200, "worker"),
        (TestClient.Get("/pool"), 200, "pool"),
    ];

    // The first part ends anywhere, and its answers are here before the second part is sent: the read is parked in between.
    [Fact]
    public async Task Requests_of_all_kinds_are_answered_alike_wherever_they_are_cut()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var bytes = string.Concat(Script.Select(static line => line.Request));
        for (var split = 0; split < bytes.Length; split++)
        {
            await client.SendAsync(bytes[..split]);
            var (sent, whole) = (0, 0);
            while (sent + Script[whole].Request.Length <= split)
            {
                sent += Script[whole].Request.Length;
                await AssertAnswerAsync(client, Script[whole++]);
            }

            await client.SendAsync(bytes[split..]);
            foreach (var line in Script[whole..])
            {
                await AssertAnswerAsync(client, line);
            }
        }

        Assert.Equal(bytes.Length * Script.Length, server.Server.Requests.Received);
        await Eventually.TrueAsync(() => server.Server.Requests.Completed == server.Server.Requests.Received, "all are flushed");
    }

    [Theory]
    [InlineData("/inline")]
    [InlineData("/worker")]
    [InlineData("/pool")]
    [InlineData("/late")]
    public async Task Whatever_ends_a_connection_ends_it_behind_its_answers(string path)
    {
        await using var server = await StartAsync();
        foreach (var (last, status) in new[]
        {
            (TestClient.Get(path, "Connection: close"), 200), ($"GET {path} HTTP/1.0\r\n\r\n", 200), ("GET /\0 HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/9.9\r\n\r\n", 505), ($"GET {path} HTTP/1.1\r\n\r\n", 400), ("half-closed", 0), ("GET / HTT", 0),
        })
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get(path))).Status);
            await client.SendAsync(TestClient.Get(path) + TestClient.Get("/inline") + (last == "half-closed" ? "" : last));
            if (status == 0)
            {
                client.ShutdownSend();
            }

            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
            Assert.Equal("inline", (await client.ReadResponseAsync()).Text);
            if (status != 0)
            {
                Assert.Equal(status, (await client.ReadResponseAsync()).Status);
            }

            Assert.True(await client.IsClosedAsync());
        }
    }

    [Theory]
    [InlineData("/echo")]
    [InlineData("/inline/echo")]
    public async Task A_client_that_waits_for_100_gets_it(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 3; round++)
        {
            await client.SendAsync(TestClient.Get("/inline") + $"POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
            Assert.Equal("inline", (await client.ReadResponseAsync()).Text);
            Assert.Equal(100, (await client.ReadResponseAsync()).Status);
            await client.SendAsync("abc");
            Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
        }
    }

    // Output that does not go out at once: the client reads nothing until the server has stopped taking requests.
    [Theory]
    [InlineData("/large")]
    [InlineData("/worker/large")]
    [InlineData("/pool/large")]
    public async Task Answers_that_do_not_go_out_at_once_go_out_later(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal(Large, (await client.RequestAsync(TestClient.Get(path))).Text);
        const int Requests = 200;
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < Requests; i++)
            {
                await client.SendAsync(TestClient.Get(path));
            }
        });
        await Task.Delay(100);
        for (var i = 0; i < Requests; i++)
        {
            Assert.Equal(Large, (await client.ReadResponseAsync()).Text);
        }

        await sending;
        await Eventually.TrueAsync(() => server.Server.Requests.Completed == Requests + 1, "all are flushed");
    }

    // What a handler sets in its context would be seen by the thread's next request, which is another client's.
    [Theory]
    [InlineData("/remembers")]
    [InlineData("/worker/remembers")]
    [InlineData("/pool/remembers")]
    public async Task A_handlers_context_is_not_the_next_clients(string path)
    {
        await using var server = await StartAsync(static options => options.Workers = 1);
        await using var one = await server.ConnectAsync();
        await using var other = await server.ConnectAsync();
        Assert.Equal("nothing", (await one.RequestAsync(TestClient.Get(path))).Text);
        for (var round = 0; round < 20; round++)
        {
            await one.RequestAsync(TestClient.Get(path));
            await using var next = await server.ConnectAsync();
            Assert.Equal("nothing", (await next.RequestAsync(TestClient.Get(path))).Text);
        }

        Assert.Equal("nothing", (await other.RequestAsync(TestClient.Get(path))).Text);
    }

    // The point of it all. A request that is there before the read is parked is the async loop's, so one of many has to do.
    [Theory]
    [InlineData("/stack")]
    [InlineData("/worker/stack")]
    [InlineData("/pool/stack")]
    public async Task A_request_that_need_not_wait_resumes_no_async_method_over_epoll(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var stacks = new List<string>();
        for (var i = 0; i < 50; i++)
        {
            stacks.Add((await client.RequestAsync(TestClient.Get(path))).Text);
        }

        Assert.Equal(transport is "epoll" or "epoll/openssl", stacks.Exists(static stack => !stack.Contains("ServeRequestsAsync")));
    }

    // Clients that leave at any moment, and a stop that comes between: no handler runs on, and the ledger adds up.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Clients_that_leave_and_stops_that_come_between_leave_the_ledger_in_order()
    {
        for (var round = 0; round < Stress.Rounds(15); round++)
        {
            var random = new Random(round);
            await using var server = await StartAsync(static options => (options.Workers, options.QueueCapacity) = (2, 2));
            var clients = Enumerable.Range(0, 8).Select(number => TalkAsync(server, new Random((round * 100) + number))).ToArray();
            await Task.Delay(random.Next(60));
            await server.Server.StopAsync();
            await Task.WhenAll(clients).WaitAsync(TestClient.Patience);
            var requests = server.Server.Requests;
            Assert.Equal(requests.Received, requests.Completed + requests.Refused + requests.Aborted);
            var connections = server.Server.Connections;
            Assert.Equal(connections.Accepted, connections.Closed + connections.Aborted + connections.Refused);
            Assert.DoesNotContain(server.Log.Entries, static entry => entry.Exception is InvalidOperationException or NullReferenceException);
        }
    }

    private static async Task TalkAsync(TestServer server, Random random)
    {
        string[] paths = ["/inline", "/worker", "/late", "/worker/late", "/flushes", "/nowhere", "/pool", "/pool/late"];
        for (var connection = 0; connection < 20; connection++)
        {
            try
            {
                await using var client = await server.ConnectAsync();
                for (var batch = random.Next(1, 6); batch > 0; batch--)
                {
                    var count = random.Next(1, 5);
                    var bytes = string.Concat(Enumerable.Range(0, count).Select(_ => TestClient.Get(paths[random.Next(paths.Length)])));
                    var cut = random.Next(bytes.Length);
                    await client.SendAsync(bytes[..cut]);
                    await client.SendAsync(bytes[cut..]);
                    for (var left = random.Next(count + 1); left > 0; left--)
                    {
                        await client.ReadResponseAsync();
                    }
                }

                if (random.Next(2) == 0)
                {
                    await client.ResetAsync();
                }
            }
#pragma warning disable CA1031 // The server stops, so anything may fail here; what counts is its ledger.
            catch (Exception)
#pragma warning restore CA1031
            {
                return;
            }
        }
    }

    // The arrays of the fields are lent to whoever has a request in hand: on loops, on workers, on the thread pool, to clients that reset their
    // connections in the middle. Nobody ever gets another's.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Every_client_gets_its_own_fields_back()
    {
        await using var server = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(number => AskForFieldsAsync(server, new Random(number), Stress.Rounds(60))));
    }

    private static async Task AskForFieldsAsync(TestServer server, Random random, int rounds)
    {
        string[] targets = ["/fields", "/worker/fields", "/fields/late", "/worker/fields/late"];
        var client = await server.ConnectAsync();
        for (var round = 0; round < rounds; round++)
        {
            var batch = Enumerable.Range(0, random.Next(1, 6))
                .Select(_ => Enumerable.Range(0, random.Next(50)).Select(field => ($"X-{field}", random.NextInt64().ToString("X", null))).ToList())
                .ToList();
            await client.SendAsync(string.Concat(batch.Select(fields =>
                TestClient.Get(targets[random.Next(4)], [.. fields.Select(static field => $"{field.Item1}: {field.Item2}")]))));
            if (random.Next(8) == 0)
            {
                await client.ResetAsync();
                client = await server.ConnectAsync();
                continue;
            }

            foreach (var fields in batch)
            {
                var answer = await client.ReadResponseAsync();
                Assert.Equal(fields, answer.Headers.Where(static field => field.Name.StartsWith("X-", StringComparison.Ordinal)));
            }
        }

        await client.DisposeAsync();
    }

    private static void ReturnFields(HttpRequest request, HttpResponse response)
    {
        foreach (var (name, value) in request.Headers.Where(static field => field.Key.StartsWith("X-", StringComparison.Ordinal)))
        {
            response.Headers.Add(name, value);
        }
    }

    private static async ValueTask ReturnFieldsLateAsync(HttpRequest request, HttpResponse response)
    {
        await Task.Yield();
        ReturnFields(request, response);
    }

    private static async Task AssertAnswerAsync(TestClient client, (string Request, int Status, string? Text) line)
    {
        var answer = await client.ReadResponseAsync();
        Assert.Equal((line.Status, line.Text ?? answer.Text), (answer.Status, answer.Text));
    }

    private static void Remember(HttpRequest request, HttpResponse response)
    {
        response.WriteText(Local.Value ?? "nothing");
        Local.Value = "something";
    }

    private static async ValueTask LateAsync(HttpRequest request, HttpResponse response)
    {
        await Task.Yield();
        response.WriteText("late");
    }

    private static async ValueTask FaultAsync(HttpRequest request, HttpResponse response)
    {
        await Task.Yield();
        throw new NotSupportedException("a fault");
    }

    private static async ValueTask FlushAsync(HttpRequest request, HttpResponse response)
    {
        response.WriteText("flu");
        await response.Body.FlushAsync();
        response.WriteText("shes");
    }

    private static async ValueTask EchoAsync(HttpRequest request, HttpResponse response)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body).ConfigureAwait(false);
        response.WriteBytes(body.ToArray(), "text/plain");
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) =>
        TestServer.StartAsync(
            transport,
            static server =>
            {
                server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
                server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
                server.MapGet("/pool", static (_, response) => response.WriteText("pool"), Dispatch.ThreadPool);
                server.MapGet("/pool/late", LateAsync, Dispatch.ThreadPool);
                server.MapPost("/pool/echo", EchoAsync, Dispatch.ThreadPool);
                server.MapGet("/pool/fault", static (HttpRequest _, HttpResponse _) => throw new NotSupportedException("a fault"), Dispatch.ThreadPool);
                server.MapGet("/pool/large", static (_, response) => response.WriteText(Large), Dispatch.ThreadPool);
                server.MapGet("/pool/remembers", Remember, Dispatch.ThreadPool);
                server.MapGet("/pool/stack", static (_, response) => response.WriteText(new StackTrace().ToString()), Dispatch.ThreadPool);
                server.MapGet("/late", LateAsync, Dispatch.Inline);
                server.MapGet("/worker/late", LateAsync);
                server.MapGet("/fault", static (_, _) => throw new NotSupportedException("a fault"), Dispatch.Inline);
                server.MapGet("/fault/late", FaultAsync, Dispatch.Inline);
                server.MapGet("/worker/fault", static (_, _) => throw new NotSupportedException("a fault"));
                server.MapGet("/flushes", FlushAsync, Dispatch.Inline);
                server.MapGet("/large", static (_, response) => response.WriteText(Large), Dispatch.Inline);
                server.MapGet("/worker/large", static (_, response) => response.WriteText(Large));
                server.MapGet("/remembers", Remember, Dispatch.Inline);
                server.MapGet("/worker/remembers", Remember);
                server.MapGet("/stack", static (_, response) => response.WriteText(new StackTrace().ToString()), Dispatch.Inline);
                server.MapGet("/worker/stack", static (_, response) => response.WriteText(new StackTrace().ToString()));
                server.MapGet("/fields", ReturnFields, Dispatch.Inline);
                server.MapGet("/worker/fields", ReturnFields);
                server.MapGet("/fields/late", ReturnFieldsLateAsync, Dispatch.Inline);
                server.MapGet("/worker/fields/late", ReturnFieldsLateAsync);
                server.MapPost("/echo", EchoAsync);
                server.MapPost("/inline/echo", EchoAsync, Dispatch.Inline);
            },
            configure);
}
