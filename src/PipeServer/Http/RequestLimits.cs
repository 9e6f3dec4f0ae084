namespace PipeServer.Http;

/// <summary>The limits that the parser itself enforces, to the byte.</summary>
/// <param name="MaxRequestLineBytes">The request line without its CRLF.</param>
/// <param name="MaxRequestHeadBytes">From the first byte of the request line to the last of the empty line.</param>
/// <param name="MaxRequestHeaderCount">Field lines.</param>
internal readonly record struct RequestLimits(
    int MaxRequestLineBytes,
    int MaxRequestHeadBytes,
    int MaxRequestHeaderCount);
