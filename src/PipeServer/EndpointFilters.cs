using System.Net;
using PipeServer.Server;
using PipeServer.Server.ProxyProtocol;
using PipeServer.Server.Tls;
using PipeServer.Tls;
using PipeServer.Tls.OpenSsl;
using PipeServer.Tls.SslStreams;
using PipeServer.Transport;
using PipeServer.Workers;

namespace PipeServer;

/// <summary>What the connections of each endpoint go through before their protocol gets them: the PROXY protocol's header, then TLS, or the mark of
/// those that are redirected to it.</summary>
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
                    .. endpoint.HttpsRedirectPort is { } port ? [new RedirectFilter(port > 0 ? port : HttpsPort(endpoint, listeners))] : (IConnectionFilter[])[],
                ];
            }

            yield return (listener, ofEndpoint);
        }
    }

    // Of the same address, if there is one. All of them have ports: see HttpServerOptionsRules.
    private static int HttpsPort(HttpEndpoint endpoint, IReadOnlyList<(HttpEndpoint Endpoint, IConnectionListener Listener)> listeners)
    {
        var secure = listeners.Where(static item => item.Endpoint.IsTls && item.Listener.EndPoint is IPEndPoint).ToList();
        var same = secure.Find(item => item.Endpoint.Address?.ToString() == endpoint.Address?.ToString());
        return (((same.Listener ?? secure.FirstOrDefault().Listener)?.EndPoint as IPEndPoint)?.Port).GetValueOrDefault(443);
    }

    private static ITlsEngine CreateEngine(TlsOptions options) => options.Engine switch
    {
        TlsEngine.OpenSsl => new OpenSslEngine(options),
        TlsEngine.Auto when OpenSslEngine.IsSupported => new OpenSslEngine(options),
        _ => new SslStreamEngine(options),
    };
}
