namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>What stands in front of the servers.</summary>
internal enum FrontEnd
{
    /// <summary>HAProxy with <c>haproxy.cfg</c> of the deploy files as it is.</summary>
    HAProxy,

    /// <summary>HAProxy's file with HTTP/2 to the servers.</summary>
    HAProxyHttp2,

    /// <summary>The same without the PROXY protocol: X-Forwarded-For names the client, and clients share connections to the servers.</summary>
    HAProxyForwardedFor,

    /// <summary>nginx with <c>nginx.conf</c> of the deploy files as it is.</summary>
    Nginx,
}
