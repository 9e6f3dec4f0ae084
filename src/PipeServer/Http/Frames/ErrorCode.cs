namespace PipeServer.Http.Frames;

/// <summary>Why a stream or a connection ends (RFC 9113 §7).</summary>
internal enum ErrorCode : uint
{
    /// <summary>In order.</summary>
    NoError = 0,

    /// <summary>The other side has broken the protocol.</summary>
    ProtocolError = 1,

    /// <summary>This side has failed.</summary>
    InternalError = 2,

    /// <summary>More was sent than the window allows.</summary>
    FlowControlError = 3,

    /// <summary>Settings were not acknowledged in time.</summary>
    SettingsTimeout = 4,

    /// <summary>A frame for a stream that its sender has ended.</summary>
    StreamClosed = 5,

    /// <summary>A frame of a wrong size.</summary>
    FrameSizeError = 6,

    /// <summary>Nothing of the request was processed: it may be sent again.</summary>
    RefusedStream = 7,

    /// <summary>The stream is not wanted any more.</summary>
    Cancel = 8,

    /// <summary>A header block that cannot be decoded.</summary>
    CompressionError = 9,

    /// <summary>What a CONNECT leads to has failed.</summary>
    ConnectError = 10,

    /// <summary>The other side does what may be meant to wear this one down.</summary>
    EnhanceYourCalm = 11,

    /// <summary>TLS is not good enough (RFC 9113 §9.2).</summary>
    InadequateSecurity = 12,

    /// <summary>HTTP/1.1 is wanted.</summary>
    Http11Required = 13,
}
