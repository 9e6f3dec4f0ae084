using System.Net.WebSockets;
using System.Text;

namespace PipeServer.WebSockets;

/// <summary>The opening handshake of RFC 6455 §4.2, from the server's side.</summary>
internal static class WebSocketHandshake
{
    private const string AcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Answers a request for a WebSocket.</summary>
    /// <exception cref="BadHttpRequestException">The request is no handshake.</exception>
    public static async ValueTask<WebSocket> AcceptAsync(HttpRequest request, HttpResponse response, WebSocketAcceptOptions options)
    {
        var key = request.Headers["Sec-WebSocket-Key"] ?? throw new BadHttpRequestException("The request is no WebSocket handshake.");
        response.Headers["Upgrade"] = "websocket";
        response.Headers["Sec-WebSocket-Accept"] = Accept(key);
        var pipe = await response.UpgradeAsync().ConfigureAwait(false);
        return WebSocket.CreateFromStream(
            new WebSocketStream(pipe), new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = options.KeepAliveInterval });
    }

    private static string Accept(string key)
    {
        Span<byte> hash = stackalloc byte[Sha1.HashBytes];
        Sha1.Hash(Encoding.ASCII.GetBytes(key + AcceptSuffix), hash);
        return Convert.ToBase64String(hash);
    }
}
