using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>
/// <see cref="HttpResponse.UpgradeAsync"/>: who may take a connection over, what it tells, and that nothing of it outlives its handler. The pipe itself:
/// <see cref="SwitchedTests"/>.
/// </summary>
public abstract class UpgradeTests(string transport)
{
    private readonly ConcurrentQueue<(int Status, RequestOutcome Outcome, long Received, long Sent)> _completions = [];
    private readonly ConcurrentQueue<IDuplexPipe> _kept = [];
    private readonly ConcurrentQueue<Exception> _thrown = [];

    [Theory]
    [InlineData("HTTP/1.1", "Connection: Upgrade", "Upgrade: lines")]
    [InlineData("HTTP/1.1", "Connection: keep-alive, , upgrade ,x", "Upgrade: h2c, LINES")]
    [InlineData("HTTP/1.1", "Connection: keep-alive", "Connection: UPGRADE", "upgrade: ,", "Upgrade: lines/2, lines")]
    public async Task What_the_client_offers_can_be_taken_up(string version, params string[] fields)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var head = await client.RequestAsync(Ask("/lines", version, fields) + "abc");
        Assert.Equal((101, "HTTP/1.1 101 Switching Protocols"), (head.Status, head.StatusLine));
        Assert.Equal(("Upgrade", "lines"), (head["Connection"], head["Upgrade"]));
        Assert.Null(head["Content-Length"] ?? head["Transfer-Encoding"]);
        Assert.Equal("abc101", Encoding.ASCII.GetString(await client.ReadExactlyAsync(6)));
        client.ShutdownSend();
        Assert.Equal("end", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
        await Eventually.TrueAsync(() => !_completions.IsEmpty, "it is told");
        Assert.Equal((101, RequestOutcome.Answered, 3, 9), Assert.Single(_completions));
    }

    [Theory]
    [InlineData("HTTP/1.0", "Connection: Upgrade", "Upgrade: lines")]
    [InlineData("HTTP/1.1", "Connection: Upgrade")]
    [InlineData("HTTP/1.1", "Upgrade: lines")]
    [InlineData("HTTP/1.1", "Connection: upgrades, x-upgrade, keep-alive", "Upgrade: lines")]
    [InlineData("HTTP/1.1", "Connection: Upgrade", "Upgrade:")]
    [InlineData("HTTP/1.1", "Connection: Upgrade", "Upgrade: , ,")]
    public async Task What_is_no_offer_cannot(string version, params string[] fields)
    {
        await using var server = await StartAsync();
        await using (var client = await server.ConnectAsync())
        {
            Assert.Equal(500, (await client.RequestAsync(Ask("/lines", version, fields))).Status);
        }

        Assert.StartsWith("The client has not offered", Assert.Single(server.Log.Entries, static entry => entry.Exception is not null).Exception!.Message);
        await using var next = await server.ConnectAsync();
        Assert.Equal("False", (await next.RequestAsync(Ask("/can", version, fields))).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("lines/2")]
    [InlineData("websocket")]
    [InlineData("lines, websocket")]
    public async Task Only_what_was_offered_can_be_named(string chosen)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(Ask("/choose?" + Uri.EscapeDataString(chosen)));
        Assert.Equal((200, "refused 200 False"), (response.Status, response.Text)); // the handler has caught it, and answers itself
        Assert.StartsWith("The response needs an Upgrade field", Assert.Single(_thrown).Message);
        Assert.Equal("plain", (await client.RequestAsync(TestClient.Get("/plain"))).Text);
    }

    [Fact]
    public async Task An_announced_body_is_asked_for_and_read_before()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync("POST /after-body HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: lines\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue", await client.ReadLineAsync());
        Assert.Equal("", await client.ReadLineAsync());
        await client.SendAsync("bodyabc");
        Assert.Equal(101, (await client.ReadResponseAsync()).Status);
        Assert.Equal("abc101", Encoding.ASCII.GetString(await client.ReadExactlyAsync(6)));
        client.ShutdownSend();
        Assert.Equal("end", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
        await Eventually.TrueAsync(() => !_completions.IsEmpty, "it is told");
        Assert.Equal((101, RequestOutcome.Answered, 7, 9), Assert.Single(_completions));
    }

