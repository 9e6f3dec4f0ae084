using PipeServer.Diagnostics;
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
                    .. tls is null ? (IConnectionFilter[])[] : [new TlsFilter(context, threads.Value, CreateEngine(context, endpoint, filters.Count, tls))],
                ];
            }

            yield return (listener, ofEndpoint);
        }
    }

    // Endpoints of one text, as those on a free port, are told apart by their order.
    private static ITlsEngine CreateEngine(ServerContext context, HttpEndpoint endpoint, int number, TlsOptions options)
    {
        if (options.Engine == TlsEngine.OpenSsl || (options.Engine == TlsEngine.Auto && OpenSslEngine.IsSupported))
        {
            return new OpenSslEngine(options, context.TimeProvider, context.Logger, $"{number} {endpoint}");
        }

        if (options.Engine == TlsEngine.Auto && OperatingSystem.IsLinux())
        {
            Log.TlsEngineFallback(context.Logger);
        }

        return new SslStreamEngine(options);
    }
}
