using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>Streams of server-sent events, on the wire and read by the framework's parser: one suite, unchanged over each transport.</summary>
public abstract class ServerSentEventsTests(string transport)
{
    private static readonly ServerSentEventsOptions Silent = new() { KeepAliveInterval = Timeout.InfiniteTimeSpan };

    [Fact]
    public async Task Events_arrive_as_they_were_sent()
    {
        SseItem<string>[] items =
        [
            new("one"),
            new("two\nlines\r\nand\rmore\n", "kind") { EventId = "7" },
            new("", "empty") { ReconnectionInterval = TimeSpan.FromMilliseconds(1234) },
            new(" indented: é€😀", "message") { EventId = "" },
            new(new string('é', 10_000) + "😀" + new string('x', 10_000)),
        ];
        await using var server = await StartAsync(async events =>
        {
            foreach (var item in items)
            {
                Assert.True(await events.SendAsync(item));
            }
        });
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/"));
        Assert.Equal(200, response.Status);
        Assert.Equal("text/event-stream", response["Content-Type"]);
        Assert.Equal("no-store", response["Cache-Control"]);
        Assert.Equal("no", response["X-Accel-Buffering"]);
        var read = Parse(response.Text);
        Assert.Equal(items.Select(static item => item.Data.ReplaceLineEndings("\n")), read.Select(static item => item.Data));
        Assert.Equal(["message", "kind", "empty", "message", "message"], read.Select(static item => item.EventType));
        Assert.Equal([null, "7", null, "", null], read.Select(static item => item.EventId));
        Assert.Equal(TimeSpan.FromMilliseconds(1234), read[2].ReconnectionInterval);
        Assert.DoesNotContain("retry", response.Text.Split("id: ")[0]);

        // The connection is as good as before.
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/"))).Status);
    }

    [Fact]
    public async Task Json_is_data()
    {
        await using var server = await StartAsync(static events => events.SendAllJsonAsync(Items(), TestJson.Default.Order));
        await using var client = await server.ConnectAsync();
        var read = Parse((await client.RequestAsync(TestClient.Get("/"))).Text);
        Assert.All(read, static item => Assert.StartsWith("{\"id\":", item.Data));
        Assert.Contains("a\\nb", read[0].Data);
        Assert.Equal("x", read[1].EventType);

        static async IAsyncEnumerable<SseItem<Order>> Items()
        {
            yield return new SseItem<Order>(new Order { Id = 1, Name = "a\nb" });
            await Task.Yield();
            yield return new SseItem<Order>(new Order { Id = 2 }, "x");
        }
    }

    [Theory]
    [InlineData("Last-Event-ID: 17", "17")]
    [InlineData("last-event-id: \u00C3\u00A9", "é")]
    [InlineData("Last-Event-ID: \u00FF", null)]
    [InlineData("Last-Event-ID:", null)]
    [InlineData("Last-Event-ID: 1|Last-Event-ID: 2", null)]
    [InlineData("X: y", null)]
    public async Task The_last_event_id_is_told(string fields, string? expected)
    {
        await using var server = await StartAsync(async events => await events.SendAsync(new SseItem<string>(events.LastEventId ?? "none")));
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/", fields.Split('|')));
        Assert.Equal(expected ?? "none", Assert.Single(Parse(response.Text)).Data);
    }

