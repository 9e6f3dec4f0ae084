using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>
/// Handlers that may block are never on an event loop, behind whatever they await of the server, whether it brings a result or an exception: there
/// they would hold up the very loop that they wait for. One suite, unchanged over each transport.
/// </summary>
public abstract class OffTheLoopTests(string transport) : IAsyncLifetime
{
    private readonly string _path = Path.GetTempFileName();
    private readonly ConcurrentQueue<string> _seen = new();

    public static TheoryData<Dispatch> Dispatches => [Dispatch.Worker, Dispatch.ThreadPool];

    public async ValueTask InitializeAsync() => await File.WriteAllBytesAsync(_path, new byte[20_000_000]);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        File.Delete(_path);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [MemberData(nameof(Dispatches))]
    public async Task Behind_a_read_of_the_body(Dispatch dispatch)
    {
        await using var server = await StartAsync(dispatch);
        await using var client = await server.ConnectAsync();
        foreach (var (framing, rest) in new[] { ("Content-Length: 3", "bc"), ("Transfer-Encoding: chunked", "2\r\nbc\r\n0\r\n\r\n") })
        {
            await client.SendAsync($"POST /body HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{(rest.Length == 2 ? "a" : "1\r\na\r\n")}");
            await SeeAsync("begun");
            foreach (var one in rest)
            {
                await client.SendAsync($"{one}");
                await Task.Delay(5);
            }

            Assert.Equal("done", (await client.ReadResponseAsync()).Text);
        }

        AssertOffTheLoop(atLeast: 4);
    }

    [Theory]
    [MemberData(nameof(Dispatches))]
    public async Task Behind_a_read_of_a_body_whose_client_leaves(Dispatch dispatch)
    {
        await using var server = await StartAsync(dispatch);
        await using var client = await server.ConnectAsync();
        await client.SendAsync("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\na");
        await SeeAsync("begun");
        await client.ResetAsync();
        await SeeAsync("threw");
        AssertOffTheLoop(atLeast: 2);
    }

