namespace PipeServer.Http;

/// <summary>How a response's body ends, as its head says it (RFC 9112 §6).</summary>
internal enum ResponseFraming : byte
{
    /// <summary>Neither field: 1xx, 204, 304, or a body that ends with the connection.</summary>
    None,

    /// <summary>Content-Length.</summary>
    ContentLength,

    /// <summary>Transfer-Encoding: chunked.</summary>
    Chunked,
}
