namespace PipeServer;

/// <summary>Versions of HTTP that an endpoint speaks.</summary>
[Flags]
public enum HttpProtocols
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>HTTP/1.1 (RFC 9112), and HTTP/1.0 with those who ask by it.</summary>
    Http1 = 1,

    /// <summary>HTTP/2 (RFC 9113).</summary>
    Http2 = 2,
}
