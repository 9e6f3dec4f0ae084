using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>
/// Tells the middleware for WebSockets that a client asks for one over HTTP/2 (RFC 8441). What it then sets as the request's feature accepts by
/// <see cref="Http2WebSocket"/>, because the server hands out a WebSocket there, not the stream beneath.
/// </summary>
internal sealed class ExtendedConnect : IHttpExtendedConnectFeature
{
    public static ExtendedConnect Instance { get; } = new();

    public bool IsExtendedConnect => true;

    public string Protocol => "websocket";

    public ValueTask<Stream> AcceptAsync() => throw new NotSupportedException(
        "Over HTTP/2 PipeServer accepts WebSockets only: call UseWebSockets, then HttpContext.WebSockets.AcceptWebSocketAsync.");
}
