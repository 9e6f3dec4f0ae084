using System.Buffers;

namespace PipeServer.Tests.Server;

/// <summary>Every timeout, by a clock in the test's hand.</summary>
public abstract class TimeoutTests(string transport)
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task An_idle_connection_is_closed_without_a_word_after_the_keep_alive_timeout()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/"));
        await IdleAsync(server, 1);
        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
        var closing = client.IsClosedAsync();
        await AdvanceUntilAsync(closing);
        Assert.True(await closing);
        Assert.Equal(new RequestCounts(2, 2, 0, 0), server.Server.Requests);
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

    [Fact]
    public async Task The_date_follows_the_clock()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal("Sat, 21 Nov 2026 12:00:00 GMT", (await client.RequestAsync(TestClient.Get("/")))["Date"]);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("Sat, 21 Nov 2026 12:00:03 GMT", (await client.RequestAsync(TestClient.Get("/")))["Date"]);
    }

    private static Task IdleAsync(TestServer server, int completed) =>
        Eventually.TrueAsync(() => server.Server.Requests.Completed == completed, "the answer is flushed");

    private async Task AdvanceUntilAsync(Task task)
    {
        for (var i = 0; i < 2000 && !task.IsCompleted; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(task, Task.Delay(5));
        }

        Assert.True(task.IsCompleted, "Not even an hour was enough.");
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(transport, static server =>
    {
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
        options.TimeProvider = _time;
        options.KeepAliveTimeout = TimeSpan.FromSeconds(20);
        options.RequestHeadTimeout = TimeSpan.FromSeconds(10);
        options.RequestBodyTimeout = TimeSpan.FromSeconds(10);
        options.ResponseWriteTimeout = TimeSpan.FromSeconds(10);
    });
}