    // With another field's end inside, an event would be two.
    [Fact]
    public async Task What_would_forge_an_event_is_refused_and_leaves_the_stream_whole()
    {
        await using var server = await StartAsync(static async events =>
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await events.SendAsync(new SseItem<string>("x") { EventId = "a\0b" }));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await events.SendAsync(new SseItem<string>("x") { EventId = "a\nb" }));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await events.SendAsync(new SseItem<string>("x", "a\0b")));
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await events.SendAsync(new SseItem<string>("x", "a\rdata: forged")));
            await events.SendAsync(new SseItem<string>("x\0y"));
        });
        await using var client = await server.ConnectAsync();
        Assert.Equal("data: x\0y\n\n", (await client.RequestAsync(TestClient.Get("/"))).Text);
    }

    [Fact]
    public async Task Head_gets_the_head_and_http_1_0_the_end_of_the_connection()
    {
        var calls = 0;
        await using var server = await StartAsync(async events =>
        {
            Interlocked.Increment(ref calls);
            await events.SendAsync(new SseItem<string>("x"));
        });
        await using var client = await server.ConnectAsync();
        var head = await client.RequestAsync(TestClient.Get("/").Replace("GET", "HEAD"), isHead: true);
        Assert.Equal((200, "text/event-stream", 0), (head.Status, head["Content-Type"], calls));

        // It said Content-Length: 0, which the answer to GET has not (RFC 9110 §8.6).
        Assert.Equal((null, "chunked"), (head["Content-Length"], head["Transfer-Encoding"]));
        await client.SendAsync("GET / HTTP/1.0\r\n\r\n");
        var response = await client.ReadResponseAsync();
        Assert.Equal(("data: x\n\n", null), (response.Text, response["Transfer-Encoding"]));
        Assert.Equal(1, calls);
    }

    // A sequence that does not heed its token came to its end as if it had ended by itself.
    [Fact]
    public async Task A_sequence_that_is_cancelled_by_its_sender_tells_so()
    {
        var told = new TaskCompletionSource<Exception?>();
        await using var server = await StartAsync(async events =>
        {
            using var cancellation = new CancellationTokenSource();
            var sending = events.SendAllAsync(DeafAsync(), cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            told.SetResult(await Record.ExceptionAsync(() => sending));
        });
        await using var client = await server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/"));
        Assert.IsAssignableFrom<OperationCanceledException>(await told.Task.WaitAsync(TestClient.Patience));
    }

    // One timer for all streams, by the server's clock; and none where none is wanted.
    [Fact]
    public async Task A_silent_stream_is_kept_alive_and_a_busy_one_is_not()
    {
        var time = new ManualTimeProvider();
        var channel = Channel.CreateUnbounded<SseItem<string>>();
        await using var server = await TestServer.StartAsync(
            transport,
            server => server.MapGet("/", (request, response) => ServerSentEvents.RunAsync(
                request, response, events => events.SendAllAsync(channel.Reader.ReadAllAsync()), new() { KeepAliveInterval = TimeSpan.FromSeconds(10) })),
            options => (options.TimeProvider, options.ResponseWriteTimeout) = (time, TimeSpan.FromHours(1)));
        try
        {
            var streams = server.Server.Running.Context.EventStreams;
            await using var client = await server.ConnectAsync();
            await client.SendAsync(TestClient.Get("/"));
            await client.ReadHeadAsync();
            await Eventually.TrueAsync(() => streams.Count == 1, "it is open");
            time.Advance(TimeSpan.FromSeconds(9));
            channel.Writer.TryWrite(new SseItem<string>("a"));
            Assert.Equal("data: a\n\n", await ReadChunkAsync(client));
            time.Advance(TimeSpan.FromSeconds(9));
            channel.Writer.TryWrite(new SseItem<string>("b"));
            Assert.Equal("data: b\n\n", await ReadChunkAsync(client));
            for (var comment = 0; comment < 3; comment++)
            {
                // Whoever has just sent may not be quite done: then a later look finds the stream silent.
                var chunk = ReadChunkAsync(client);
                await Eventually.TrueAsync(() => Advance(time, chunk), "a comment comes");
                Assert.Equal(": \n\n", await chunk);
            }

            channel.Writer.Complete();
            Assert.Equal("", await ReadChunkAsync(client));
            await Eventually.TrueAsync(() => streams.Count == 0, "it is over");
            time.Advance(TimeSpan.FromSeconds(30)); // nobody is kept alive
        }
        finally
        {
            await server.Server.StopAsync(new CancellationToken(canceled: true)); // no grace period: its clock stands still
        }
    }

    [Fact]
    public async Task Sends_from_many_threads_and_comments_do_not_mix()
    {
        const int Threads = 8;
        const int Each = 100;
        var time = new ManualTimeProvider();
        await using var server = await TestServer.StartAsync(
            transport,
            server => server.MapGet("/", (request, response) => ServerSentEvents.RunAsync(
                request,
                response,
                events => new ValueTask(Task.WhenAll(Enumerable.Range(0, Threads).Select(async thread =>
                {
                    await Task.Yield();
                    for (var number = 0; number < Each; number++)
                    {
                        await events.SendAsync(new SseItem<string>($"{thread}\n{number}\n{new string('x', number * 10)}"));
                        time.Advance(TimeSpan.FromSeconds(1));
                        await Task.Yield();
                    }
                }))),
                new() { KeepAliveInterval = TimeSpan.FromSeconds(1) })),
            options => (options.TimeProvider, options.ResponseWriteTimeout) = (time, TimeSpan.FromHours(24)));
        try
        {
            await using var client = await server.ConnectAsync();
            var text = (await client.RequestAsync(TestClient.Get("/"))).Text;
            var read = Parse(text).Select(static item => item.Data.Split('\n')).ToList();
            Assert.Equal(Threads * Each, read.Count);
            Assert.All(read, static lines => Assert.Equal(int.Parse(lines[1]) * 10, lines[2].Length));
            foreach (var thread in read.GroupBy(static lines => lines[0]))
            {
                Assert.Equal(Enumerable.Range(0, Each), thread.Select(static lines => int.Parse(lines[1])));
            }
        }
        finally
        {
            await server.Server.StopAsync(new CancellationToken(canceled: true));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_drain_ends_a_stream_with_a_retry_and_disposes_of_its_source(bool heedsToken)
    {
        var disposed = new TaskCompletionSource();
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(
            events => events.SendAllAsync(heedsToken ? Heeding() : Deaf()),
            new() { ReconnectDelay = TimeSpan.FromSeconds(2), ReconnectSpread = TimeSpan.FromSeconds(3) });
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/"));
        await client.ReadHeadAsync();
        Assert.Equal("data: first\n\n", await ReadChunkAsync(client));
        var stop = server.Server.StopAsync();
        var last = "";
        while (await ReadChunkAsync(client) is { Length: > 0 } chunk)
        {
            last += chunk;
        }

        var item = heedsToken ? "data: last\n\n" : "";
        Assert.StartsWith(item, last);
        Assert.Matches("^retry: [2-5][0-9]{3}\n\n$", last[item.Length..]);
        Assert.InRange(int.Parse(last[item.Length..].Split(' ')[1]), 2000, 5000);
        Assert.True(await client.IsClosedAsync());
        var report = await stop;
        Assert.Empty(report.CutOff);
        Assert.Equal(heedsToken, disposed.Task.IsCompleted);
        goOn.SetResult();
        await disposed.Task.WaitAsync(TestClient.Patience);

        async IAsyncEnumerable<SseItem<string>> Heeding([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            try
            {
                yield return new SseItem<string>("first");
                await Task.WhenAny(goOn.Task, Task.Delay(Timeout.Infinite, cancellationToken));
                yield return new SseItem<string>("last");
            }
            finally
            {
                disposed.SetResult();
            }
        }

        async IAsyncEnumerable<SseItem<string>> Deaf()
        {
            try
            {
                yield return new SseItem<string>("first");
                await goOn.Task;
                yield return new SseItem<string>("never");
            }
            finally
            {
                disposed.SetResult();
            }
        }
    }

    [Fact]
    public async Task A_stream_that_begins_in_a_drain_ends_at_once()
    {
        var isStarted = false;
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(transport, server => server.MapGet("/", async (request, response) =>
        {
            await gate.Task;
            await ServerSentEvents.RunAsync(request, response, events => events.SendAllAsync(Items()));
        }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/"));
        await Eventually.TrueAsync(() => server.Server.Requests.Received == 1, "it has arrived");
        var stop = server.Server.StopAsync();
        await Eventually.TrueAsync(() => server.Server.Running.Context.Draining.IsCancellationRequested, "the drain has begun");
        gate.SetResult();
        Assert.Matches("^retry: [0-9]+\n\n$", (await client.ReadResponseAsync()).Text);
        await stop;
        Assert.False(isStarted);

        async IAsyncEnumerable<SseItem<string>> Items()
        {
            isStarted = true;
            await Task.Yield();
            yield return new SseItem<string>("x");
        }
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_source()
    {
        Assert.SkipWhen(transport == "memory", "Over memory nobody notices before something is written.");
        var disposed = new TaskCompletionSource();
        await using var server = await StartAsync(events => events.SendAllAsync(Items()));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/"));
        await client.ReadHeadAsync();
        await ReadChunkAsync(client);
        await client.ResetAsync();
        await disposed.Task.WaitAsync(TestClient.Patience);
        await Eventually.TrueAsync(() => server.Server.Running.Context.EventStreams.Count == 0, "it is over");
        await Eventually.TrueAsync(() => server.Server.Connections is { Accepted: 1 } counts && counts.Closed + counts.Aborted == 1, "so is its connection");
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));

        async IAsyncEnumerable<SseItem<string>> Items([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            try
            {
                yield return new SseItem<string>("first");
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                disposed.SetResult();
            }
        }
    }

    // What a slow client does not take is waited for, not kept; a client that takes nothing is cut off by the server's own timeout.
    [Fact]
    public async Task A_slow_client_holds_up_the_source_and_is_cut_off()
    {
        const int EventBytes = 64 * 1024;
        long sent = 0;
        var hasEnded = new TaskCompletionSource<bool>();
        await using var server = await TestServer.StartAsync(
            transport,
            server => server.MapGet("/", (request, response) => ServerSentEvents.RunAsync(request, response, async events =>
            {
                var data = new string('x', EventBytes);
                while (await events.SendAsync(new SseItem<string>(data)))
                {
                    Interlocked.Add(ref sent, EventBytes);
                }

                hasEnded.SetResult(events.Ended.IsCancellationRequested);
            })),
            static options => options.ResponseWriteTimeout = TimeSpan.FromSeconds(1));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/"));
        await client.ReadHeadAsync();
        Assert.True(await hasEnded.Task.WaitAsync(TestClient.Patience));
        Assert.InRange(Interlocked.Read(ref sent), 0, 64L * 1024 * 1024);
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "it counts as aborted");
    }

    [Fact]
    public async Task A_fault_of_the_handler_cuts_the_stream()
    {
        ServerSentEvents? kept = null;
        var hasArrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(async events =>
        {
            kept = events;
            await events.SendAsync(new SseItem<string>("x"));
            await hasArrived.Task;
            throw new InvalidOperationException("as it should");
        });
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/"));
        await client.ReadHeadAsync();
        Assert.Equal("data: x\n\n", await ReadChunkAsync(client));
        hasArrived.SetResult();
        await Eventually.TrueAsync(() => server.Log.Entries.Any(static entry => entry.Exception?.Message == "as it should"), "it is logged");
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await kept!.SendAsync(new SseItem<string>("late")));
        Assert.Equal(0, server.Server.Running.Context.EventStreams.Count);
    }

    [Fact]
    public async Task What_cannot_be_a_stream_is_refused()
    {
        var messages = new List<string>();
        await using var server = await TestServer.StartAsync(transport, server => server.MapGet("/", async (request, response) =>
        {
            response.StatusCode = 201;
            messages.Add((await Assert.ThrowsAsync<InvalidOperationException>(RunAsync)).Message);
            response.StatusCode = 200;
            response.ContentLength = 5;
            messages.Add((await Assert.ThrowsAsync<InvalidOperationException>(RunAsync)).Message);
            response.ContentLength = null;
            response.WriteText("done");
            async Task RunAsync() => await ServerSentEvents.RunAsync(request, response, static _ => default);
        }));
        await using var client = await server.ConnectAsync();
        Assert.Equal("done", (await client.RequestAsync(TestClient.Get("/"))).Text);
        Assert.Contains("status 201", messages[0]);
        Assert.Contains("length 5", messages[1]);
    }

    private static bool Advance(ManualTimeProvider time, Task<string> chunk)
    {
        time.Advance(TimeSpan.FromSeconds(1));
        return chunk.IsCompleted;
    }

    private static List<SseItem<string>> Parse(string text) =>
        [.. SseParser.Create(new MemoryStream(Encoding.UTF8.GetBytes(text))).Enumerate()];

    private static async Task<string> ReadChunkAsync(TestClient client)
    {
        var length = Convert.ToInt32(await client.ReadLineAsync(), 16);
        var text = Encoding.UTF8.GetString(await client.ReadExactlyAsync(length));
        Assert.Equal("", await client.ReadLineAsync());
        return text;
    }

    private static async IAsyncEnumerable<SseItem<string>> DeafAsync()
    {
        await Task.Delay(Timeout.Infinite);
        yield break;
    }

    private Task<TestServer> StartAsync(Func<ServerSentEvents, ValueTask> send, ServerSentEventsOptions? options = null) =>
        TestServer.StartAsync(transport, server => server.MapGet("/", (request, response) =>
            ServerSentEvents.RunAsync(request, response, send, options ?? Silent)));
}
