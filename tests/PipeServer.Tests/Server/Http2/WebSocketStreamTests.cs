using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Logging;
using PipeServer.Fuzz.Http2;
using PipeServer.Tests.WebSockets;

namespace PipeServer.Tests.Server.Http2;

/// <summary>WebSockets on streams (RFC 8441), by raw frames: the handshake, and how a socket and its stream end, beside others of the connection.</summary>
public sealed class WebSocketStreamTests
{
    private static readonly Field Protocol = new(":protocol", "websocket");
    private static readonly Field Version = new("sec-websocket-version", "13");

    public static TheoryData<string> Names => Http2Transports.All;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_is_accepted_with_200_and_echoes(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("CONNECT", "/ws", Protocol, Version, new Field("sec-websocket-protocol", "v2, v1"), new Field("origin", "https://a.test"));
        await client.UntilAsync(() => client.Responses[id].Fields is not null, "the handshake");
        var response = client.Responses[id];
        Assert.Equal((200, "v1"), (response.Status, response["sec-websocket-protocol"]));
        Assert.Null(response["sec-websocket-accept"]);
        Assert.Null(response["upgrade"]);
        Assert.Null(response["content-length"]);
        await client.SendDataAsync(id, TestWebSocket.Frame(1, "hello"u8), end: false);
        await client.UntilAsync(() => response.BodyLength == 7, "the echo");
        Assert.Equal("\u0081\u0005hello", Encoding.Latin1.GetString(response.Body));

        // Another stream meanwhile, and then the end in order: close frame against close frame, and END_STREAM against END_STREAM.
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
        await client.SendDataAsync(id, TestWebSocket.Frame(8, TestWebSocket.ClosePayload(1000)), end: true);
        Assert.Equal((true, null), ((await client.ResponseAsync(id)).IsComplete, response.ResetCode));
        Assert.Equal([0x88, 2, 3, 232], response.Body[7..]);
        await client.PingAsync();
        Assert.Null(client.GoAway);
        await Eventually.TrueAsync(() => host.Server.Requests is { InFlight: 0, Aborted: 0, Completed: 2 }, "both are counted");
        Assert.Equal(0, host.Log.CountFrom(LogLevel.Warning));
    }

