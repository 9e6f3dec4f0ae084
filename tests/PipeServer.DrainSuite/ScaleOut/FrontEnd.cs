namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>What stands in front of the servers.</summary>
internal enum FrontEnd
{
    /// <summary>HAProxy with <c>haproxy.cfg</c> of the deploy files as it is.</summary>
    HAProxy,

    /// <summary>The same with HTTP/2 to the servers.</summary>
    HAProxyHttp2,

    /// <summary>nginx with <c>nginx.conf</c> of the deploy files as it is.</summary>
    Nginx,
}
