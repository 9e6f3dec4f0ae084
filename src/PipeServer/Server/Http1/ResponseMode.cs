namespace PipeServer.Server.Http1;

/// <summary>What becomes of what is written to a <see cref="ResponseBody"/>.</summary>
internal enum ResponseMode : byte
{
    /// <summary>Nothing is sent; the body is held back until its length is known or the handler flushes.</summary>
    Buffering,

    /// <summary>The same for a response that has more than an ordinary one: a reason phrase, or trailers.</summary>
    HoldingBack,

    /// <summary>An encoded response is to go out, and nothing else; what its handler wants to be called for comes before.</summary>
    Prepared,

    /// <summary>The body goes out as it is: with Content-Length, or until the connection ends.</summary>
    Plain,

    /// <summary>The body goes out in chunks.</summary>
    Chunked,

    /// <summary>The head is out and stands for itself: HEAD, or a status that has no body.</summary>
    Discarding,

    /// <summary>The connection is the handler's, and there is no body.</summary>
    Switched,
}