    // What a handler had kept of a pipe went on to read from and to write to the transport's pipes, which serve the next client by then.
    [Theory]
    [InlineData("/keep")]
    [InlineData("/keep-faulting")]
    [InlineData("/keep-reading")]
    public async Task A_pipe_that_is_kept_ends_with_its_handler(string path)
    {
        await using var server = await StartAsync();
        for (var round = 0; round < 5; round++)
        {
            await using (var client = await server.ConnectAsync())
            {
                await client.SendAsync(Ask(path) + "left unread");
                try
                {
                    await client.ReadHeadAsync();
                    await client.ReadToEndAsync();
                }
                catch (IOException)
                {
                    // Reset, by the handler that has failed.
                }
            }

            await Eventually.TrueAsync(() => server.Server.Connections is var counts && counts.Closed + counts.Aborted == counts.Accepted, "it has ended");
            await using var next = await server.ConnectAsync();
            Assert.Equal("plain", (await next.RequestAsync(TestClient.Get("/plain"))).Text);
            foreach (var pipe in _kept)
            {
                Assert.ThrowsAny<InvalidOperationException>(() => pipe.Output.GetMemory());
                Assert.ThrowsAny<InvalidOperationException>(() => pipe.Output.GetSpan(10));
                Assert.ThrowsAny<InvalidOperationException>(() => pipe.Output.Advance(0));
                Assert.ThrowsAny<InvalidOperationException>(() => pipe.Output.Write("HTTP/1.1 200 Yours"u8));
                Assert.True((await pipe.Output.WriteAsync("HTTP/1.1 200 Yours"u8.ToArray())).IsCompleted);
                Assert.True((await pipe.Output.FlushAsync()).IsCompleted);
                Assert.Equal(0, pipe.Output.UnflushedBytes);
                await Assert.ThrowsAnyAsync<InvalidOperationException>(async () => await pipe.Input.ReadAsync());
                Assert.ThrowsAny<InvalidOperationException>(() => pipe.Input.TryRead(out _));
                Assert.ThrowsAny<InvalidOperationException>(() => pipe.Input.AdvanceTo(default));
                pipe.Input.CancelPendingRead();
                pipe.Output.CancelPendingFlush();
                await pipe.Output.CompleteAsync();
                await pipe.Input.CompleteAsync();
            }

            Assert.Equal("plain", (await next.RequestAsync(TestClient.Get("/plain"))).Text);
        }

        await Eventually.TrueAsync(() => path != "/keep-reading" || _thrown.Count == 5, "the read that was left has ended");
        Assert.All(_thrown, static exception => Assert.IsType<IOException>(exception));
    }

