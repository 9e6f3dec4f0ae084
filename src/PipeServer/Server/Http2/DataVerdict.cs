namespace PipeServer.Server.Http2;

/// <summary>What has become of a DATA frame.</summary>
internal enum DataVerdict : byte
{
    /// <summary>The body has it, or nobody wants it any more.</summary>
    Taken,

    /// <summary>It is more than the window allows: FLOW_CONTROL_ERROR of the stream (RFC 9113 §6.9).</summary>
    WindowExceeded,

    /// <summary>The body is longer or shorter than its Content-Length: PROTOCOL_ERROR of the stream (RFC 9113 §8.1.1).</summary>
    WrongLength,
}
