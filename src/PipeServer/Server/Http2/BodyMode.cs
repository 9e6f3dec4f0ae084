namespace PipeServer.Server.Http2;

/// <summary>What becomes of what is written to a <see cref="Http2ResponseBody"/>.</summary>
internal enum BodyMode : byte
{
    /// <summary>It is held back until the handler flushes or ends.</summary>
    Buffering,

    /// <summary>An encoded response is to go out, and nothing else; what its handler wants to be called for comes before.</summary>
    Prepared,

    /// <summary>It goes out in DATA.</summary>
    Plain,

    /// <summary>The head stands for itself: HEAD, or a status that has no body.</summary>
    Discarding,

    /// <summary>The stream is the handler's (RFC 8441).</summary>
    Switched,
}
