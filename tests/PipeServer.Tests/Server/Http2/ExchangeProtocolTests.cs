using System.Net.ServerSentEvents;
using System.Security.Cryptography;
using PipeServer.Fuzz.Http2;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.Server.Http2;

/// <summary>What requests of HTTP/2 are answered with, frame by frame: each answer is held against the rules by <see cref="Http2Conversation"/>.</summary>
public sealed class ExchangeProtocolTests
{
    public static TheoryData<string> Transports => Http2Transports.All;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Each_way_of_dispatch_answers(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync();
        for (var round = 0; round < 5; round++)
        {
            foreach (var way in new[] { "inline", "worker", "pool" })
            {
                var response = await client.GetAsync("/" + way);
                Assert.Equal(200, response.Status);
                Assert.Equal(way, response.Text);
                Assert.Equal(way.Length.ToString(), response["content-length"]);
                Assert.NotNull(response["date"]);
                var head = await client.ResponseAsync(await client.RequestAsync("HEAD", "/" + way));
                Assert.Equal(200, head.Status);
                Assert.Equal(0, head.BodyLength);
                Assert.Equal(way.Length.ToString(), head["content-length"]);
            }
        }

        Assert.Equal("GET 2.0 localhost /about?a=b 0", (await client.GetAsync("/about?a=b")).Text);
        Assert.Equal(404, (await client.GetAsync("/nowhere")).Status);
        Assert.Equal(405, (await client.PostAsync("/inline", new byte[3])).Status);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Bodies_of_all_lengths_come_back(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync();
        foreach (var path in new[] { "/echo", "/inline/echo", "/pool/echo" })
        {
            foreach (var length in new[] { 0, 1, 100, 16_384, 16_385, 65_535, 65_536, 300_000, 3_000_000 })
            {
                var body = new byte[length];
                new Random(length).NextBytes(body);
                Assert.Equal(body, (await EchoAsync(client, path, body)).Body);
            }

            Assert.Equal("told", (await client.PostAsync(path, "told"u8.ToArray(), new Field("content-length", "4"))).Text);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_body_that_waits_for_100_is_asked_for_once(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("POST", "/echo", new Field("expect", "100-continue"), new Field("content-length", "5"));
        await client.UntilAsync(() => client.Responses[id].Interim.Count > 0, "100");
        Assert.Equal(100, Http2Response.StatusOf(client.Responses[id].Interim[0]));
        await client.SendDataAsync(id, "hello"u8.ToArray());
        Assert.Equal("hello", (await client.ResponseAsync(id)).Text);
        Assert.Single(client.Responses[id].Interim);

        // Answered without a look at the body, a client is not asked for it.
        var refused = await client.OpenAsync("POST", "/nowhere", new Field("expect", "100-continue"), new Field("content-length", "5"));
        await client.UntilAsync(() => client.Responses[refused].Status > 0, "404");
        Assert.Equal(404, client.Responses[refused].Status);
        Assert.Empty(client.Responses[refused].Interim);
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Trailers_go_both_ways(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("POST", "/trailers", new Field("te", "trailers"));
        await client.SendDataAsync(id, "body"u8.ToArray(), end: false);
        await client.SendTrailersAsync(id, new("x-sum", "1"), new("x-other", "2"));
        var response = await client.ResponseAsync(id);
        Assert.Equal("body", response.Text);
        Assert.Contains(new Field("checksum", "17"), response.Trailers!);
        Assert.Contains(new Field("got-x-sum", "1"), response.Trailers!);
        Assert.Contains(new Field("got-x-other", "2"), response.Trailers!);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Files_come_whole_in_ranges_and_not_again(string transport)
    {
        var folder = Directory.CreateTempSubdirectory("pipeserver-tests-");
        try
        {
            var large = RandomNumberGenerator.GetBytes(10 * 1024 * 1024);
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "large.bin"), large);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "small.txt"), "0123456789");
            using var files = new StaticFileHandler(folder.FullName);
            await using var host = await Http2Host.StartAsync(transport, server => server.MapFallback(files.TryHandle, files.HandleAsync));
            await using var client = await host.ConnectAsync();
            var small = await client.GetAsync("/small.txt");
            Assert.Equal("0123456789", small.Text);
            Assert.Equal("0123456789", (await client.GetAsync("/small.txt")).Text);
            var tag = small["etag"]!;
            var same = await client.GetAsync("/small.txt", new Field("if-none-match", tag));
            Assert.Equal(304, same.Status);
            Assert.Equal(0, same.BodyLength);
            var range = await client.GetAsync("/small.txt", new Field("range", "bytes=2-4"));
            Assert.Equal(206, range.Status);
            Assert.Equal("234", range.Text);
            Assert.Equal("bytes 2-4/10", range["content-range"]);
            Assert.Equal(416, (await client.GetAsync("/small.txt", new Field("range", "bytes=20-"))).Status);
            var whole = await client.GetAsync("/large.bin");
            Assert.Equal(large.Length.ToString(), whole["content-length"]);
            Assert.True(large.AsSpan().SequenceEqual(whole.Body));
            var tail = await client.GetAsync("/large.bin", new Field("range", "bytes=-70000"));
            Assert.True(large.AsSpan(large.Length - 70000).SequenceEqual(tail.Body));
            var head = await client.ResponseAsync(await client.RequestAsync("HEAD", "/large.bin"));
            Assert.Equal(large.Length.ToString(), head["content-length"]);
            Assert.Equal(0, head.BodyLength);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Prepared_answers_of_any_length_are_sent(string transport)
    {
        var body = new byte[200_000];
        new Random(3).NextBytes(body);
        var small = new PreparedResponse(203, [new("X-Name", "value"), new("Content-Type", "text/plain")], "prepared"u8.ToArray());
        var large = new PreparedResponse(200, [new("Content-Type", "application/octet-stream")], body);
        await using var host = await Http2Host.StartAsync(transport, server =>
        {
            server.MapGet("/small", (_, response) => response.Send(small), Dispatch.Inline);
            server.MapGet("/large", (_, response) => response.Send(large));
        });
        await using var client = await host.ConnectAsync();
        for (var round = 0; round < 3; round++)
        {
            var response = await client.GetAsync("/small");
            Assert.Equal(203, response.Status);
            Assert.Equal("value", response["x-name"]);
            Assert.Equal("prepared", response.Text);
            Assert.Equal("8", response["content-length"]);
            Assert.Equal(body, (await client.GetAsync("/large")).Body);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Long_heads_take_several_frames_in_both_directions(string transport)
    {
        var value = new string('v', 30_000);
        await using var host = await Http2Host.StartAsync(transport, server =>
        {
            Http2Handlers.Map(server);
            server.MapGet("/long", (_, response) =>
            {
                response.Headers["X-One"] = value;
                response.Headers["X-Two"] = value;
                response.WriteText("long");
            });
        });
        await using var client = await host.ConnectAsync();
        Assert.Contains($"x-long: {value}", (await client.GetAsync("/fields", new Field("x-long", value))).Text);
        var response = await client.GetAsync("/long");
        Assert.Equal(value, response["x-one"]);
        Assert.Equal(value, response["x-two"]);
        Assert.Equal("long", response.Text);
        Assert.Contains(client.Conversation.Frames, static frame => frame.Kind == FrameKind.Continuation);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Cookies_come_joined_and_host_is_the_authority(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync();
        client.Encoder.UsesTables = client.Encoder.UsesHuffman = true;
        for (var round = 0; round < 3; round++)
        {
            var text = (await client.GetAsync("/fields", new("cookie", "a=1"), new("x", "y"), new("cookie", "b=2"), new("cookie", "c=3"))).Text;
            Assert.Contains("cookie: a=1; b=2; c=3", text, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("host: localhost", text, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("x: y", text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task What_is_too_large_is_refused_on_its_stream_alone(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map, static options =>
        {
            options.MaxRequestHeadBytes = options.MaxRequestLineBytes = 4096;
            options.MaxRequestHeaderCount = 20;
            options.MaxRequestBodyBytes = 1000;
        });
        await using var client = await host.ConnectAsync();
        client.Encoder.UsesTables = true;
        Assert.Equal(431, (await client.GetAsync("/inline", new Field("x-long", new string('x', 5000)))).Status);
        Assert.Equal(431, (await client.GetAsync("/inline", Enumerable.Range(0, 30).Select(static at => new Field($"x-{at}", "y")))).Status);
        Assert.Equal(413, (await client.PostAsync("/echo", new byte[1001], new Field("content-length", "1001"))).Status);
        Assert.Equal(413, (await client.PostAsync("/length", new byte[1001])).Status);
        Assert.Equal("1000", (await client.PostAsync("/length", new byte[1000])).Text);
        Assert.Equal("inline", (await client.GetAsync("/inline", new Field("x-3", "y"))).Text);
    }

    // Time is the heartbeat's: the body never comes, and the answer is a wait, not a race.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_body_that_does_not_come_in_time_is_408(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map, static options => options.RequestBodyTimeout = TimeSpan.FromMilliseconds(300));
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("POST", "/length");
        await client.SendDataAsync(id, new byte[10], end: false);
        await client.UntilAsync(() => client.Responses[id].Status > 0 || client.Responses[id].IsOver, "408");
        Assert.Equal(408, client.Responses[id].Status);
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Events_arrive_one_by_one_and_a_reset_ends_them(string transport)
    {
        var ended = new TaskCompletionSource();
        var next = new SemaphoreSlim(0);
        await using var host = await Http2Host.StartAsync(transport, server =>
        {
            Http2Handlers.Map(server);
            server.MapGet("/events", async (HttpRequest request, HttpResponse response) =>
            {
                try
                {
                    await ServerSentEvents.RunAsync(request, response, async events =>
                    {
                        for (var at = 0; ; at++)
                        {
                            await next.WaitAsync(events.Ended);
                            await events.SendAsync(new SseItem<string>($"event {at}"));
                        }
                    });
                }
                finally
                {
                    ended.TrySetResult();
                }
            });
        });
        await using var client = await host.ConnectAsync();
        var id = await client.RequestAsync("GET", "/events");
        for (var at = 0; at < 5; at++)
        {
            next.Release();
            var expected = $"data: event {at}\n";
            await client.UntilAsync(() => client.Responses[id].Text.Contains(expected), expected);
            Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
        }

        Assert.Equal("text/event-stream", client.Responses[id]["content-type"]);
        await client.SendAsync(Http2Frame.Reset(id));
        await ended.Task.WaitAsync(TestClient.Patience);
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
    }

    private static async Task<Http2Response> EchoAsync(Http2TestClient client, string path, byte[] body)
    {
        var response = await client.PostAsync(path, body);
        Assert.Equal(200, response.Status);
        return response;
    }
}
