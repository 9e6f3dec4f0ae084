using System.Buffers;

namespace PipeServer.Tests.Server;

/// <summary>Every timeout, by a clock in the test's hand.</summary>
public abstract class TimeoutTests(string transport)
{
    private protected ManualTimeProvider Time { get; } = new();

    [Fact]
    public async Task An_idle_connection_is_closed_without_a_word_after_the_keep_alive_timeout()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/"));
        await IdleAsync(server, 1);
        Time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
        var closing = client.IsClosedAsync();
        await AdvanceUntilAsync(closing);
        Assert.True(await closing);
        Assert.Equal(new RequestCounts(2, 2, 0, 0), server.Server.Requests);
    }

    // One more look after the time is over must be one: a byte for each was enough to go on for ever.
    [Fact]
    public async Task A_head_that_comes_byte_by_byte_is_answered_408_all_the_same()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nX: ");
        var reading = client.ReadResponseAsync();
        var started = Time.GetUtcNow();
        while (!reading.IsCompleted && Time.GetUtcNow() - started < TimeSpan.FromMinutes(2))
        {
            await client.SendAsync("x");
            await Task.Delay(5);
            Time.Advance(TimeSpan.FromMilliseconds(250));
        }

        Assert.Equal(408, (await reading).Status);
        Assert.InRange(Time.GetUtcNow() - started, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15));
    }

    // A body that had arrived while nobody looked was answered 408.
    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nhello", "world")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "5\r\nworld\r\n0\r\n\r\n")]
    public async Task A_body_that_is_there_when_the_time_is_over_is_taken(string first, string rest)
    {
        Assert.SkipWhen(transport == "sockets", "What the runtime has not received yet nobody can see over System.Net.Sockets.");
        await using var server = await StartAsync();
        for (var round = 0; round < 30; round++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync("POST /read HTTP/1.1\r\nHost: a\r\n" + first);
            await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "its body is waited for");
            await client.SendAsync(rest);
            await client.ArrivedAsync();
            Time.Jump(TimeSpan.FromSeconds(11)); // by beats, the last of them came before a busy machine had brought the bytes
            Assert.Equal("helloworld", (await client.ReadResponseAsync()).Text);
        }
    }

    // A process that was paused woke up, found the time over, and closed idle connections over requests that had long arrived.
    [Fact]
    public async Task A_request_that_is_there_when_the_time_is_over_is_answered()
    {
        Assert.SkipWhen(transport == "sockets", "What the runtime has not received yet nobody can see over System.Net.Sockets.");
        await using var server = await StartAsync();
        for (var round = 0; round < 50; round++)
        {
            await using var client = await server.ConnectAsync();
            await client.RequestAsync(TestClient.Get("/"));
            await IdleAsync(server, 1 + (round * 2));
            // In one go: what the pause and the packet have in common is that nobody has looked.
            var sending = client.SendAsync(TestClient.Get("/"));
            await sending;
            await client.ArrivedAsync();
            Time.Jump(TimeSpan.FromMinutes(10));
            Assert.Equal("hello", (await client.ReadResponseAsync()).Text);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HT")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: y")]
    public async Task A_head_that_does_not_come_is_answered_408(string part)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(part);
        await Eventually.TrueAsync(() => server.Server.Connections.Accepted == 1, "it is accepted");
        var reading = client.ReadResponseAsync();
        await AdvanceUntilAsync(reading);
        var response = await reading;
        Assert.Equal(408, response.Status);
        Assert.Equal("close", response["Connection"]);
        await Eventually.TrueAsync(() => server.Server.Requests is { Received: 1, Refused: 1 }, "one is refused");
    }

    [Fact]
    public async Task A_second_head_has_its_own_time()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/"));
        await client.SendAsync("GET / HT");
        var reading = client.ReadResponseAsync();
        await AdvanceUntilAsync(reading);
        Assert.Equal(408, (await reading).Status);
    }

    [Fact]
    public async Task A_body_that_stops_coming_is_answered_408()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        var reading = client.ReadResponseAsync();
        await AdvanceUntilAsync(reading);
        Assert.Equal(408, (await reading).Status);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_aborted()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/endless"));
        await AdvanceUntilAsync(Eventually.TrueAsync(() => server.Server.Connections.Aborted == 1, "it is aborted"));
        Assert.Equal(1, server.Server.Requests.Aborted);
    }

    // The response waited for the rest of a body that its handler did not want. The clock stands still here: only the
    // order of things can make this pass.
    [Theory]
    [InlineData("POST /")]
    [InlineData("POST /nothing")]
    [InlineData("PUT /ignores")]
    public async Task A_response_does_not_wait_for_an_unread_body(string start)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync($"{start} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
        Assert.InRange((await client.ReadResponseAsync()).Status, 200, 499);
        await client.SendAsync("0123456789");
        Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
    }

    // A handler that blocks after its body timed out did so on the heartbeat's thread: no timeout and no Date went on.
    [Fact]
    public async Task A_handler_that_blocks_after_its_timeout_does_not_stop_the_clock()
    {
        using var gate = new ManualResetEventSlim();
        await using var server = await StartAsync(gate);
        await using var blocking = await server.ConnectAsync();
        await blocking.SendAsync("POST /blocks-after-timeout HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "the handler runs");
        await using var idle = await server.ConnectAsync();
        await idle.RequestAsync(TestClient.Get("/"));
        var closing = idle.IsClosedAsync();
        await AdvanceUntilAsync(closing);
        Assert.True(await closing);
        gate.Set();
        // The handler may have begun to wait for its body only after the other connection did: the clock goes on for it.
        var answering = blocking.ReadResponseAsync();
        await AdvanceUntilAsync(answering);
        Assert.Equal(408, (await answering).Status);
    }

    [Fact]
    public async Task The_date_follows_the_clock()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("Sat, 21 Nov 2026 12:00:00 GMT", (await client.RequestAsync(TestClient.Get("/")))["Date"]);
        Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("Sat, 21 Nov 2026 12:00:03 GMT", (await client.RequestAsync(TestClient.Get("/")))["Date"]);
    }

    private static Task IdleAsync(TestServer server, int completed) =>
        Eventually.TrueAsync(() => server.Server.Requests.Completed == completed, "the answer is flushed");

    private protected async Task AdvanceUntilAsync(Task task)
    {
        await Time.AdvanceUntilAsync(task, TimeSpan.FromSeconds(1));
        Assert.True(task.IsCompleted, "Not even an hour was enough.");
    }

    private protected Task<TestServer> StartAsync(ManualResetEventSlim? gate = null) => TestServer.StartAsync(transport, server =>
    {
        server.Map("PUT", "/ignores", static (_, response) => response.WriteText("ignored"));
        server.MapPost("/blocks-after-timeout", async (request, response) =>
        {
            try
            {
                await request.Body.CopyToAsync(Stream.Null);
                response.WriteText("whole");
            }
            catch (BadHttpRequestException)
            {
                gate!.Wait();
                throw;
            }
        });
        server.MapGet("/", static (_, response) => response.WriteText("hello"), Dispatch.Inline);
        server.MapPost("/read", static async (request, response) =>
        {
            using var reader = new StreamReader(request.Body.AsStream());
            response.WriteText(await reader.ReadToEndAsync());
        });
        server.MapGet("/endless", static async (_, response) =>
        {
            while (true)
            {
                response.Body.Write(new byte[10_000]);
                if ((await response.Body.FlushAsync()).IsCompleted)
                {
                    return;
                }
            }
        });
    }, options =>
    {
        options.TimeProvider = Time;
        options.KeepAliveTimeout = TimeSpan.FromSeconds(20);
        options.RequestHeadTimeout = TimeSpan.FromSeconds(10);
        options.RequestBodyTimeout = TimeSpan.FromSeconds(10);
        options.ResponseWriteTimeout = TimeSpan.FromSeconds(10);
    });
}
