namespace PipeServer.Capacity;

/// <summary>What a client says on a connection before it is idle.</summary>
internal enum ConnectionForm
{
    /// <summary>Nothing at all.</summary>
    Silent,

    /// <summary>A request of HTTP/1.1, in clear text or over TLS.</summary>
    Http,

    /// <summary>A request of HTTP/2, in clear text or over TLS.</summary>
    Http2,

    /// <summary>The handshake of WebSocket.</summary>
    WebSocket,
}
