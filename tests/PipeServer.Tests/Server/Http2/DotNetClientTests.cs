using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Text;

namespace PipeServer.Tests.Server.Http2;

/// <summary>The framework's own clients of HTTP/2: HttpClient by prior knowledge and by ALPN, and ClientWebSocket.</summary>
public sealed class DotNetClientTests
{
    private static readonly TimeSpan Forever = TimeSpan.FromMinutes(10);

    public static TheoryData<string> Ways => ClientHost.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Methods_and_bodies_of_one_connection(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        var connections = 0;
        using var client = Client(host, () => Interlocked.Increment(ref connections));
        for (var number = 0; number < 100; number++)
        {
            Assert.Equal("Hello, World!", await client.GetStringAsync("/plaintext"));
            Assert.Equal("Hello, World!", await client.GetStringAsync("/worker/plaintext"));
        }

        using var withoutBody = new HttpRequestMessage(HttpMethod.Head, "/plaintext");
        using var head = await SendAsync(client, withoutBody);
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20, 13), (head.StatusCode, head.Version, head.Content.Headers.ContentLength));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        using var missing = await client.GetAsync("/nothing-here");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        foreach (var length in new[] { 0, 1, 1024, 16_384, 16_385, 65_535, 65_536, 1_000_000, 3_000_000 })
        {
            foreach (var isTold in new[] { true, false })
            {
                var body = ClientHost.Large.AsMemory(0, length);
                using HttpContent content = isTold ? new ReadOnlyMemoryContent(body) : new PiecewiseContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-test");
                using var response = await client.PostAsync("/echo", content);
                Assert.Equal((HttpStatusCode.OK, "application/x-test"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
                ClientHost.AssertSame(body, await response.Content.ReadAsByteArrayAsync());
            }
        }

        Assert.Equal(1, connections);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Files_whole_in_ranges_and_not_again(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        using var client = Client(host);
        using var whole = await client.GetAsync("/large.bin");
        Assert.Equal(ClientHost.LargeBytes, whole.Content.Headers.ContentLength);
        ClientHost.AssertSame(ClientHost.Large.AsMemory(), await whole.Content.ReadAsByteArrayAsync());

        using var part = new HttpRequestMessage(HttpMethod.Get, "/large.bin") { Headers = { Range = new RangeHeaderValue(1_000_000, 1_999_999) } };
        using var range = await SendAsync(client, part);
        Assert.Equal(HttpStatusCode.PartialContent, range.StatusCode);
        Assert.Equal($"bytes 1000000-1999999/{ClientHost.LargeBytes}", range.Content.Headers.ContentRange?.ToString());
        ClientHost.AssertSame(ClientHost.Large.AsMemory(1_000_000, 1_000_000), await range.Content.ReadAsByteArrayAsync());

        using var outside = new HttpRequestMessage(HttpMethod.Get, "/large.bin") { Headers = { Range = new RangeHeaderValue(ClientHost.LargeBytes, null) } };
        using var none = await SendAsync(client, outside);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, none.StatusCode);

        using var again = new HttpRequestMessage(HttpMethod.Get, "/large.bin") { Headers = { IfNoneMatch = { whole.Headers.ETag! } } };
        using var same = await SendAsync(client, again);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        Assert.Empty(await same.Content.ReadAsByteArrayAsync());
        Assert.Equal("a small file\n", await client.GetStringAsync("/small.txt"));
    }

    // None of them is answered before all are under way: one connection carries a hundred at once.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_hundred_streams_at_once(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();
        var connections = 0;
        using var client = Client(host, () => Interlocked.Increment(ref connections));
        var answers = await Task.WhenAll(Enumerable.Range(0, ClientHost.Meeting).Select(_ => client.GetStringAsync("/meet")));
        Assert.All(answers, static answer => Assert.Equal("met", answer));
        await Task.WhenAll(Enumerable.Range(1, ClientHost.Meeting).Select(async number =>
        {
            using var content = new ByteArrayContent(ClientHost.Large, number, 1000 * number);
            using var response = await client.PostAsync(number % 2 == 0 ? "/echo" : "/duplex", content);
            ClientHost.AssertSame(ClientHost.Large.AsMemory(number, 1000 * number), await response.Content.ReadAsByteArrayAsync());
        }));
        Assert.Equal(1, connections);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Both_sides_talk_at_once(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();
        using var client = Client(host);
        var stream = new TaskCompletionSource<Stream>(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/duplex") { Content = new HeldContent(stream, end.Task) };
        var answering = SendAsync(client, request, HttpCompletionOption.ResponseHeadersRead);
        var sending = await stream.Task;
        await sending.WriteAsync("first\n"u8.ToArray());
        await sending.FlushAsync();
        using var response = await answering;
        using var receiving = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("first", await receiving.ReadLineAsync());
        for (var number = 0; number < 50; number++)
        {
            await sending.WriteAsync(Encoding.ASCII.GetBytes($"line {number} {new string('x', 1000)}\n"));
            await sending.FlushAsync();
            Assert.StartsWith($"line {number} ", await receiving.ReadLineAsync());
        }

        end.SetResult();
        Assert.Null(await receiving.ReadLineAsync());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Trailers_of_a_response(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();
        using var client = Client(host);
        for (var round = 0; round < 3; round++)
        {
            using var content = new ByteArrayContent(ClientHost.Large, 0, 100_000);
            using var response = await client.PostAsync("/trailers", content);
            Assert.Equal("a body", await response.Content.ReadAsStringAsync());
            Assert.Equal(["100000"], response.TrailingHeaders.GetValues("x-length"));
            Assert.Equal(["none"], response.TrailingHeaders.GetValues("x-received"));
        }
    }

    // It waits for 100 far longer than the test would; and what is refused is never sent.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Expect_100_continue(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        var handler = host.CreateHandler();
        handler.Expect100ContinueTimeout = Forever;
        using var client = Client(host, handler);
        foreach (var length in new[] { 1, 100_000 })
        {
            using var wanted = new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = new PiecewiseContent(ClientHost.Large.AsMemory(0, length)) };
            wanted.Headers.ExpectContinue = true;
            using var response = await SendAsync(client, wanted);
            Assert.Equal(length, (await response.Content.ReadAsByteArrayAsync()).Length);
        }

        var refusedContent = new PiecewiseContent(ClientHost.Large);
        using var unwanted = new HttpRequestMessage(HttpMethod.Post, "/plaintext") { Content = refusedContent };
        unwanted.Headers.ExpectContinue = true;
        using var refused = await SendAsync(client, unwanted);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, false), (refused.StatusCode, refusedContent.IsSent));
        Assert.Equal("Hello, World!", await client.GetStringAsync("/plaintext"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_stream_that_is_cancelled_leaves_the_others_alone(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();
        var connections = 0;
        using var client = Client(host, () => Interlocked.Increment(ref connections));
        var neighbour = client.GetByteArrayAsync("/large.bin");
        for (var round = 0; round < 10; round++)
        {
            using (var response = await client.GetAsync("/endless", HttpCompletionOption.ResponseHeadersRead))
            {
                await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[200_000]);
            }

            await CancelUploadAsync(client);
            Assert.Equal("Hello, World!", await client.GetStringAsync("/plaintext"));
        }

        ClientHost.AssertSame(ClientHost.Large.AsMemory(), await neighbour);
        await Eventually.TrueAsync(async () => await client.GetStringAsync("/gone") == "20", "every handler hears of its client's end");
        Assert.Equal(1, connections);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Large_fields(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();
        using var client = Client(host);
        foreach (var length in new[] { 8192, 8191, 20_000, 100, 8192 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/cookie");
            var cookie = "session=" + string.Concat(Enumerable.Range(0, length).Select(static number => (char)('a' + (number % 26))));
            request.Headers.Add("Cookie", cookie);
            using var response = await SendAsync(client, request);
            Assert.Equal(cookie, await response.Content.ReadAsStringAsync());
        }

        // Beyond what a head may be: this client does not even send it, because the server's settings say so. The connection lives on.
        using var tooLarge = new HttpRequestMessage(HttpMethod.Get, "/cookie");
        tooLarge.Headers.Add("Cookie", new string('c', 40_000));
        await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(client, tooLarge));
        Assert.Equal("Hello, World!", await client.GetStringAsync("/plaintext"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Events_arrive_as_they_are_sent(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        using var client = Client(host);
        using var response = await client.GetAsync("/events", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var number = 0;
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            Assert.StartsWith($"{++number}", item.Data);
            if (number == 3)
            {
                break;
            }
        }

        Assert.Equal("Hello, World!", await client.GetStringAsync("/plaintext"));
    }

    // RFC 8441: each is a stream of the one connection.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WebSockets_over_one_connection(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        var connections = 0;
        using var handler = host.CreateHandler(() => Interlocked.Increment(ref connections));
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async number =>
        {
            using var socket = new ClientWebSocket();
            socket.Options.HttpVersion = HttpVersion.Version20;
            socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            await socket.ConnectAsync(new Uri($"{(host.IsTls ? "wss" : "ws")}://localhost:{host.EndPoint.Port}/ws"), invoker, timeout.Token);
            foreach (var length in new[] { 0, 1, 125, 126, 65_535, 65_536, 300_000 })
            {
                await EchoAsync(socket, ClientHost.Large.AsMemory(number, length), timeout.Token);
            }

            await socket.CloseAsync((WebSocketCloseStatus)4000, "enough", timeout.Token);
            Assert.Equal((WebSocketState.Closed, (WebSocketCloseStatus?)4000), (socket.State, socket.CloseStatus));
        }));
        using var client = Client(host, handler);
        Assert.Equal("Hello, World!", await client.GetStringAsync("/plaintext"));
        Assert.Equal(1, connections);
    }

    // Who does not know HTTP/2 is served on the same port; who may choose takes HTTP/2, where TLS lets it.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Other_versions_on_the_same_port(string way)
    {
        await using var host = await ClientHost.StartAsync(way);
        foreach (var (version, policy, spoken) in new[]
        {
            (HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact, HttpVersion.Version11),
            (HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower, host.IsTls ? HttpVersion.Version20 : HttpVersion.Version11),
            (HttpVersion.Version11, HttpVersionPolicy.RequestVersionOrHigher, host.IsTls ? HttpVersion.Version20 : HttpVersion.Version11),
        })
        {
            using var client = new HttpClient(host.CreateHandler()) { BaseAddress = new Uri(host.Address), Timeout = TestClient.Patience };
            using var request = new HttpRequestMessage(HttpMethod.Get, "/plaintext") { Version = version, VersionPolicy = policy };
            using var response = await client.SendAsync(request);
            Assert.Equal((spoken, "Hello, World!"), (response.Version, await response.Content.ReadAsStringAsync()));
        }
    }

    // In the middle of a body, which its handler is reading.
    private static async Task CancelUploadAsync(HttpClient client)
    {
        var stream = new TaskCompletionSource<Stream>(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/drop") { Content = new HeldContent(stream, end.Task) };
        var answering = SendAsync(client, request, HttpCompletionOption.ResponseHeadersRead);
        var sending = await stream.Task;
        await sending.WriteAsync(ClientHost.Large.AsMemory(0, 50_000));
        await sending.FlushAsync(); // HttpClient keeps the head back until its content is flushed
        (await answering).Dispose();

        end.SetCanceled();
    }

    private static HttpClient Client(ClientHost host, Action? connected = null) => Client(host, host.CreateHandler(connected));

    private static HttpClient Client(ClientHost host, SocketsHttpHandler handler) => new(handler)
    {
        BaseAddress = new Uri(host.Address),
        Timeout = TestClient.Patience,
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    // A message of one's own has the version of HTTP/1.1 until it is told.
    private static Task<HttpResponseMessage> SendAsync(
        HttpClient client, HttpRequestMessage request, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return client.SendAsync(request, completion);
    }

    private static async Task EchoAsync(ClientWebSocket socket, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var sending = socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        using var received = new MemoryStream();
        var buffer = new byte[10_000];
        ValueWebSocketReceiveResult result;
        do
        {
            result = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            Assert.Equal(WebSocketMessageType.Binary, result.MessageType);
            received.Write(buffer, 0, result.Count);
        }
        while (!result.EndOfMessage);
        await sending;
        Assert.True(message.Span.SequenceEqual(received.GetBuffer().AsSpan(0, (int)received.Length)), $"{message.Length} bytes");
    }

    /// <summary>A body whose length is not told, in pieces of odd lengths.</summary>
    private sealed class PiecewiseContent(ReadOnlyMemory<byte> bytes) : HttpContent
    {
        public bool IsSent { get; private set; }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            IsSent = true;
            for (var at = 0; at < bytes.Length; at += 7919)
            {
                await stream.WriteAsync(bytes[at..Math.Min(bytes.Length, at + 7919)]);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>A body that the test itself writes.</summary>
    private sealed class HeldContent(TaskCompletionSource<Stream> opened, Task end) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            opened.SetResult(stream);
            return end;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
