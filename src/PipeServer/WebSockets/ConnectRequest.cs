using System.Text;
using PipeServer.Http;

namespace PipeServer.WebSockets;

/// <summary>
/// The opening handshake as HTTP/2 has it (RFC 8441 §5): an extended CONNECT, for which the stream is the connection. No key is answered, because no other
/// request can be taken for one.
/// </summary>
internal static class ConnectRequest
{
    /// <summary>True when a request asks for a WebSocket, well-formed or not.</summary>
    public static bool IsOne(RequestHead head) => head.IsExtendedConnect && Ascii.EqualsIgnoreCase(head.ConnectProtocol, "websocket"u8);

    /// <summary>
    /// Why the handshake is refused; <see cref="RequestError.None"/> where it is not. Never <see cref="RequestError.UpgradeRequired"/>: its status needs
    /// a field that HTTP/2 does not have (RFC 9110 §15.5.22, RFC 9113 §8.2.2).
    /// </summary>
    public static RequestError Check(RequestHead head) =>
        IsOne(head) && !head.Framing.HasContentLength
        && head.Fields.CountOf("Sec-WebSocket-Version"u8) == 1
        && head.Fields.TryGetValue("Sec-WebSocket-Version"u8, out var version) && version.SequenceEqual("13"u8)
            ? RequestError.None
            : RequestError.BadWebSocketHandshake;
}
