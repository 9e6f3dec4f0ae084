using System.Net;

namespace PipeServer.Tests;

/// <summary>
/// <see cref="HttpServer.RunAsync(CancellationToken)"/> within a process: what begins the stop, what comes out, and what is refused. How it
/// meets signals in a process of its own: <see cref="ReadmeTests"/>.
/// </summary>
public sealed class HttpServerRunTests
{
    [Theory]
    [InlineData("memory")]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_token_drains_and_every_request_is_counted_on_both_sides(string transport)
    {
        using var stop = new CancellationTokenSource();
        var inHandler = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var used = Transports.Create(transport);
        await using var server = new HttpServer(new HttpServerOptions { Port = 0, Workers = 2, Transport = used });
        server.MapGet("/", static (_, response) => response.WriteText("done"));
        server.MapGet("/slow", async (_, response) =>
        {
            inHandler.SetResult();
            await release.Task;
            response.WriteText("slow");
        });
        var (run, _) = await ListeningAsync(server, stop.Token);
        await using var quick = await ConnectAsync(server, used);
        Assert.Equal("done", (await quick.RequestAsync(TestClient.Get("/"))).Text);
        await using var slow = await ConnectAsync(server, used);
        await slow.SendAsync(TestClient.Get("/slow"));
        await inHandler.Task.WaitAsync(TestClient.Patience);
        await stop.CancelAsync();
        Assert.True(await quick.IsClosedAsync());
        Assert.False(run.IsCompleted); // the token asks for a drain, it does not cut it short
        release.SetResult();
        Assert.Equal("slow", (await slow.ReadResponseAsync()).Text);
        var report = await run.WaitAsync(TestClient.Patience);
        Assert.Equal((ShutdownOutcome.Drained, 2L, 2L), (report.Outcome, report.Requests.Received, report.Requests.Completed));
        Assert.Same(report, await server.StopAsync());
    }

    // The bug: a server that was disposed of before its start could still be started, and nobody would stop it.
    [Fact]
    public async Task A_server_that_was_disposed_of_does_not_start()
    {
        var server = new HttpServer(new HttpServerOptions { Port = 0 });
        await server.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => server.StartAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => server.RunAsync());
        Assert.Empty(server.EndPoints);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_starts_and_drains()
    {
        await using var server = new HttpServer(new HttpServerOptions { Port = 0 });
        var isListening = false;
        var report = await server.RunAsync(() => isListening = server.Address.Port > 0, new CancellationToken(canceled: true)).WaitAsync(TestClient.Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.True(isListening);
    }

    [Fact]
    public async Task A_stop_from_elsewhere_ends_the_run_with_the_same_report()
    {
        await using var server = new HttpServer(new HttpServerOptions { Port = 0 });
        var (run, _) = await ListeningAsync(server);
        var report = await server.StopAsync();
        Assert.Same(report, await run.WaitAsync(TestClient.Patience));
    }

    [Fact]
    public async Task The_limit_of_accepts_ends_the_run()
    {
        await using var server = new HttpServer(new HttpServerOptions { Port = 0, AcceptLimit = 1 });
        server.MapGet("/", static (_, response) => response.WriteText("done"));
        var (run, endPoint) = await ListeningAsync(server);
        await using var client = await TestClient.ConnectAsync(endPoint);
        Assert.Equal("done", (await client.RequestAsync(TestClient.Get("/"))).Text);
        Assert.Equal(1, (await run.WaitAsync(TestClient.Patience)).Requests.Completed);
    }

    // The program must not end as if it had been told to, or nobody starts it again.
    [Fact]
    public async Task A_listener_that_ends_by_itself_fails_the_run()
    {
        var transport = new MemoryTransport();
        await using var server = new HttpServer(new HttpServerOptions { Transport = transport });
        var (run, _) = await ListeningAsync(server);
        await transport.StopListeningAsync();
        await Assert.ThrowsAsync<IOException>(() => run.WaitAsync(TestClient.Patience));
        Assert.Equal(ShutdownOutcome.Drained, (await server.StopAsync()).Outcome);
    }

    [Fact]
    public async Task It_runs_once_and_starts_by_itself()
    {
        await using var started = new HttpServer(new HttpServerOptions { Port = 0 });
        await started.StartAsync();
        Assert.Contains("StartAsync", (await Assert.ThrowsAsync<InvalidOperationException>(() => started.RunAsync())).Message);

        await using var running = new HttpServer(new HttpServerOptions { Port = 0 });
        var (run, _) = await ListeningAsync(running);
        await Assert.ThrowsAsync<InvalidOperationException>(() => running.RunAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => running.StartAsync());
        Assert.False(run.IsCompleted);
        await running.StopAsync();
        await run.WaitAsync(TestClient.Patience);
        await Assert.ThrowsAsync<InvalidOperationException>(() => running.RunAsync());
    }

    [Fact]
    public async Task A_start_that_fails_throws_as_by_itself()
    {
        await using var first = new HttpServer(new HttpServerOptions { Port = 0 });
        await first.StartAsync();
        await using var second = new HttpServer(new HttpServerOptions { Port = first.Address.Port });
        await Assert.ThrowsAsync<ListenException>(() => second.RunAsync(static () => Assert.Fail("It does not listen.")));
    }

    [Fact]
    public async Task What_the_callback_throws_stops_the_server_and_is_thrown_on()
    {
        await using var server = new HttpServer(new HttpServerOptions { Port = 0 });
        IPEndPoint? endPoint = null;
        var thrown = await Assert.ThrowsAsync<FormatException>(() => server.RunAsync(() =>
        {
            endPoint = (IPEndPoint)server.EndPoints[0];
            throw new FormatException("mine");
        }).WaitAsync(TestClient.Patience));
        Assert.Equal("mine", thrown.Message);
        await Assert.ThrowsAnyAsync<System.Net.Sockets.SocketException>(() => TestClient.ConnectAsync(endPoint!));
    }

    private static async Task<(Task<ShutdownReport> Run, EndPoint EndPoint)> ListeningAsync(HttpServer server, CancellationToken stop = default)
    {
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var run = server.RunAsync(listening.SetResult, stop);
        await (await Task.WhenAny(listening.Task, run)).WaitAsync(TestClient.Patience, CancellationToken.None);
        return (run, server.EndPoints[0]);
    }

    private static async Task<TestClient> ConnectAsync(HttpServer server, PipeServer.Transport.ITransport transport) =>
        transport is MemoryTransport memory ? new TestClient(memory.Connect()) : await TestClient.ConnectAsync(server.EndPoints[0]);
}
