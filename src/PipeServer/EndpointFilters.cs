using PipeServer.Server;
using PipeServer.Server.ProxyProtocol;
using PipeServer.Server.Tls;
using PipeServer.Tls;
using PipeServer.Tls.OpenSsl;
using PipeServer.Tls.SslStreams;
using PipeServer.Transport;
using PipeServer.Workers;

namespace PipeServer;

/// <summary>What the connections of each endpoint go through before their protocol gets them: the PROXY protocol's header, then TLS.</summary>
internal static class EndpointFilters
{
    /// <summary>The filters of each listener.</summary>
    public static IEnumerable<(IConnectionListener Listener, IReadOnlyList<IConnectionFilter> Filters)> For(
        ServerContext context, IReadOnlyList<(HttpEndpoint Endpoint, IConnectionListener Listener)> listeners)
    {
        var proxy = new ProxyProtocolFilter(context);
        var threads = new Lazy<WorkerPool>(() => new WorkerPool(
            Environment.ProcessorCount, context.Options.MaxConnections, new WorkerPoolOptions { ThreadNamePrefix = "handshake" }));
        var filters = new Dictionary<HttpEndpoint, IReadOnlyList<IConnectionFilter>>();
        foreach (var (endpoint, listener) in listeners)
        {
            if (!filters.TryGetValue(endpoint, out var ofEndpoint))
            {
                var tls = endpoint.Tls ?? (endpoint.IsTls ? context.Options.Tls : null);
                ofEndpoint = filters[endpoint] =
                [
                    .. endpoint.ProxyProtocol ? [proxy] : (IConnectionFilter[])[],
                    .. tls is null ? (IConnectionFilter[])[] : [new TlsFilter(context, threads.Value, CreateEngine(tls))],
                ];
            }

            yield return (listener, ofEndpoint);
        }
    }

    private static ITlsEngine CreateEngine(TlsOptions options) => options.Engine switch
    {
        TlsEngine.OpenSsl => new OpenSslEngine(options),
        TlsEngine.Auto when OpenSslEngine.IsSupported => new OpenSslEngine(options),
        _ => new SslStreamEngine(options),
    };
}
