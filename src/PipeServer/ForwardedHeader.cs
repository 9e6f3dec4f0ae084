namespace PipeServer;

/// <summary>The header field by which proxies name the client of a request.</summary>
public enum ForwardedHeader
{
    /// <summary><c>X-Forwarded-For</c>, and <c>X-Forwarded-Proto</c> for the scheme: what nearly all proxies set.</summary>
    XForwardedFor,

    /// <summary><c>Forwarded</c> (RFC 7239).</summary>
    Forwarded,

    /// <summary>None: the peer of the connection is the client, or whom the PROXY protocol names.</summary>
    None,
}
