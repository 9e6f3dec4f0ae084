using System.Net.Sockets;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>
/// Connections of one request. Over epoll they are served before their loop watches them, and closed without a polite end where nothing can be
/// lost by that: none of it may show. One suite, unchanged over each transport with a network.
/// </summary>
public abstract class ShortConnectionTests(string transport)
{
    // To close with something unread resets the connection, and the reset takes the answer along. The client has said that it sends
    // nothing more, and sends on all the same: in one piece with its request, or while it is being answered.
    [Theory]
    [InlineData("/inline", "HTTP/1.1", 100)]
    [InlineData("/inline", "HTTP/1.0", 100)]
    [InlineData("/inline", "HTTP/1.1", 13_000)]
    [InlineData("/inline", "HTTP/1.1", 300_000)]
    [InlineData("/worker", "HTTP/1.1", 100)]
    [InlineData("/worker", "HTTP/1.0", 13_000)]
    [InlineData("/worker", "HTTP/1.1", 300_000)]
    public async Task A_client_that_sends_on_behind_its_last_request_gets_its_whole_answer(string target, string version, int length)
    {
        var isEntered = new SemaphoreSlim(0);
        var mayAnswer = new SemaphoreSlim(1);
        var body = new byte[length];
        new Random(length).NextBytes(body);
        await using var server = await TestServer.StartAsync(transport, server =>
        {
            server.MapGet("/inline", Answer, Dispatch.Inline);
            server.MapGet("/worker", Answer);
        });
        var request = $"GET {target} {version}\r\nHost: a\r\nConnection: close\r\n\r\n";
        foreach (var behind in new[] { "x", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", new string('y', 10_000) })
        {
            await using (var client = await server.ConnectAsync())
            {
                await client.SendAsync(request + behind);
                var response = await client.ReadResponseAsync();
                Assert.Equal(body, response.Body);
                Assert.True(await client.IsClosedAsync());
                await isEntered.WaitAsync(TestClient.Patience);
            }

            await using (var client = await server.ConnectAsync())
            {
                await mayAnswer.WaitAsync(TestClient.Patience);
                await client.SendAsync(request);
                Assert.True(await isEntered.WaitAsync(TestClient.Patience));
                await client.SendAsync(behind);
                await Task.Delay(30); // a client that breaks its word in the very moment of the close is not meant
                mayAnswer.Release();
                var response = await client.ReadResponseAsync();
                Assert.Equal(body, response.Body);
                Assert.True(await client.IsClosedAsync());
            }
        }

        void Answer(HttpRequest _, HttpResponse response)
        {
            isEntered.Release();
            mayAnswer.Wait(TestClient.Patience);
            mayAnswer.Release();
            response.WriteBytes(body, "text/plain");
        }
    }

    // An answer of one flight was taken for sent. What did not fit into the window of this client still lay in the system when the connection was
    // closed, and the first byte that came then threw it away.
    [Fact]
    public async Task A_client_with_a_small_window_that_sends_on_later_gets_its_whole_answer()
    {
        var body = new byte[13_000];
        new Random(1).NextBytes(body);
        await using var server = await TestServer.StartAsync(
            transport, server => server.MapGet("/", (_, response) => response.WriteBytes(body, "text/plain"), Dispatch.Inline));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 2048, NoDelay = true };
        await socket.ConnectAsync(server.Server.EndPoints[0]);
        await using var client = new TestClient(new NetworkStream(socket));
        await client.SendAsync(TestClient.Get("/", "Connection: close"));
        await Task.Delay(100);
        await client.SendAsync("x");
        await Task.Delay(100);
        Assert.Equal(body, (await client.ReadResponseAsync()).Body);
        Assert.True(await client.IsClosedAsync());
    }

    // Served on its first receive, a connection had never been registered: that its client left while the request was on a worker, nobody
    // would have told.
    [Fact]
    public async Task A_client_that_leaves_during_its_first_request_on_a_worker_is_noticed()
    {
        var isEntered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isCancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayEnd = new SemaphoreSlim(0);
        await using var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet("/blocked", (_, response) =>
                {
                    isEntered.TrySetResult();
                    mayEnd.Wait(TestClient.Patience);
                    response.WriteText("late");
                });
                server.MapGet("/queued", static (_, response) => response.WriteText("never"));
                server.MapGet("/waiting", async (request, _) =>
                {
                    using var registration = request.Aborted.Register(() => isCancelled.TrySetResult());
                    isEntered.TrySetResult();
                    await isCancelled.Task;
                }, Dispatch.Inline);
            },
            static options => options.Workers = 1);

        // While it waits for a worker: nobody reads, and nobody has asked for a token.
        await using var first = await server.ConnectAsync();
        await first.SendAsync(TestClient.Get("/blocked"));
        await isEntered.Task.WaitAsync(TestClient.Patience);
        var second = await server.ConnectAsync();
        await second.SendAsync(TestClient.Get("/queued"));
        await Eventually.TrueAsync(() => server.Server.Requests.Received == 2, "the second is queued");
        await second.ResetAsync();
        await Task.Delay(50);
        mayEnd.Release();
        Assert.Equal("late", (await first.ReadResponseAsync()).Text);
        await Eventually.TrueAsync(() => server.Server.Requests is { Completed: 1, Aborted: 1 }, "the second was dropped");

        // While an inline handler waits.
        isEntered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var third = await server.ConnectAsync();
        await third.SendAsync(TestClient.Get("/waiting"));
        await isEntered.Task.WaitAsync(TestClient.Patience);
        await third.ResetAsync();
        await isCancelled.Task.WaitAsync(TestClient.Patience);
    }

    // Everything that a client can do in one go: request and end in the same moment as the connect, or bytes one by one.
    [Fact]
    public async Task The_first_request_is_found_however_it_comes()
    {
        await using var server = await TestServer.StartAsync(transport, ProtocolServer.Map);
        var request = TestClient.Get("/x", "Connection: close");
        for (var split = 0; split < request.Length; split += 3)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(request[..split]);
            if (split % 2 == 0)
            {
                await Task.Delay(1);
            }

            await client.SendAsync(request[split..]);
            client.ShutdownSend();
            Assert.EndsWith("/x", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
        }
    }
}