    // A handler that did not wait for its connection had it answered with nothing, and got hold of it in the middle of a later request.
    [Theory]
    [InlineData("/not-awaited")]
    [InlineData("/not-awaited-worker")]
    public async Task A_handler_that_does_not_wait_for_the_connection_loses_it(string path)
    {
        await using var server = await StartAsync();
        for (var round = 0; round < 5; round++)
        {
            await using var client = await server.ConnectAsync();
            try
            {
                await client.SendAsync(TestClient.Get("/plain") + Ask(path) + TestClient.Get("/plain"));
                Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
                var rest = Encoding.ASCII.GetString(await client.ReadToEndAsync());
                Assert.True(rest.Length == 0 || (rest.StartsWith("HTTP/1.1 101") && rest.EndsWith("\r\n\r\n")), rest);
            }
            catch (IOException)
            {
                // Cut.
            }
        }

        await using var next = await server.ConnectAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("plain", (await next.RequestAsync(TestClient.Get(i % 2 == 0 ? "/plain" : "/waits"))).Text);
        }
    }

    // Each end of the pipe has a state of its own.
    [Fact]
    public async Task An_end_that_is_completed_takes_nothing_more_and_leaves_the_other_alone()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal(101, (await client.RequestAsync(Ask("/completes"))).Status);
        await client.SendAsync("a");
        Assert.Equal("a, then bye", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
        Assert.Equal(2, _thrown.Count);
        Assert.All(_thrown, static exception => Assert.IsType<InvalidOperationException>(exception));
    }

    private static string Ask(string target, string version = "HTTP/1.1", params string[] fields) =>
        $"GET {target} {version}\r\nHost: a\r\n{string.Join("\r\n", fields.Length > 0 ? fields : ["Connection: Upgrade", "Upgrade: lines"])}\r\n\r\n";

    private static async Task EchoAsync(HttpResponse response)
    {
        response.Headers["Upgrade"] = "lines";
        var pipe = await response.UpgradeAsync();
        var isFirst = true;
        while (true)
        {
            var read = await pipe.Input.ReadAsync();
            foreach (var part in read.Buffer)
            {
                pipe.Output.Write(part.Span);
            }

            var isEmpty = read.Buffer.IsEmpty;
            pipe.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                pipe.Output.Write("end"u8);
                return;
            }

            if (isFirst && !isEmpty)
            {
                isFirst = false;
                await pipe.Output.WriteAsync(Encoding.ASCII.GetBytes($"{response.StatusCode}"));
            }
            else
            {
                await pipe.Output.FlushAsync();
            }
        }
    }

    private static ValueTask NotAwaited(HttpRequest request, HttpResponse response)
    {
        response.Headers["Upgrade"] = "lines";
        _ = response.UpgradeAsync().AsTask();
        return ValueTask.CompletedTask;
    }

    private async Task KeepAsync(HttpResponse response, Func<IDuplexPipe, Task> use)
    {
        response.Headers["Upgrade"] = "lines";
        var pipe = await response.UpgradeAsync();
        _kept.Enqueue(pipe);
        await use(pipe);
    }

    private async Task ReadToItsEndAsync(IDuplexPipe pipe)
    {
        try
        {
            while (true)
            {
                var read = await pipe.Input.ReadAsync();
                pipe.Input.AdvanceTo(read.Buffer.End);
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            _thrown.Enqueue(exception);
        }
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/plain", static (_, response) => response.WriteText("plain"), Dispatch.Inline);
            server.MapGet("/waits", static async (_, response) =>
            {
                await Task.Yield();
                response.WriteText("plain");
            }, Dispatch.Inline);
            server.MapGet("/can", static (_, response) => response.WriteText($"{response.CanUpgrade}"), Dispatch.Inline);
            server.MapGet("/lines", static (_, response) => EchoAsync(response), Dispatch.Inline);
            server.MapGet("/choose", async (request, response) =>
            {
                try
                {
                    if (Uri.UnescapeDataString(request.QueryString) is { Length: > 0 } chosen)
                    {
                        response.Headers["Upgrade"] = chosen;
                    }

                    await response.UpgradeAsync();
                }
                catch (InvalidOperationException exception)
                {
                    _thrown.Enqueue(exception);
                    response.WriteText($"refused {response.StatusCode} {response.HasStarted}");
                }
            });
            server.MapPost("/after-body", static async (request, response) =>
            {
                await request.Body.CopyToAsync(Stream.Null);
                await EchoAsync(response);
            });
            server.MapGet("/keep", (_, response) => KeepAsync(response, static async pipe => await pipe.Input.ReadAsync()), Dispatch.Inline);
            server.MapGet("/keep-faulting", (_, response) => KeepAsync(response, static async pipe =>
            {
                await pipe.Input.ReadAsync();
                throw new InvalidOperationException("On purpose.");
            }));
            server.MapGet("/keep-reading", (_, response) => KeepAsync(response, pipe =>
            {
                var left = ReadToItsEndAsync(pipe);
                return left.IsCompleted ? left : Task.CompletedTask;
            }));
            server.MapGet("/not-awaited", NotAwaited, Dispatch.Inline);
            server.MapGet("/not-awaited-worker", NotAwaited);
            server.MapGet("/completes", async (_, response) =>
            {
                response.Headers["Upgrade"] = "lines";
                var pipe = await response.UpgradeAsync();
                var read = await pipe.Input.ReadAsync();
                pipe.Output.Write(read.Buffer.ToArray());
                await pipe.Input.CompleteAsync();
                _thrown.Enqueue((await Record.ExceptionAsync(async () => await pipe.Input.ReadAsync()))!);
                pipe.Output.Write(", then bye"u8);
                await pipe.Output.CompleteAsync();
                _thrown.Enqueue(Record.Exception(() => pipe.Output.Write("more"u8))!);
                await pipe.Output.FlushAsync();
            });
        },
        options => options.OnCompleted = See);

    private void See(in RequestCompletion completion)
    {
        if (completion.Request is { Path: "/lines" or "/after-body" })
        {
            _completions.Enqueue((completion.StatusCode, completion.Outcome, completion.BodyBytesReceived, completion.BodyBytesSent));
        }
    }
}
