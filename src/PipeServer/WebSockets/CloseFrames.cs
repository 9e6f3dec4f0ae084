using System.Net.WebSockets;
using System.Text;

namespace PipeServer.WebSockets;

/// <summary>What close frames hold (RFC 6455 §5.5.1, §7.4).</summary>
internal static class CloseFrames
{
    /// <summary>The longest reason in bytes.</summary>
    public const int MaxReasonBytes = FrameHeader.MaxControlPayload - 2;

    /// <summary>True for a status that may be sent: of the reserved ones those that are registered with IANA and stand for no end without a frame.</summary>
    public static bool IsValid(int status) => status is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);

    /// <summary>The payload; empty where there is no status.</summary>
    public static byte[] Payload(WebSocketCloseStatus status, string? reason)
    {
        if (status == WebSocketCloseStatus.Empty)
        {
            return [];
        }

        var payload = new byte[2 + Encoding.UTF8.GetByteCount(reason ?? "")];
        (payload[0], payload[1]) = ((byte)((int)status >> 8), (byte)status);
        Encoding.UTF8.GetBytes(reason, payload.AsSpan(2));
        return payload;
    }

    /// <summary>Checks what an application wants to send, as the framework's own sockets do.</summary>
    /// <exception cref="ArgumentException">The status must not be sent, or the reason is too long, or stands without a status.</exception>
    public static void Check(WebSocketCloseStatus status, string? reason)
    {
        if (status != WebSocketCloseStatus.Empty && !IsValid((int)status))
        {
            throw new ArgumentException($"The close status {(int)status} is reserved, and must not be sent (RFC 6455 §7.4).", nameof(status));
        }

        if (string.IsNullOrEmpty(reason))
        {
            return;
        }

        if (status == WebSocketCloseStatus.Empty)
        {
            throw new ArgumentException("A close frame without a status has no reason either.", nameof(reason));
        }

        if (Encoding.UTF8.GetByteCount(reason) > MaxReasonBytes)
        {
            throw new ArgumentException($"The reason of a close frame has at most {MaxReasonBytes} bytes of UTF-8.", nameof(reason));
        }
    }
}
