namespace PipeServer.Tests.Server;

/// <summary>
/// <see cref="HttpRequest.HalfClosed"/>: a handler that reads and writes nothing hears of a client who has ended its side, and its answer still goes out. One
/// suite, unchanged over each transport.
/// </summary>
public abstract class HalfClosedTests(string transport)
{
    [Theory]
    [InlineData("/inline")]
    [InlineData("/worker")]
    [InlineData("/pool")]
    public async Task A_handler_that_waits_hears_of_it_and_its_answer_goes_out(string path)
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(called: () => called.TrySetResult());
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path));
        await called.Task.WaitAsync(TestClient.Patience);
        client.ShutdownSend();
        Assert.Equal("heard, not aborted", (await client.ReadResponseAsync()).Text);
        await Eventually.TrueAsync(() => server.Server.Requests is { Completed: 1, Aborted: 0 }, "it counts as answered");
    }

    // Over TLS the client may end TCP alone.
    [Theory]
    [InlineData("/inline")]
    [InlineData("/worker")]
    public async Task The_end_of_the_carrier_alone_is_heard_of(string path)
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(called: () => called.TrySetResult());
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path));
        await called.Task.WaitAsync(TestClient.Patience);
        client.ShutdownCarrier();
        Assert.Equal("heard, not aborted", (await client.ReadResponseAsync()).Text);
    }

    // The end may be there before anybody looks: with the request's bytes, or before a handler asks.
    [Theory]
    [InlineData("/inline")]
    [InlineData("/worker")]
    [InlineData("/pool")]
    public async Task An_end_right_behind_the_request_is_heard_of(string path)
    {
        await using var server = await StartAsync();
        for (var round = 0; round < 20; round++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(TestClient.Get(path) + TestClient.Get(path));
            client.ShutdownSend();
            Assert.Equal("heard, not aborted", (await client.ReadResponseAsync()).Text);
            Assert.Equal("heard, not aborted", (await client.ReadResponseAsync()).Text);
        }
    }

    [Fact]
    public async Task A_body_that_came_before_it_can_still_be_read()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync("POST /reads-then HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
        await client.SendAsync("llo");
        client.ShutdownSend();
        Assert.Equal("hello", (await client.ReadResponseAsync()).Text);
    }

    [Theory]
    [InlineData("/inline")]
    [InlineData("/worker")]
    public async Task A_reset_is_heard_of_too(string path)
    {
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(called: () => called.TrySetResult());
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path));
        await called.Task.WaitAsync(TestClient.Patience);
        await client.ResetAsync();
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "its handler has ended");
    }

    [Fact]
    public async Task An_abort_cancels_it()
    {
        var heard = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(server => server.MapGet("/aborts", async (request, _) =>
        {
            var token = request.HalfClosed;
            request.Abort();
            await Eventually.TrueAsync(() => token.IsCancellationRequested, "the token is cancelled");
            heard.TrySetResult(request.HalfClosed.IsCancellationRequested);
        }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/aborts"));
        Assert.True(await heard.Task.WaitAsync(TestClient.Patience));
    }

    // The connection's objects are pooled: what one client has ended must not be told of the next.
    [Fact]
    public async Task The_next_client_of_the_same_objects_has_not_ended()
    {
        await using var server = await StartAsync();
        for (var round = 0; round < 50; round++)
        {
            await using (var leaving = await server.ConnectAsync())
            {
                await leaving.SendAsync(TestClient.Get("/inline"));
                leaving.ShutdownSend();
                Assert.Equal("heard, not aborted", (await leaving.ReadResponseAsync()).Text);
            }

            await using var staying = await server.ConnectAsync();
            Assert.Equal("False False", (await staying.RequestAsync(TestClient.Get("/now"))).Text);
            Assert.Equal("False False", (await staying.RequestAsync(TestClient.Get("/worker/now"))).Text);
        }
    }

    [Fact]
    public async Task A_request_that_has_ended_has_none()
    {
        HttpRequest? kept = null;
        await using var server = await StartAsync(server => server.MapGet("/keeps", (request, _) => kept = request, Dispatch.Inline));
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/keeps"));
        await Eventually.TrueAsync(() => !kept!.HalfClosed.CanBeCanceled, "the connection has let go of its request");
    }

    private static async ValueTask WaitAsync(HttpRequest request, HttpResponse response, Action? called)
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = request.HalfClosed.Register(heard.SetResult);
        called?.Invoke();
        await heard.Task.WaitAsync(TestClient.Patience);
        response.WriteText(request.Aborted.IsCancellationRequested ? "aborted" : "heard, not aborted");
    }

    private Task<TestServer> StartAsync(Action<HttpServer>? map = null, Action? called = null) => TestServer.StartAsync(transport, server =>
    {
        server.MapGet("/inline", (request, response) => WaitAsync(request, response, called), Dispatch.Inline);
        server.MapGet("/worker", (request, response) => WaitAsync(request, response, called));
        server.MapGet("/pool", (request, response) => WaitAsync(request, response, called), Dispatch.ThreadPool);
        server.MapGet("/now", Now, Dispatch.Inline);
        server.MapGet("/worker/now", Now);
        server.MapPost("/reads-then", static async (request, response) =>
        {
            var token = request.HalfClosed;
            await Eventually.TrueAsync(() => token.IsCancellationRequested, "the end is noticed");
            using var reader = new StreamReader(request.Body.AsStream());
            response.WriteText(await reader.ReadToEndAsync(CancellationToken.None));
        });
        map?.Invoke(server);
    });

    private static void Now(HttpRequest request, HttpResponse response) =>
        response.WriteText($"{request.HalfClosed.IsCancellationRequested} {request.Aborted.IsCancellationRequested}");
}
