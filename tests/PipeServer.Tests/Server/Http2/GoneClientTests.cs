using System.Net.Security;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Clients that go while something of theirs is under way: whoever waits for them is told.</summary>
public sealed class GoneClientTests
{
    private const int Window = 1_000_000;

    public static TheoryData<string> Transports => Http2Transports.All;

    /// <summary>Those whose clients can go without a word.</summary>
    public static TheoryData<string> WithResets => ["epoll", "sockets", "epoll/openssl", "epoll/sslstream"];

    /// <summary>Those of them that tell of it when nothing is read any more.</summary>
    public static TheoryData<string> WithResetsUnread => ["epoll", "epoll/openssl", "epoll/sslstream"];

    private static IReadOnlyList<string> Ways { get; } = ["", "/worker", "/pool"];

    // The bug: once the client had half-closed, nothing was read any more that could have told of its end, and handlers waited for ever.
    [Theory]
    [MemberData(nameof(WithResetsUnread))]
    public async Task A_reset_after_a_half_close_is_seen_by_the_handler(string transport)
    {
        var (aborted, givenUp) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = await StartAsync(transport, aborted, givenUp);
        var raw = await host.ConnectRawAsync();
        await HalfCloseAsync(raw, givenUp);
        await raw.ResetAsync();
        await aborted.Task.WaitAsync(TestClient.Patience);
        await Eventually.TrueAsync(() => host.Server.Requests.InFlight == 0, "the request is over");
    }

    // The same bug: neither did a handler see the stop that cut it off.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_stop_after_a_half_close_is_seen_by_the_handler(string transport)
    {
        var (aborted, givenUp) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var host = await StartAsync(transport, aborted, givenUp, static options => options.ShutdownGracePeriod = TimeSpan.FromMilliseconds(100));
        await using var raw = await host.ConnectRawAsync();
        await HalfCloseAsync(raw, givenUp);
        var stop = host.Server.StopAsync();
        await aborted.Task.WaitAsync(TestClient.Patience);
        Assert.Equal(ShutdownOutcome.TimedOut, (await stop).Outcome);
    }

    // The bugs: callbacks of an answer's end waited for an answer that could not go out any more, and so did the request's place on its connection.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Callbacks_of_the_end_are_called_when_a_client_resets_its_stream(string transport)
    {
        var completed = new SemaphoreSlim(0);
        await using var host = await StartHookedAsync(transport, completed, static options => options.MaxStreamsPerConnection = 1);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 0));
        foreach (var way in Ways)
        {
            var held = await client.RequestAsync("GET", $"{way}/hooked/100");
            await client.UntilAsync(() => client.Responses[held].Status == 200, "the head");
            await client.SendAsync(Http2Frame.Reset(held));
            Assert.True(await completed.WaitAsync(TestClient.Patience), way);
            await Eventually.TrueAsync(
                async () =>
                {
                    var next = await client.RequestAsync("HEAD", "/inline");
                    return (await client.ResponseAsync(next)).Status == 200;
                },
                "there is room again");
        }
    }

    [Theory]
    [MemberData(nameof(WithResets))]
    public async Task Callbacks_of_the_end_are_called_when_a_client_goes(string transport)
    {
        var completed = new SemaphoreSlim(0);
        await using var host = await StartHookedAsync(transport, completed);
        foreach (var way in Ways)
        {
            var raw = await host.ConnectRawAsync();
            var client = await BeginAsync(raw, (Setting.InitialWindowSize, 0));
            var held = await client.RequestAsync("GET", $"{way}/hooked/100");
            await client.UntilAsync(() => client.Responses[held].Status == 200, "the head");
            await raw.ResetAsync();
            Assert.True(await completed.WaitAsync(TestClient.Patience), way);
        }

        await Eventually.TrueAsync(() => host.Server.Requests.InFlight == 0, "no request is in flight");
    }

    // The answer is written to its end, and its flush waits: over memory one waits as soon as 64 KB are unread.
    [Fact]
    public async Task Callbacks_of_the_end_are_called_when_a_client_goes_that_does_not_read()
    {
        var completed = new SemaphoreSlim(0);
        await using var host = await StartHookedAsync("memory", completed);
        foreach (var way in Ways)
        {
            var client = await host.ConnectAsync((Setting.InitialWindowSize, Window));
            await client.SendAsync(Http2Frame.WindowUpdate(0, Window));
            client.OpensWindows = false;
            var whole = await client.RequestAsync("GET", $"{way}/hooked/65536");
            await client.UntilAsync(() => client.Responses[whole].Status == 200, "the head"); // and no more than that is read
            Assert.Equal(0, completed.CurrentCount);
            await client.DisposeAsync();
            Assert.True(await completed.WaitAsync(TestClient.Patience), way);
        }

        await Eventually.TrueAsync(() => host.Server.Requests.InFlight == 0, "no request is in flight");
    }

    private static Task<Http2Host> StartAsync(
        string transport, TaskCompletionSource aborted, TaskCompletionSource givenUp, Action<HttpServerOptions>? configure = null) => Http2Host.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/waits", async (HttpRequest request, HttpResponse response) =>
            {
                await response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, request.Aborted).ContinueWith(static _ => { }, TaskScheduler.Default);
                aborted.SetResult();
            });
            server.MapPost("/reads", async (HttpRequest request, HttpResponse response) =>
            {
                await response.Body.FlushAsync();
                await Assert.ThrowsAnyAsync<IOException>(async () => await request.Body.ReadAsync());
                givenUp.SetResult();
            });
        },
        configure);

    private static Task<Http2Host> StartHookedAsync(string transport, SemaphoreSlim completed, Action<HttpServerOptions>? configure = null) => Http2Host.StartAsync(
        transport,
        server =>
        {
            Http2Handlers.Map(server);
            foreach (var way in Ways)
            {
                var dispatch = way switch { "" => Dispatch.Inline, "/pool" => Dispatch.ThreadPool, _ => Dispatch.Worker };
                server.MapGet($"{way}/hooked/{{count}}", (request, response) =>
                {
                    response.OnCompleted(_ =>
                    {
                        completed.Release();
                        return ValueTask.CompletedTask;
                    });
                    response.WriteBytes(new byte[request.RouteValues.Get<int>("count")]);
                }, dispatch);
            }
        },
        configure);

    // A handler waits, and the server has seen the end of what its client sends.
    private static async Task HalfCloseAsync(TestClient raw, TaskCompletionSource givenUp)
    {
        var client = await BeginAsync(raw);
        var waits = await client.RequestAsync("GET", "/waits");
        var reads = await client.OpenAsync("POST", "/reads");
        await client.UntilAsync(() => client.Responses[waits].Status == 200 && client.Responses[reads].Status == 200, "the heads");
        raw.ShutdownSend();
        await givenUp.Task.WaitAsync(TestClient.Patience);
    }

    private static async Task<Http2TestClient> BeginAsync(TestClient raw, params (int Id, long Value)[] settings)
    {
        var client = new Http2TestClient(raw.Stream) { Patience = TestClient.Patience, Scheme = raw.Stream is SslStream ? "https" : "http" };
        await client.StartAsync(settings);
        return client;
    }
}