    [Theory]
    [InlineData(Dispatch.Worker, "/flushes")]
    [InlineData(Dispatch.ThreadPool, "/flushes")]
    [InlineData(Dispatch.Worker, "/file")]
    [InlineData(Dispatch.ThreadPool, "/file")]
    public async Task Behind_output_that_waits_for_its_client(Dispatch dispatch, string path)
    {
        await using var server = await StartAsync(dispatch);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path));
        await SeeAsync("begun");
        await Task.Delay(100); // for the output to be full; too early would only make the test pass for less
        Assert.Equal(20_000_000, (await client.ReadResponseAsync()).Body.Length);
        await SeeAsync("ended");
        AssertOffTheLoop(atLeast: 2);
    }

    // The flush, or the file, comes back with an exception: the handler went on where that came from, on the loop.
    [Theory]
    [InlineData(Dispatch.Worker, "/flushes")]
    [InlineData(Dispatch.ThreadPool, "/flushes")]
    [InlineData(Dispatch.Worker, "/file")]
    [InlineData(Dispatch.ThreadPool, "/file")]
    public async Task Behind_output_whose_client_leaves(Dispatch dispatch, string path)
    {
        await using var server = await StartAsync(dispatch);
        for (var round = 0; round < 3; round++)
        {
            _seen.Clear();
            await using var client = await server.ConnectAsync();
            await client.SendAsync(TestClient.Get(path));
            await SeeAsync("begun");
            await Task.Delay(50); // as above
            await client.ResetAsync();
            await Eventually.TrueAsync(() => _seen.Any(static line => line.StartsWith("threw", StringComparison.Ordinal) || line.StartsWith("ended", StringComparison.Ordinal)), "it has ended");
            AssertOffTheLoop(atLeast: 2);
        }
    }

    [Theory]
    [MemberData(nameof(Dispatches))]
    public async Task Behind_the_pipes_of_an_upgraded_connection(Dispatch dispatch)
    {
        await using var server = await StartAsync(dispatch);
        for (var round = 0; round < 5; round++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync("GET /upgrades HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n");
            Assert.Equal(101, (await client.ReadHeadAsync()).Status);
            await client.SendAsync("a");
            Assert.Equal("a", Encoding.ASCII.GetString(await client.ReadExactlyAsync(1)));
            await SeeAsync("read");
            if (round % 2 == 0)
            {
                await client.ResetAsync();
            }
            else
            {
                await client.DisposeAsync();
            }

            await Eventually.TrueAsync(() => _seen.Any(static line => line.StartsWith("threw", StringComparison.Ordinal) || line.StartsWith("ended", StringComparison.Ordinal)), "it has ended");
            AssertOffTheLoop(atLeast: 3);
            _seen.Clear();
        }
    }

    [Theory]
    [MemberData(nameof(Dispatches))]
    public async Task Behind_what_is_cancelled_when_the_client_leaves(Dispatch dispatch)
    {
        await using var server = await StartAsync(dispatch);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/aborted"));
        await SeeAsync("begun");
        await client.ResetAsync();
        await SeeAsync("threw");
        AssertOffTheLoop(atLeast: 2);
    }

    [Theory]
    [MemberData(nameof(Dispatches))]
    public async Task Behind_what_is_cancelled_when_a_stop_begins(Dispatch dispatch)
    {
        await using var server = await StartAsync(dispatch);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/draining"));
        await SeeAsync("begun");
        var stopping = server.Server.StopAsync();
        await SeeAsync("threw");
        await client.DisposeAsync();
        await stopping.WaitAsync(TestClient.Patience);
        AssertOffTheLoop(atLeast: 2);
    }

    private void See(string what) => _seen.Enqueue(
        $"{what}: {(Thread.CurrentThread.IsThreadPoolThread ? "pool" : Thread.CurrentThread.Name)}");

    private Task SeeAsync(string what) => Eventually.TrueAsync(() => _seen.Any(line => line.StartsWith(what, StringComparison.Ordinal)), what);

    private void AssertOffTheLoop(int atLeast)
    {
        Assert.True(_seen.Count >= atLeast, string.Join(", ", _seen));
        Assert.All(_seen, static line => Assert.Matches("^[a-z]+: (pool|worker-[0-9]+)$", line));
    }

    // Tells where it is before and behind each await, and behind what is thrown.
    private RequestHandler Seen(Func<HttpRequest, HttpResponse, Task> handle) => async (request, response) =>
    {
        See("begun");
        try
        {
            await handle(request, response).ConfigureAwait(false);
            See("ended");
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or BadHttpRequestException)
        {
            See("threw");
            throw;
        }
    };

    private Task<TestServer> StartAsync(Dispatch dispatch) => TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapPost(
                "/body",
                Seen(async (request, response) =>
                {
                    while (true)
                    {
                        var read = await request.Body.ReadAsync();
                        See("read");
                        request.Body.AdvanceTo(read.Buffer.End);
                        if (read.IsCompleted)
                        {
                            response.WriteText("done");
                            return;
                        }
                    }
                }),
                dispatch);
            server.MapGet(
                "/flushes",
                Seen(async (_, response) =>
                {
                    for (var i = 0; i < 20; i++)
                    {
                        var flushed = await response.Body.WriteAsync(new byte[1_000_000]);
                        See("flushed");
                        if (flushed.IsCompleted)
                        {
                            return;
                        }
                    }
                }),
                dispatch);
            server.MapGet("/file", Seen(SendFileAsync), dispatch);
            server.MapGet("/upgrades", Seen(EchoAsync), dispatch);
            server.MapGet("/aborted", Seen(static (request, _) => Task.Delay(Timeout.Infinite, request.Aborted)), dispatch);
            server.MapGet("/draining", Seen(static (request, _) => Task.Delay(Timeout.Infinite, request.Draining)), dispatch);
        });

    private async Task SendFileAsync(HttpRequest request, HttpResponse response)
    {
        using var file = File.OpenHandle(_path);
        response.ContentLength = 20_000_000;
        await response.SendFileAsync(file, 0, 20_000_000);
    }

    private async Task EchoAsync(HttpRequest request, HttpResponse response)
    {
        response.Headers["Upgrade"] = "lines";
        var pipe = await response.UpgradeAsync();
        See("upgraded");
        while (true)
        {
            var read = await pipe.Input.ReadAsync();
            See("read");
            if (read.IsCompleted)
            {
                return;
            }

            pipe.Output.Write(read.Buffer.First.Span);
            pipe.Input.AdvanceTo(read.Buffer.End);
            await pipe.Output.FlushAsync();
            See("flushed");
        }
    }
}
