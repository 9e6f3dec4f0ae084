using System.Buffers;
using System.Text;
using PipeServer.Server;

namespace PipeServer.Tests.Server;

/// <summary>Which protocol a connection in clear text is for, told by its first bytes: one suite over each transport.</summary>
public abstract class ProtocolChoiceTests(string transport)
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    // An empty SETTINGS frame.
    private static readonly byte[] Settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    [Theory]
    [InlineData("", null)]
    [InlineData("P", null)]
    [InlineData("PRI * HTTP/2.0\r", null)]
    [InlineData("PRI * HTTP/2.0\r\n", true)]
    [InlineData(Preface, true)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nXX", true)] // for HTTP/2 to refuse
    [InlineData("PO", false)]
    [InlineData("PRI * HTTP/1.1\r\n", false)]
    [InlineData("PRI * HTTP/2.0\n", false)]
    [InlineData("pri * HTTP/2.0\r\n", false)]
    [InlineData("\r\nPRI * HTTP/2.0\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\n", false)]
    public void The_first_bytes_tell(string received, bool? expected)
    {
        var bytes = Encoding.ASCII.GetBytes(received);
        Assert.Equal(expected, ProtocolChoice.IsHttp2(new ReadOnlySequence<byte>(bytes)));
        for (var at = 0; at <= bytes.Length; at++)
        {
            var first = new Segment(bytes.AsMemory(0, at));
            var last = first.Append(bytes.AsMemory(at));
            Assert.Equal(expected, ProtocolChoice.IsHttp2(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length)));
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\n\r\n", 200)]
    [InlineData("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello", 405)]
    [InlineData("PROPFIND / HTTP/1.1\r\nHost: test\r\n\r\n", 501)]
    [InlineData("PRI / HTTP/1.1\r\nHost: test\r\n\r\n", 501)]
    [InlineData("\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n", 200)]
    public async Task What_begins_otherwise_is_HTTP_1_at_every_split(string request, int status)
    {
        await using var server = await StartAsync();
        for (var at = 0; at < Math.Min(20, request.Length); at++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(request[..at]);
            await Task.Yield();
            Assert.Equal(status, (await client.RequestAsync(request[at..])).Status);
            Assert.Equal("1.1", (await client.RequestAsync(TestClient.Get("/"))).Text);
        }
    }

    [Fact]
    public async Task The_preface_of_HTTP_2_is_answered_by_its_settings_at_every_split()
    {
        await using var server = await StartAsync();
        for (var at = 0; at <= Preface.Length; at++)
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(Preface[..at]);
            await Task.Delay(1); // the two mostly arrive apart
            await client.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(Preface[at..]), .. Settings]);
            var frame = await client.ReadExactlyAsync(9);
            Assert.Equal((4, 0), (frame[3], frame[4])); // SETTINGS, no ACK
        }
    }

    // RFC 9113 §3.1: the upgrade of RFC 7540 is gone, and who asks for it is answered as if it had not.
    [Fact]
    public async Task An_upgrade_to_h2c_is_not_listened_to()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            var response = await client.RequestAsync(
                TestClient.Get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"));
            Assert.Equal((200, "1.1"), (response.Status, response.Text));
            Assert.Null(response["Upgrade"]);
        }
    }

    [Fact]
    public async Task Where_HTTP_2_is_not_spoken_its_preface_is_a_request_of_another_version()
    {
        await using var server = await TestServer.StartAsync(transport, Map);
        await using var client = await server.ConnectAsync();
        Assert.InRange((await client.RequestAsync(Preface)).Status, 400, 505);
    }

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PRI * HTTP/2.0\r")]
    public async Task Who_does_not_say_what_it_speaks_has_the_time_of_a_head_as_over_HTTP_1_alone(string begin)
    {
        var counts = new List<(ConnectionCounts, RequestCounts)>();
        foreach (var words in new[] { "", ",h2c" })
        {
            await using var server = await StartAsync(options =>
            {
                options.Endpoints = [HttpEndpoint.Parse("127.0.0.1:0" + words)];
                options.RequestHeadTimeout = TimeSpan.FromMilliseconds(200);
            });
            await using var client = await server.ConnectAsync();
            await client.SendAsync(begin);
            Assert.Equal(408, (await client.ReadResponseAsync()).Status);
            Assert.True(await client.IsClosedAsync());
            await client.DisposeAsync();
            await Eventually.TrueAsync(() => server.Server.Connections.Closed == 1, "it has ended");
            counts.Add((server.Server.Connections, server.Server.Requests));
        }

        Assert.Equal(counts[0], counts[1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("PRI * HTTP/2.0\r")]
    public async Task Who_leaves_before_that_leaves_nothing_behind(string begin)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(begin);
        client.ShutdownSend();
        Assert.Empty(await client.ReadToEndAsync());
        await client.DisposeAsync();
        await Eventually.TrueAsync(() => server.Server.Connections == new ConnectionCounts(1, 1, 0), "it has ended");
        Assert.Equal(0, server.Server.Requests.Received);
    }

    [Fact]
    public async Task Who_has_said_nothing_is_closed_without_a_word_in_a_drain()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await Eventually.TrueAsync(() => server.Server.Connections.Accepted == 1, "it is accepted");
        var report = await server.Server.StopAsync().WaitAsync(TestClient.Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task One_too_many_is_told_in_the_words_of_HTTP_1()
    {
        await using var server = await StartAsync(static options => options.MaxConnections = 1);
        await using var first = await server.ConnectAsync();
        Assert.Equal(200, (await first.RequestAsync(TestClient.Get("/"))).Status);
        await using var second = await server.ConnectAsync();
        Assert.Equal(503, (await second.RequestAsync(TestClient.Get("/"))).Status);
    }

    // The bug: who had no room waited for the client's first bytes to learn in whose words to say so.
    [Fact]
    public async Task One_too_many_that_says_nothing_is_told_at_once()
    {
        await using var server = await StartAsync(static options => options.MaxConnections = 1);
        await using var first = await server.ConnectAsync();
        Assert.Equal(200, (await first.RequestAsync(TestClient.Get("/"))).Status);
        await using var second = await server.ConnectAsync();
        Assert.Equal(503, (await second.ReadResponseAsync()).Status);
    }

    private static void Map(HttpServer server) =>
        server.MapGet("/", static (request, response) => response.WriteText(request.Version.ToString()), Dispatch.Inline);

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(transport, Map, options =>
    {
        options.Endpoints = [HttpEndpoint.Parse("127.0.0.1:0,h2c")];
        configure?.Invoke(options);
    });

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory) => Memory = memory;

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