    [Theory]
    [InlineData("sec-websocket-version: 8")]
    [InlineData("")]
    [InlineData("sec-websocket-version: 13|sec-websocket-version: 13")]
    [InlineData("sec-websocket-version: 13|content-length: 5")]
    [InlineData("sec-websocket-version: 13|sec-websocket-protocol: v1, v1")]
    [InlineData("sec-websocket-version: 13|sec-websocket-extensions: foo;;bar")]
    [InlineData("sec-websocket-version: 13|origin: https://b.test", 403)]
    public async Task It_is_refused(string headers, int status = 400)
    {
        await using var host = await StartAsync("memory");
        await using var client = await host.ConnectAsync();
        var fields = headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(": ")).Select(static parts => new Field(parts[0], parts[1]));
        var id = await client.OpenAsync("CONNECT", "/ws", [Protocol, .. fields]);
        var response = await client.ResponseAsync(id);
        Assert.Equal((status, status == 400 ? "13" : null), (response.Status, response["sec-websocket-version"]));
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
        await Eventually.TrueAsync(() => host.Server.Requests.Refused == 1, "the server has answered, and no handler");
    }

    // RFC 9113 §8.6: HTTP/2 has no upgrade, and its answers no Upgrade field, without which there is no 426.
    [Fact]
    public async Task A_GET_is_no_handshake()
    {
        await using var host = await StartAsync("memory");
        await using var client = await host.ConnectAsync();
        var response = await client.GetAsync("/ws", Version, new Field("sec-websocket-key", TestWebSocket.Key));
        Assert.Equal((400, "13"), (response.Status, response["sec-websocket-version"]));
        Assert.Equal("False False", (await client.GetAsync("/asks")).Text);
        var id = await client.OpenAsync("CONNECT", "/asks", Protocol, Version);
        Assert.Equal("True False", (await client.ResponseAsync(id)).Text);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_client_that_resets_its_stream_ends_only_that_socket(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.ConnectAsync();
        var first = await OpenAsync(client, "/ws");
        var second = await OpenAsync(client, "/ws");
        await client.SendAsync(Http2Frame.Reset(first));
        await client.SendDataAsync(second, TestWebSocket.Frame(2, "ab"u8), end: false);
        await client.UntilAsync(() => client.Responses[second].BodyLength == 4, "the echo");
        await Eventually.TrueAsync(() => host.Server.Requests is { InFlight: 1, Aborted: 1 }, "the first has ended");
        await client.PingAsync();
        Assert.Null(client.GoAway);
    }

    [Fact]
    public async Task A_handler_that_throws_closes_its_socket_with_1011()
    {
        await using var host = await StartAsync("memory");
        await using var client = await host.ConnectAsync();
        var id = await OpenAsync(client, "/throws");
        await client.UntilAsync(() => client.Responses[id].BodyLength == 4, "the close frame");
        Assert.Equal([0x88, 2, 3, 243], client.Responses[id].Body);
        await client.SendDataAsync(id, TestWebSocket.Frame(8, TestWebSocket.ClosePayload(1011)), end: true);
        Assert.Null((await client.ResponseAsync(id)).ResetCode);
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
    }

    // A client that breaks a rule of the frames is told so on its stream, and the connection goes on.
    [Fact]
    public async Task A_frame_without_a_mask_ends_the_socket_with_1002()
    {
        await using var host = await StartAsync("memory");
        await using var client = await host.ConnectAsync();
        var id = await OpenAsync(client, "/ws");
        await client.SendDataAsync(id, new byte[] { 0x81, 1, 65 }, end: false);
        var response = client.Responses[id];
        await client.UntilAsync(() => response.BodyLength >= 4, "the close frame");
        Assert.Equal([0x88, 3, 234], new[] { response.Body[0], response.Body[2], response.Body[3] });
        await client.ResponseAsync(id);
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
    }

    [Fact]
    public async Task A_stop_tells_each_socket_of_a_connection()
    {
        await using var host = await StartAsync("memory");
        await using var client = await host.ConnectAsync();
        int[] ids = [await OpenAsync(client, "/ws"), await OpenAsync(client, "/ws"), await OpenAsync(client, "/ws")];
        var stopping = host.Server.StopAsync();
        foreach (var id in ids)
        {
            await client.UntilAsync(() => client.Responses[id].BodyLength >= 4, "the close frame");
            Assert.Equal([3, 233], client.Responses[id].Body[2..4]); // 1001
            await client.SendDataAsync(id, TestWebSocket.Frame(8, TestWebSocket.ClosePayload(1001)), end: true);
        }

        foreach (var id in ids)
        {
            Assert.Null((await client.ResponseAsync(id)).ResetCode);
        }

        await client.EndAsync();
        Assert.Equal(ShutdownOutcome.Drained, (await stopping).Outcome);
        Assert.Equal(0, host.Server.Requests.Aborted);
    }

    // More than the windows hold, both ways at once.
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Long_messages_pass_the_windows(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.ConnectAsync();
        var id = await OpenAsync(client, "/ws?long");
        var message = new byte[2_000_000];
        new Random(17).NextBytes(message);
        await client.SendDataAsync(id, TestWebSocket.Frame(2, message), end: false);
        var response = client.Responses[id];
        await client.SendDataAsync(id, TestWebSocket.Frame(8, TestWebSocket.ClosePayload(1000)), end: true);
        await client.ResponseAsync(id);
        Assert.True(response.BodyLength > message.Length);
    }

    private static Task<Http2Host> StartAsync(string transport) => Http2Host.StartAsync(transport, static server =>
    {
        var options = new WebSocketAcceptOptions { MaxMessageBytes = 10_000_000, SubProtocols = ["v1"], AllowedOrigins = ["https://a.test"] };
        server.MapGet("/ws", (request, _) => WebSocketHandlers.EchoAsync(request, options), Dispatch.Inline);
        server.MapGet("/throws", static (request, _) => ThrowAsync(request));
        server.MapGet("/asks", static (request, response) =>
        {
            response.StatusCode = 404; // with 200 the stream would be another protocol's
            response.WriteText($"{request.IsWebSocketRequest} {response.CanUpgrade}");
        });
        server.MapGet("/inline", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
    });

    private static async Task<int> OpenAsync(Http2TestClient client, string path)
    {
        var id = await client.OpenAsync("CONNECT", path, Protocol, Version);
        await client.UntilAsync(() => client.Responses[id].Status == 200, "the handshake");
        return id;
    }

    private static async ValueTask ThrowAsync(HttpRequest request)
    {
        using WebSocket socket = await request.AcceptWebSocketAsync();
        throw new FormatException("on purpose");
    }
}
