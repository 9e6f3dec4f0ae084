namespace PipeServer.WebSockets;

/// <summary>What is due on a WebSocket.</summary>
internal enum WebSocketVerdict
{
    /// <summary>Nothing.</summary>
    InTime,

    /// <summary>The client has been silent for so long that it is asked whether it is there.</summary>
    Ping,

    /// <summary>It has not answered that.</summary>
    NoPong,

    /// <summary>It has sent no message for too long.</summary>
    Idle,

    /// <summary>It has not answered a close frame.</summary>
    NoClose,
}
