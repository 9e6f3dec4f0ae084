using PipeServer.Transport;
using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Server;

/// <summary>
/// The stop for a process that gets no further thread, by the rules of every other stop. That it needs none is seen in a process that has none
/// to get: <see cref="Cli.ThreadLimitTests"/>.
/// </summary>
public sealed class ThreadlessStopTests : IAsyncDisposable
{
    private ITransport? _transport;

    // Its loops go on in such a stop, until the process ends.
    public async ValueTask DisposeAsync()
    {
        if (_transport is not null)
        {
            Assert.Empty(await _transport.StopAsync(TestClient.Patience));
        }
    }

    [Fact]
    public async Task Requests_in_flight_are_finished_and_idle_connections_closed()
    {
        await using var server = await StartAsync();
        await using var idle = await server.ConnectAsync();
        Assert.Equal("hello", (await idle.RequestAsync(TestClient.Get("/"))).Text);
        await using var reading = await server.ConnectAsync();
        await reading.SendAsync("GET / HTTP/1.1\r\nHo");
        await using var handling = await server.ConnectAsync();
        await handling.SendAsync("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "it is in its handler");
        var stopping = StopAsync(server, static () => false);
        await Eventually.TrueAsync(() => server.Log.Messages.Any(static message => message.StartsWith("Draining")), "the stop has begun");
        await reading.SendAsync("st: a\r\n\r\n");
        Assert.Equal("close", (await reading.ReadResponseAsync())["Connection"]);
        Assert.Empty(await idle.ReadToEndAsync());
        Assert.False(stopping.IsCompleted);
        await handling.SendAsync("b");
        Assert.Equal("2", (await handling.ReadResponseAsync()).Text);
        await Task.WhenAll(reading.DisposeAsync().AsTask(), idle.DisposeAsync().AsTask(), handling.DisposeAsync().AsTask());
        var report = await stopping.WaitAsync(TestClient.Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal((3, 3), (report.Connections.Accepted, report.Connections.Closed));
        Assert.Equal((3, 3), (report.Requests.Received, report.Requests.Completed));
        Assert.Same(report, await server.Server.StopAsync());
        await Assert.ThrowsAnyAsync<Exception>(server.ConnectAsync);
    }

    [Theory]
    [InlineData(true, ShutdownOutcome.Forced)]
    [InlineData(false, ShutdownOutcome.TimedOut)]
    public async Task What_does_not_end_is_cut_off_and_named(bool isForced, ShutdownOutcome outcome)
    {
        await using var server = await StartAsync(options => options.ShutdownGracePeriod = TimeSpan.FromSeconds(isForced ? 60 : 0.3));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/wait"));
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 1, "it is in its handler");
        var isAsked = false;
        var stopping = StopAsync(server, () => Volatile.Read(ref isAsked));
        Volatile.Write(ref isAsked, isForced);
        var report = await stopping.WaitAsync(TestClient.Patience);
        Assert.Equal(outcome, report.Outcome);
        Assert.StartsWith("GET /wait, ", Assert.Single(report.CutOff));
        Assert.Equal((1, 1), (report.Requests.Received, report.Requests.Aborted));
        Assert.Equal((1, 1), (report.Connections.Accepted, report.Connections.Aborted));
    }

    private static Task<ShutdownReport> StopAsync(TestServer server, Func<bool> isForced) => Task.Factory.StartNew(
        () => server.Server.StopHere(isForced), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private async Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null)
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "The event loops are needed.");
        return await TestServer.StartAsync(
            "epoll",
            static server =>
            {
                server.MapGet("/", static (_, response) => response.WriteText("hello"), Dispatch.Inline);
                server.MapGet("/wait", static async (request, _) => await Task.Delay(Timeout.InfiniteTimeSpan, request.Aborted), Dispatch.Inline);
                server.MapPost(
                    "/body",
                    static async (request, response) =>
                    {
                        var read = await request.Body.ReadAtLeastAsync(2);
                        response.WriteText($"{read.Buffer.Length}");
                        request.Body.AdvanceTo(read.Buffer.End);
                    },
                    Dispatch.Inline);
            },
            options =>
            {
                _transport = options.Transport;
                configure?.Invoke(options);
            });
    }
}
