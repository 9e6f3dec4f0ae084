namespace PipeServer.WebSockets;

/// <summary>What a frame is (RFC 6455 §5.2, §11.8).</summary>
internal enum FrameOpcode : byte
{
    /// <summary>The next part of a message.</summary>
    Continuation = 0,

    /// <summary>The first part of a text, which is UTF-8.</summary>
    Text = 1,

    /// <summary>The first part of a message of bytes.</summary>
    Binary = 2,

    /// <summary>Nothing more is sent behind it.</summary>
    Close = 8,

    /// <summary>Asks for a pong.</summary>
    Ping = 9,

    /// <summary>Answers a ping, or nothing.</summary>
    Pong = 10,
}
