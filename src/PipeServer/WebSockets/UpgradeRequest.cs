using System.Buffers;
using System.Buffers.Text;
using PipeServer.Http;

namespace PipeServer.WebSockets;

/// <summary>The opening handshake as HTTP/1.1 has it (RFC 6455 §4.2.1): an upgrade, and a key that is to be answered.</summary>
internal static class UpgradeRequest
{
    private const int KeyLength = 24;
    private const int KeyBytes = 16;

    /// <summary>True when a request asks for a WebSocket, well-formed or not.</summary>
    // The protocol of an Upgrade field may have a version behind a slash, and this one has none.
    public static bool IsOne(RequestHead head) =>
        head.Method == RequestMethod.Get && head.MinorVersion > 0 && UpgradeRules.HasElement(head.Fields, "Upgrade"u8, "websocket"u8)
        && UpgradeRules.HasElement(head.Fields, "Connection"u8, "upgrade"u8);

    /// <summary>Why the handshake is refused; <see cref="RequestError.None"/> where it is not.</summary>
    public static RequestError Check(RequestHead head)
    {
        var fields = head.Fields;
        if (head.Method == RequestMethod.Head)
        {
            return RequestError.UpgradeRequired; // what a GET that asks for nothing is told
        }

        if (head.Method != RequestMethod.Get || head.MinorVersion == 0 || head.Framing.HasBody)
        {
            return RequestError.BadWebSocketHandshake;
        }

        if (!UpgradeRules.HasElement(fields, "Upgrade"u8, "websocket"u8))
        {
            return RequestError.UpgradeRequired;
        }

        if (!UpgradeRules.HasElement(fields, "Connection"u8, "upgrade"u8) || fields.CountOf("Sec-WebSocket-Version"u8) > 1)
        {
            return RequestError.BadWebSocketHandshake;
        }

        if (!fields.TryGetValue("Sec-WebSocket-Version"u8, out var version) || !version.SequenceEqual("13"u8))
        {
            return RequestError.UpgradeRequired;
        }

        return fields.CountOf("Sec-WebSocket-Key"u8) == 1 && fields.TryGetValue("Sec-WebSocket-Key"u8, out var key) && IsKey(key)
            ? RequestError.None
            : RequestError.BadWebSocketHandshake;
    }

    /// <summary>What proves that the server has read the key (RFC 6455 §4.2.2).</summary>
    public static string Answer(RequestHead head)
    {
        head.Fields.TryGetValue("Sec-WebSocket-Key"u8, out var key);
        Span<byte> text = [.. key, .. "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8];
        Span<byte> hash = stackalloc byte[Sha1.HashBytes];
        Sha1.Hash(text, hash);
        return Convert.ToBase64String(hash);
    }

    private static bool IsKey(ReadOnlySpan<byte> key)
    {
        Span<byte> bytes = stackalloc byte[KeyBytes + 2];
        return key.Length == KeyLength && Base64.DecodeFromUtf8(key, bytes, out var read, out var written) == OperationStatus.Done
            && read == KeyLength && written == KeyBytes;
    }
}
