using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>
/// A connection that waits holds no request and no response: they are the next connection's. Who keeps one beyond its end gets no other client's
/// connection by it, and one that was cut off is used by nobody else. One suite, unchanged over each transport.
/// </summary>
public abstract class ExchangeReuseTests(string transport)
{
    private const int Clients = 24;

    // One for each loop and each worker, and some for answers that have just left; by far not one for each client.
    private const int Most = Clients / 2;

    // Each connection had its own, some 900 bytes, for as long as it was open.
    [Theory]
    [InlineData("/inline", "")]
    [InlineData("/worker", "")]
    [InlineData("/waits", "")]
    [InlineData("/inline", "\r\n")] // an empty line begins no request
    public async Task Connections_that_wait_share_what_requests_need(string path, string between)
    {
        var seen = new ConcurrentDictionary<HttpRequest, HttpResponse>(ReferenceEqualityComparer.Instance);
        void Note(HttpRequest request, HttpResponse response)
        {
            seen[request] = response;
            response.WriteText(request.Headers["X-Client"] + request.Path);
        }

        await using var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet("/inline", Note, Dispatch.Inline);
                server.MapGet("/worker", Note);
                server.MapGet("/waits", async (request, response) =>
                {
                    await Task.Yield();
                    Note(request, response);
                });
            },
            static options => (options.Loops, options.Workers) = (2, 2));
        var clients = new List<TestClient>();
        try
        {
            for (var round = 0; round < 3; round++)
            {
                for (var index = 0; index < Clients; index++)
                {
                    if (round == 0)
                    {
                        clients.Add(await server.ConnectAsync());
                    }

                    var answer = await clients[index].RequestAsync(TestClient.Get(path, $"X-Client: {index}"));
                    Assert.Equal($"{index}{path}", answer.Text);
                    if (between.Length > 0)
                    {
                        await clients[index].SendAsync(between);
                    }
                }
            }
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }

        Assert.InRange(seen.Count, 1, Most);
    }

    // The bug: an empty line that came together with a request had been looked at when the exchange went to the next connection, whose head was then
    // read from behind that line on.
    [Theory]
    [InlineData("/inline")]
    [InlineData("/worker")]
    public async Task An_empty_line_behind_a_request_is_not_the_next_connections(string path)
    {
        await using var server = await TestServer.StartAsync(
            transport,
            static server =>
            {
                server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
                server.MapGet("/worker", static (_, response) => response.WriteText("worker"));
            },
            static options => options.Loops = 1);
        await using var first = await server.ConnectAsync();
        await using var second = await server.ConnectAsync();
        for (var round = 0; round < 10; round++)
        {
            foreach (var client in new[] { first, second })
            {
                Assert.Equal(path[1..], (await client.RequestAsync(TestClient.Get(path) + "\r\n")).Text);
            }
        }
    }

    [Fact]
    public async Task What_is_kept_beyond_its_end_has_no_connection_and_cannot_be_written()
    {
        var kept = new TaskCompletionSource<(HttpRequest Request, HttpResponse Response)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(transport, server => server.MapGet(
            "/",
            (request, response) =>
            {
                response.WriteText(request.Aborted.CanBeCanceled ? "carried" : "not carried");
                kept.TrySetResult((request, response));
            },
            Dispatch.Inline));
        await using var client = await server.ConnectAsync();
        Assert.Equal("carried", (await client.RequestAsync(TestClient.Get("/"))).Text);
        var (request, response) = await kept.Task;
        await Eventually.TrueAsync(() => !request.Aborted.CanBeCanceled && request.RemoteEndPoint is null, "the connection has let go of its request");
        Assert.Throws<InvalidOperationException>(() => response.Body.GetMemory(1));
        Assert.Throws<InvalidOperationException>(() => response.WriteText("late"));
        Assert.Equal("carried", (await client.RequestAsync(TestClient.Get("/"))).Text);
    }

    // Its handler may have left something behind that goes on for long after, and must not see another client's request then.
    [Fact]
    public async Task A_request_that_was_cut_off_is_used_by_nobody_else()
    {
        HttpRequest? cutOff = null;
        var others = new ConcurrentBag<HttpRequest>();
        await using var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet(
                    "/short",
                    async (request, response) =>
                    {
                        cutOff = request;
                        response.ContentLength = 10;
                        response.WriteText("three");
                        await response.Body.FlushAsync();
                    },
                    Dispatch.Inline);
                server.MapGet(
                    "/",
                    (request, response) =>
                    {
                        others.Add(request);
                        response.WriteText(request.Path);
                    },
                    Dispatch.Inline);
            },
            static options => options.Loops = 1);
        await using (var first = await server.ConnectAsync())
        {
            // Twice: the second is read by the loop's own thread, into what is its own.
            Assert.Equal("/", (await first.RequestAsync(TestClient.Get("/"))).Text);
            await first.SendAsync(TestClient.Get("/short"));
            await Eventually.TrueAsync(() => server.Server.Connections.Aborted == 1, "the connection was cut off");
        }

        others.Clear();
        for (var index = 0; index < 5; index++)
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal("/", (await client.RequestAsync(TestClient.Get("/"))).Text);
            Assert.Equal("/", (await client.RequestAsync(TestClient.Get("/"))).Text);
        }

        Assert.DoesNotContain(cutOff, others);
    }

    // The bug: a handler that had left a read behind kept its request to itself, and the connection went to the next client all the same: what it
    // wrote later was sent to that client, before its own answer. And the polite end met the pending read: it was a reset, and an error in the log.
    [Theory]
    [InlineData(Dispatch.Inline)]
    [InlineData(Dispatch.Worker)]
    public async Task What_a_handler_has_left_behind_writes_to_no_other_client(Dispatch dispatch)
    {
        var goesOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isWaiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? left = null;
        await using var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapPost(
                    "/left",
                    async (request, response) =>
                    {
                        response.WriteText("begun");
                        await response.Body.FlushAsync();
                        left = GoOnAsync(request, response, goesOn.Task);
                    },
                    dispatch);
                server.MapGet(
                    "/",
                    async (_, response) =>
                    {
                        isWaiting.TrySetResult();
                        await mayAnswer.Task;
                        response.WriteText("mine");
                    },
                    dispatch);
            },
            static options => options.Loops = 1);
        await using (var first = await server.ConnectAsync())
        {
            await first.SendAsync("POST /left HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n");
            Assert.EndsWith("begun\r\n0\r\n\r\n", Encoding.ASCII.GetString(await first.ReadToEndAsync()));
        }

        await Eventually.TrueAsync(() => server.Server.Connections.Closed == 1, "the first connection has ended");
        await using var second = await server.ConnectAsync();
        await second.SendAsync(TestClient.Get("/"));
        await isWaiting.Task.WaitAsync(TestClient.Patience);
        goesOn.SetResult();
        await left!.WaitAsync(TestClient.Patience);
        mayAnswer.SetResult();
        Assert.Equal("mine", (await second.ReadResponseAsync()).Text);
        Assert.DoesNotContain(server.Log.Entries, static entry => entry.Exception is not null);
    }

    // The bug: a handler that gives up waiting for its body and says so was answered for by a reset, and an error in the log.
    [Theory]
    [InlineData("Content-Length: 10\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n")]
    [InlineData("Connection: close\r\nTransfer-Encoding: chunked\r\n")]
    public async Task An_answer_is_sent_though_a_read_was_left(string fields)
    {
        await using var server = await TestServer.StartAsync(transport, static server => server.MapPost(
            "/",
            static async (request, response) =>
            {
                await Task.WhenAny(request.Body.ReadAsync().AsTask(), Task.Delay(1));
                response.StatusCode = 408;
                response.WriteText("too slow");
            }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        var answer = Encoding.ASCII.GetString(await client.ReadToEndAsync());
        Assert.StartsWith("HTTP/1.1 408 ", answer);
        Assert.EndsWith("\r\n\r\ntoo slow", answer);
        Assert.DoesNotContain(server.Log.Entries, static entry => entry.Exception is not null);
    }

    // Who has not taken the result of a read may come back for it, and for what is behind it.
    [Fact]
    public async Task A_request_whose_read_was_left_is_used_by_nobody_else()
    {
        HttpRequest? kept = null;
        var others = new ConcurrentBag<HttpRequest>();
        await using var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapPost(
                    "/left",
                    async (request, response) =>
                    {
                        kept = request;
                        var read = request.Body.ReadAsync();
                        response.WriteText("begun");
                        await response.Body.FlushAsync();
                        await Eventually.TrueAsync(() => read.IsCompleted, "the rest has come");
                    },
                    Dispatch.Inline);
                server.MapGet(
                    "/",
                    (request, response) =>
                    {
                        others.Add(request);
                        response.WriteText("other");
                    },
                    Dispatch.Inline);
            },
            static options => options.Loops = 1);
        await using var first = await server.ConnectAsync();
        await first.SendAsync("POST /left HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
        await first.ReadHeadAsync();
        await first.SendAsync("0123456789");
        Assert.Equal("5\r\nbegun\r\n0\r\n\r\n", Encoding.ASCII.GetString(await first.ReadExactlyAsync(15)));
        for (var index = 0; index < 5; index++)
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal("other", (await client.RequestAsync(TestClient.Get("/"))).Text);
            Assert.Equal("other", (await client.RequestAsync(TestClient.Get("/"))).Text);
            Assert.Equal("other", (await first.RequestAsync(TestClient.Get("/"))).Text);
        }

        Assert.DoesNotContain(kept, others);
    }

    private static async Task GoOnAsync(HttpRequest request, HttpResponse response, Task goesOn)
    {
        try
        {
            await request.Body.ReadAsync();
        }
        catch (IOException)
        {
            // Its connection has ended.
        }

        await goesOn;
        try
        {
            response.Body.Write("stray"u8);
            await response.Body.FlushAsync();
        }
        catch (Exception exception) when (exception is InvalidOperationException or NullReferenceException)
        {
            // Too late, and told so.
        }
    }
}
