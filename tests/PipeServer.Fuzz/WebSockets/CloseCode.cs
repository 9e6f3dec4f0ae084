namespace PipeServer.Fuzz.WebSockets;

/// <summary>How a connection ends: the code of the server's close frame, or one of those that no frame may carry (RFC 6455 §7.4).</summary>
internal static class CloseCode
{
    public const int Normal = 1000;
    public const int GoingAway = 1001;
    public const int ProtocolError = 1002;

    /// <summary>A close frame without a code.</summary>
    public const int Empty = 1005;

    /// <summary>No close frame.</summary>
    public const int None = 1006;

    public const int InvalidPayload = 1007;
    public const int TooBig = 1009;

    /// <summary>Whether a frame may carry it: what is defined, registered with IANA, or free for libraries and applications.</summary>
    public static bool IsAllowed(int code) => code is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);
}
