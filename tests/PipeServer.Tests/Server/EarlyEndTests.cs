using System.Collections.Concurrent;
using System.Globalization;

namespace PipeServer.Tests.Server;

/// <summary>
/// However a handler ends, whatever it has read of its body and whatever is called before and after: the body is never taken for a request, the next
/// request is answered as itself or the connection is closed, the permits come back and the ledger adds up. One suite, unchanged over each transport.
/// </summary>
public abstract class EarlyEndTests(string transport)
{
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

    private static readonly string[] Reads = ["none", "some", "held", "all", "left", "tried"];

    private static readonly string[] Ends =
        [
        "returns", "throws", "refuses", "aborts", "aborts-elsewhere", "lowers", "begun-and-throws", "begun", "json", "caught", "encoded", "phrase", "upgrades",
        "completes", "begun-and-completes", "completes-and-reads",
    ];

    private static readonly string[] Hooks = ["", "starts", "waits", "start-throws", "start-refuses", "start-aborts", "start-flushes", "ends", "end-throws"];

    private static readonly PreparedResponse Encoded = new(200, [], "encoded"u8.ToArray());

    private readonly ConcurrentQueue<string> _smuggled = [];

    // Each kind of body, framed in each way, whole and malformed, with requests in it and behind it.
    private static readonly (string Name, string Head, string Body, bool IsWhole)[] Bodies =
    [
        ("length", $"Content-Length: {Smuggled.Length}\r\n", Smuggled, true),
        ("long", $"Content-Length: {400 * Smuggled.Length}\r\n", string.Concat(Enumerable.Repeat(Smuggled, 400)), true),
        ("huge", $"Content-Length: {4000 * Smuggled.Length}\r\n", string.Concat(Enumerable.Repeat(Smuggled, 4000)), true),
        ("expected", $"Expect: 100-continue\r\nContent-Length: {Smuggled.Length}\r\n", Smuggled, true),
        ("chunked", "Transfer-Encoding: chunked\r\n", Chunk(Smuggled) + Chunk(Smuggled) + "0\r\n\r\n", true),
        ("trailers", "Transfer-Encoding: chunked\r\n", Chunk(Smuggled) + "0\r\nA: b\r\n\r\n", true),
        ("bad-size", "Transfer-Encoding: chunked\r\n", Chunk(Smuggled) + "x\r\n" + Smuggled, false),
        ("bad-end", "Transfer-Encoding: chunked\r\n", $"{Smuggled.Length:x}\r\n{Smuggled}0\r\n\r\n{Smuggled}", false),
        ("bad-trailer", "Transfer-Encoding: chunked\r\n", $"0\r\n{Smuggled}\r\n\r\n{Smuggled}", false),
    ];

