using System.Net.WebSockets;
using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer.WebSockets;

/// <summary>The opening handshake of RFC 6455 §4.2 and RFC 8441 §5, from the server's side.</summary>
internal static class WebSocketHandshake
{
    /// <summary>True when a request asks for a WebSocket, well-formed or not.</summary>
    public static bool IsAsked(RequestHead head) => head.IsHttp2 ? ConnectRequest.IsOne(head) : UpgradeRequest.IsOne(head);

    /// <summary>Accepts the WebSocket that a request asks for.</summary>
    /// <exception cref="BadHttpRequestException">The request is no handshake, or one that is refused.</exception>
    /// <exception cref="ArgumentException">A value of the options is not one that can be used.</exception>
    /// <exception cref="InvalidOperationException">The response has been started.</exception>
    public static async ValueTask<WebSocket> AcceptAsync(Exchange exchange, WebSocketAcceptOptions options)
    {
        var rules = options.Rules;
        var isHttp2 = exchange.Head.IsHttp2;
        exchange.Response.ThrowIfStarted();
        var agreed = Check(exchange.Head, rules);
        var headers = exchange.Response.Headers;
        if (!isHttp2)
        {
            headers["Upgrade"] = "websocket";
            headers["Sec-WebSocket-Accept"] = UpgradeRequest.Answer(exchange.Head);
        }

        if (agreed.SubProtocol is not null)
        {
            headers["Sec-WebSocket-Protocol"] = agreed.SubProtocol;
        }

        if (agreed.Extensions is not null)
        {
            headers["Sec-WebSocket-Extensions"] = agreed.Extensions;
        }

        var switching = isHttp2 ? exchange.Response.SwitchAsync(200) : exchange.Response.UpgradeAsync();
        var pipe = await switching.ConfigureAwait(false);
        exchange.Response.Release(); // sent: what the fields lie in would be held for hours
        var socket = new ServerWebSocket(exchange, pipe, rules, agreed.SubProtocol, agreed.Deflate);
        exchange.Extras.Switched = socket;
        return socket;
    }

    private static Negotiation Check(RequestHead head, WebSocketRules rules)
    {
        var refusal = head.IsHttp2 ? ConnectRequest.Check(head) : UpgradeRequest.Check(head);
        var agreed = default(Negotiation);
        if (refusal == RequestError.None)
        {
            refusal = Negotiation.Negotiate(head.Fields, rules, out agreed);
        }

        return refusal == RequestError.None ? agreed : throw new BadHttpRequestException(refusal);
    }
}
