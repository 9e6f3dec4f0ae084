using System.Net.WebSockets;

namespace PipeServer.Tests.WebSockets;

/// <summary>The opening handshake (RFC 6455 §4.2): what is accepted, what is refused and how, and what is agreed on.</summary>
public sealed class HandshakeTests
{
    private const string Version = "Sec-WebSocket-Version: 13";
    private const string Key = "Sec-WebSocket-Key: " + TestWebSocket.Key;

    [Theory]
    [InlineData("Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key)]
    [InlineData("Connection: keep-alive, upgrade|Upgrade: WebSocket|" + Version + "|" + Key)]
    [InlineData("Connection: keep-alive|Connection: Upgrade|Upgrade: h2c, websocket|" + Version + "|" + Key)]
    [InlineData("Connection: Upgrade|Upgrade: h2c|Upgrade: websocket|" + Version + "|" + Key + "|Content-Length: 0")]
    public async Task It_is_accepted(string headers)
    {
        await using var server = await StartAsync(new WebSocketAcceptOptions());
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/ws", headers.Split('|')));
        Assert.Equal((101, "Upgrade", "websocket"), (response.Status, response["Connection"], response["Upgrade"]));
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", response["Sec-WebSocket-Accept"]); // RFC 6455 §1.3
        Assert.Null(response["Sec-WebSocket-Protocol"]);
        Assert.Null(response["Sec-WebSocket-Extensions"]);
    }

    [Theory]
    [InlineData(426, "GET", "1.1", "")]
    [InlineData(426, "GET", "1.1", "Connection: Upgrade|Upgrade: h2c|" + Version + "|" + Key)]
    [InlineData(426, "HEAD", "1.1", "")] // was told 400, and GET 426
    [InlineData(426, "GET", "1.1", "Connection: Upgrade|Upgrade: websockets|" + Version + "|" + Key)]
    [InlineData(426, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Key)]
    [InlineData(426, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 8|" + Key)]
    [InlineData(426, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 013|" + Key)]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Version + "|" + Key)]
    [InlineData(400, "GET", "1.1", "Connection: keep-alive|Upgrade: websocket|" + Version + "|" + Key)]
    [InlineData(400, "GET", "1.1", "Upgrade: websocket|" + Version + "|" + Key)]
    [InlineData(400, "GET", "1.0", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key)]
    [InlineData(400, "POST", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|Content-Length: 0")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|Content-Length: 2", "ab")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|Transfer-Encoding: chunked", "0\r\n\r\n")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version)]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|" + Key)]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|Sec-WebSocket-Key: ")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub24=")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|Sec-WebSocket-Key: dGhlIHNh*XBsZSBub25jZQ==")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|Sec-WebSocket-Protocol: chat, chat")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|Sec-WebSocket-Protocol: chat|Sec-WebSocket-Protocol: chat")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|Sec-WebSocket-Protocol: not a token")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|Sec-WebSocket-Protocol: ")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|Sec-WebSocket-Extensions: foo;;bar")]
    [InlineData(400, "GET", "1.1", "Connection: Upgrade|Upgrade: websocket|" + Version + "|" + Key + "|Origin: https://a.test|Origin: https://a.test")]
    public async Task It_is_refused(int status, string method, string version, string headers, string body = "")
    {
        await using var server = await StartAsync(new WebSocketAcceptOptions());
        await using var client = await server.ConnectAsync();
        var lines = string.Concat(headers.Split('|').Where(static line => line.Length > 0).Select(static line => line + "\r\n"));
        var response = await client.RequestAsync($"{method} /ws HTTP/{version}\r\nHost: a\r\n{lines}\r\n{body}", isHead: method == "HEAD");
        Assert.Equal(status, response.Status);
        var fields = (response["Upgrade"], response["Sec-WebSocket-Version"]);
        Assert.Equal(status == 426 ? ("websocket", "13") : (null, null), fields);
        if (status == 426)
        {
            Assert.Equal("Upgrade", response["Connection"]);
        }

        await Eventually.TrueAsync(() => server.Server.Requests.Refused == 1, "the server has answered, and no handler");
        Assert.Equal(0, server.Log.CountFrom(Microsoft.Extensions.Logging.LogLevel.Warning));
    }