    [Theory]
    [InlineData("inline")]
    [InlineData("worker")]
    [InlineData("threadpool")]
    [InlineData("chosen")]
    [InlineData("filtered")]
    [InlineData("first")]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task A_body_is_never_taken_for_a_request_and_nothing_leaks(string kind)
    {
        await using var server = await StartAsync();
        var random = new Random(kind.Length + (100 * transport.Length)); // over each transport other cases
        var cases = (from read in Reads from end in Ends from hook in Hooks from body in Bodies select (read, end, hook, body)).ToArray();
        random.Shuffle(cases);
        var next = 0;
        var count = Math.Min(cases.Length, Stress.Rounds(150));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async number =>
        {
            for (var i = Interlocked.Increment(ref next) - 1; i < count; i = Interlocked.Increment(ref next) - 1)
            {
                var (read, end, hook, body) = cases[i];
                try
                {
                    await TryAsync(server, kind, $"{read}.{end}.{hook}", body, i);
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"{kind} {read}.{end}.{hook} {body.Name} {i}: {exception.Message}", exception);
                }
            }
        }));
        Assert.Empty(_smuggled);
        await Eventually.TrueAsync(() => server.Server.GetStatistics().ThreadPool is { Active: 0, Queued: 0 }, "all permits are back");
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 0, $"all have ended: {server.Server.Requests}");
        var requests = server.Server.Requests;
        Assert.Equal(requests.Received, requests.Completed + requests.Refused + requests.Aborted);
        Assert.DoesNotContain(server.Log.Messages, static message => message.Contains("NullReference", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Entries, static entry => entry.Exception is NullReferenceException or InvalidOperationException { Source: "System.IO.Pipelines" });
    }

    private async Task TryAsync(TestServer server, string kind, string what, (string Name, string Head, string Body, bool IsWhole) body, int number)
    {
        await using var client = await server.ConnectAsync();
        var head = $"POST /{kind}/{what} HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n{body.Head}\r\n";
        var after = TestClient.Get("/after") + TestClient.Get("/after");
        var before = number % 3 == 0 ? TestClient.Get("/after") : "";
        _ = SendAsync(client, before + head, body.Body, after, number);
        var isOpen = true;
        for (var answers = before == "" ? 0 : -1; isOpen && answers < 3;)
        {
            TestResponse response;
            try
            {
                response = await client.ReadResponseAsync();
            }
            catch (Exception exception) when (exception is IOException)
            {
                Assert.True(answers >= 0 || transport == "memory" || what.Contains("aborts", StringComparison.Ordinal), $"the answer before was lost: {exception.Message}");
                return;
            }

            if (response.Status is 100)
            {
                continue;
            }

            if (response.Status == 101)
            {
                return;
            }

            answers++;
            Assert.Equal((answers, answers != 1), (answers, response.Text == "after"));
            isOpen = response["Connection"] != "close";
            Assert.False(answers > 1 && !body.IsWhole, "a request behind what is malformed");
        }
    }

    private static async Task SendAsync(TestClient client, string head, string body, string after, int number)
    {
        try
        {
            var all = head + body + after;
            var at = (number % 5) switch
            {
                0 => all.Length,
                1 => head.Length,
                2 => head.Length + (body.Length / 2),
                3 => head.Length + body.Length,
                _ => head.Length + body.Length - 1,
            };
            await client.SendAsync(all[..at]);
            await Task.Delay(number % 7);
            await client.SendAsync(all[at..]);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The server has closed before.
        }
    }

    private static string Chunk(string text) => $"{text.Length.ToString("x", CultureInfo.InvariantCulture)}\r\n{text}\r\n";

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/smuggled", (_, response) => _smuggled.Enqueue("smuggled"), Dispatch.Inline);
            server.MapGet("/after", static (_, response) => response.WriteText("after"), Dispatch.Inline);
            server.MapPost("/inline/{what}", HandleAsync, Dispatch.Inline);
            server.MapPost("/worker/{what}", HandleAsync);
            server.MapPost("/threadpool/{what}", HandleAsync, Dispatch.ThreadPool);
            server.Map("POST", "/chosen/{what}", Choose, HandleAsync);
            server.Map("POST", "/first/{what}", static (request, response) => TryAnswer(request, response), HandleAsync);
            var group = server.MapGroup("/filtered");
            group.AddFilter(static async (request, response, next) =>
            {
                try
                {
                    await next(request, response);
                }
                catch (NotSupportedException) when (!response.HasStarted)
                {
                    response.Clear();
                    response.WriteText("filtered");
                }
            });
            group.MapPost("/{what}", HandleAsync, Dispatch.ThreadPool);
        },
        static options => (options.ThreadPoolConcurrency, options.MaxRequestBodyBytes, options.Workers) = (8, 1024 * 1024, 4));

    private static Dispatch Choose(HttpRequest request)
    {
        var length = request.ContentLength ?? 0;
        return length % 5 == 4 ? throw new BadHttpRequestException("Not chosen.") : (Dispatch)(length % 3);
    }

    private static bool TryAnswer(HttpRequest request, HttpResponse response)
    {
        var (_, end, hook) = Parse(request);
        Register(hook, request, response);
        switch (end)
        {
            case "throws":
                throw new NotSupportedException();
            case "refuses":
                throw new BadHttpRequestException("Not like this.");
            case "aborts":
                request.Abort();
                return false;
            case "lowers":
                request.MaxBodyBytes = 1;
                return false;
            case "encoded":
                response.Send(Encoded);
                return true;
            default:
                return false;
        }
    }

    private static (string Read, string End, string Hook) Parse(HttpRequest request)
    {
        var parts = request.RouteValues["what"]!.Split('.');
        return (parts[0], parts[1], parts[2]);
    }

    private static async ValueTask HandleAsync(HttpRequest request, HttpResponse response)
    {
        var (read, end, hook) = Parse(request);
        if (!request.Path.StartsWith("/first", StringComparison.Ordinal))
        {
            Register(hook, request, response);
        }

        if (end == "lowers")
        {
            request.MaxBodyBytes = 1;
        }

        try
        {
            await ReadAsync(read, request);
        }
        catch (BadHttpRequestException) when (end == "caught")
        {
            response.WriteText("caught");
            return;
        }

        await EndAsync(end, request, response);
    }

    private static async ValueTask ReadAsync(string read, HttpRequest request)
    {
        switch (read)
        {
            case "some":
                var some = await request.Body.ReadAsync();
                request.Body.AdvanceTo(some.Buffer.GetPosition(Math.Min(3, some.Buffer.Length)));
                break;
            case "held":
                _ = await request.Body.ReadAsync();
                break;
            case "all":
                for (var isCompleted = false; !isCompleted;)
                {
                    var all = await request.Body.ReadAsync();
                    isCompleted = all.IsCompleted;
                    request.Body.AdvanceTo(all.Buffer.End);
                }

                break;
            case "left":
                _ = request.Body.ReadAsync().AsTask();
                break;
            case "tried":
                _ = request.Body.TryRead(out _);
                break;
            default:
                break;
        }
    }

    private static async ValueTask EndAsync(string end, HttpRequest request, HttpResponse response)
    {
        switch (end)
        {
            case "throws":
                throw new NotSupportedException();
            case "refuses":
                throw new BadHttpRequestException("Not like this.");
            case "aborts":
                request.Abort();
                break;
            case "aborts-elsewhere":
                await Task.Run(request.Abort);
                break;
            case "begun-and-throws" or "begun":
                response.WriteText("begun");
                await response.Body.FlushAsync();
                if (end == "begun-and-throws")
                {
                    throw new NotSupportedException();
                }

                break;
            case "completes" or "begun-and-completes" or "completes-and-reads":
                response.WriteText("completed");
                if (end == "begun-and-completes")
                {
                    await response.Body.FlushAsync();
                }

                await response.CompleteAsync();
                await response.CompleteAsync(); // has no effect
                if (end == "completes-and-reads" && Parse(request).Read is "none" or "some" or "all")
                {
                    await ReadAsync("all", request);
                }

                break;
            case "json":
                _ = await request.ReadJsonAsync(TestJson.Default.Order);
                break;
            case "encoded":
                response.Send(Encoded);
                break;
            case "phrase":
                response.ReasonPhrase = "Fine";
                response.WriteText("phrase");
                break;
            case "upgrades":
                response.Headers["Upgrade"] = "x";
                await response.UpgradeAsync();
                break;
            default:
                response.WriteText("returned");
                break;
        }
    }

    private static void Register(string hook, HttpRequest request, HttpResponse response)
    {
        switch (hook)
        {
            case "":
                break;
            case "ends":
                response.OnCompleted(static async _ => await Task.Yield());
                break;
            case "end-throws":
                response.OnCompleted(static _ => throw new NotSupportedException());
                break;
            default:
                response.OnStarting(async _ =>
                {
                    switch (hook)
                    {
                        case "waits":
                            await Task.Delay(2);
                            break;
                        case "start-throws":
                            throw new NotSupportedException();
                        case "start-refuses":
                            throw new BadHttpRequestException("Not started.");
                        case "start-aborts":
                            request.Abort();
                            break;
                        case "start-flushes":
                            await response.Body.FlushAsync();
                            break;
                        default:
                            response.Headers["X-Start"] = "1";
                            break;
                    }
                });
                response.OnCompleted(static _ => default);
                break;
        }
    }
}