    [Theory]
    [InlineData("Sec-WebSocket-Protocol: v2, v1", "v1")]
    [InlineData("Sec-WebSocket-Protocol: v2|Sec-WebSocket-Protocol: v1", "v1")]
    [InlineData("Sec-WebSocket-Protocol: other, v2", "v2")]
    [InlineData("Sec-WebSocket-Protocol: V1", null)]
    [InlineData("Sec-WebSocket-Protocol: other", null)]
    [InlineData("X: y", null)]
    public async Task The_first_of_ours_that_the_client_offers_is_the_sub_protocol(string headers, string? chosen)
    {
        await using var server = await StartAsync(new WebSocketAcceptOptions { SubProtocols = ["v1", "v2"] });
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestWebSocket.Request("/ws", headers.Split('|')));
        Assert.Equal((101, chosen), (response.Status, response["Sec-WebSocket-Protocol"]));
        var (first, payload) = await new TestWebSocket(client).ReadAsync();
        Assert.Equal((0x81, chosen ?? "none"), (first, System.Text.Encoding.ASCII.GetString(payload)));
    }

    [Theory]
    [InlineData(null, 101)]
    [InlineData("https://a.test", 101)]
    [InlineData("HTTPS://A.test:443", 101)]
    [InlineData("http://localhost:8080", 101)]
    [InlineData("http://[::1]:81", 101)]
    [InlineData("http://localhost", 403)]
    [InlineData("http://a.test", 403)]
    [InlineData("https://a.test.evil", 403)]
    [InlineData("https://a.test@evil", 403)]
    [InlineData("https://a.test:444", 403)]
    [InlineData("https://a.test/", 403)]
    [InlineData("null", 403)]
    [InlineData("", 403)]
    [InlineData("https://a.test https://b.test", 403)]
    public async Task Pages_of_the_allowed_origins_may_connect(string? origin, int status)
    {
        await using var server = await StartAsync(
            new WebSocketAcceptOptions { AllowedOrigins = ["https://A.test", "http://localhost:8080", "http://[::1]:81", "http://b.test:80"] });
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestWebSocket.Request("/ws", origin is null ? [] : ["Origin: " + origin]));
        Assert.Equal(status, response.Status);
    }

    [Theory]
    [InlineData("permessage-deflate", "permessage-deflate")]
    [InlineData("foo, permessage-deflate; client_max_window_bits", "permessage-deflate")]
    [InlineData("permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10")]
    [InlineData("permessage-deflate; client_max_window_bits=\"10\"", "permessage-deflate; client_max_window_bits=10")]
    [InlineData("permessage-deflate; client_max_window_bits=8", "permessage-deflate")]
    [InlineData("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9")]
    [InlineData("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15")]
    [InlineData("permessage-deflate;server_no_context_takeover ; client_no_context_takeover", "permessage-deflate; server_no_context_takeover; client_no_context_takeover")]
    [InlineData("permessage-deflate; server_max_window_bits=8", null)]
    [InlineData("permessage-deflate; server_max_window_bits=16", null)]
    [InlineData("permessage-deflate; server_max_window_bits=09", null)]
    [InlineData("permessage-deflate; server_max_window_bits", null)]
    [InlineData("permessage-deflate; server_no_context_takeover=1", null)]
    [InlineData("permessage-deflate; server_no_context_takeover; server_no_context_takeover", null)]
    [InlineData("permessage-deflate; client_max_window_bits; client_max_window_bits=10", null)]
    [InlineData("permessage-deflate; unknown", null)]
    [InlineData("x-webkit-deflate-frame", null)]
    [InlineData("permessage-deflate; server_max_window_bits=8, permessage-deflate; unknown, permessage-deflate", "permessage-deflate")]
    [InlineData("permessage-deflate; server_max_window_bits=10, permessage-deflate", "permessage-deflate; server_max_window_bits=10")]
    public async Task Compression_is_agreed_on(string offers, string? agreed)
    {
        await using var server = await StartAsync(new WebSocketAcceptOptions { Deflate = new WebSocketDeflateOptions() });
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestWebSocket.Request("/ws", "Sec-WebSocket-Extensions: " + offers));
        Assert.Equal((101, agreed), (response.Status, response["Sec-WebSocket-Extensions"]));
    }

    [Theory]
    [InlineData("permessage-deflate", null)] // the application wants a smaller window than this client knows to use
    [InlineData("permessage-deflate; client_max_window_bits", "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=12")]
    [InlineData("permessage-deflate; client_max_window_bits=13; server_max_window_bits=12", "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=12")]
    [InlineData("permessage-deflate; client_max_window_bits=9; server_max_window_bits=9", "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9")]
    public async Task The_applications_own_bounds_hold(string offers, string? agreed)
    {
        await using var server = await StartAsync(new WebSocketAcceptOptions
        {
            Deflate = new WebSocketDeflateOptions
            {
                ServerMaxWindowBits = 11,
                ClientMaxWindowBits = 12,
                ServerContextTakeover = false,
                ClientContextTakeover = false,
            },
        });
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestWebSocket.Request("/ws", "Sec-WebSocket-Extensions: " + offers));
        Assert.Equal((101, agreed), (response.Status, response["Sec-WebSocket-Extensions"]));
    }

    [Fact]
    public void Options_that_cannot_be_used_are_named()
    {
        (WebSocketAcceptOptions Options, string Words)[] wrong =
        [
            (new() { SubProtocols = ["a", "a"] }, "SubProtocols: 'a' is there 2 times"),
            (new() { SubProtocols = ["a b"] }, "SubProtocols: 'a b' is no token"),
            (new() { SubProtocols = [""] }, "SubProtocols: '' is no token"),
            (new() { SubProtocols = null! }, "SubProtocols: it must not be null"),
            (new() { AllowedOrigins = ["example.org"] }, "AllowedOrigins: 'example.org' is no origin"),
            (new() { AllowedOrigins = ["https://example.org/"] }, "AllowedOrigins: 'https://example.org/' is no origin"),
            (new() { AllowedOrigins = ["https://*.example.org", "https://a:b"] }, "AllowedOrigins: 'https://a:b' is no origin"),
            (new() { MaxMessageBytes = 0 }, "MaxMessageBytes: it must be at least 1, not 0"),
            (new() { KeepAliveInterval = TimeSpan.Zero }, "KeepAliveInterval: it must be more than zero"),
            (new() { KeepAliveTimeout = TimeSpan.FromSeconds(-1) }, "KeepAliveTimeout: it must be more than zero"),
            (new() { IdleTimeout = TimeSpan.MinValue }, "IdleTimeout: it must be more than zero"),
            (new() { CloseTimeout = TimeSpan.Zero }, "CloseTimeout: it must be more than zero"),
        ];
        foreach (var (options, words) in wrong)
        {
            Assert.StartsWith("WebSocketAcceptOptions." + words, Assert.Throws<ArgumentException>(() => options.Rules).Message);
        }

        Assert.NotNull(new WebSocketAcceptOptions().Rules);
    }

    // Tells which sub-protocol it has.
    private static Task<TestServer> StartAsync(WebSocketAcceptOptions options) => TestServer.StartAsync("memory", server =>
    {
        server.MapGet("/ws", (request, _) => SayAsync(request), Dispatch.Inline);
        server.MapPost("/ws", (request, _) => SayAsync(request), Dispatch.Inline);

        async ValueTask SayAsync(HttpRequest request)
        {
            using var socket = await request.AcceptWebSocketAsync(options);
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(socket.SubProtocol ?? "none"), WebSocketMessageType.Text, true, default);
        }
    });
}
