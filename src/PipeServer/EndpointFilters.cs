using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Diagnostics;
using PipeServer.Server.ProxyProtocol;
using PipeServer.Server.Tls;
using PipeServer.Server;
using PipeServer.Tls.OpenSsl;
using PipeServer.Tls.SslStreams;
using PipeServer.Tls;
using PipeServer.Transport;
using PipeServer.Workers;

namespace PipeServer;

/// <summary>
/// What the connections of each endpoint go through before their protocol gets them: the PROXY protocol's header, then TLS, or the mark of those that
/// are redirected to it.
/// </summary>
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
                    .. endpoint.HttpsRedirectPort is null ? (IConnectionFilter[])[] : [new RedirectFilter(HttpsPort(endpoint, listeners))],
                ];
            }

            yield return (listener, ofEndpoint);
        }
    }

    // Of the same address, if there is one. All of them have ports: see HttpServerOptionsRules.
    private static int HttpsPort(HttpEndpoint endpoint, IReadOnlyList<(HttpEndpoint Endpoint, IConnectionListener Listener)> listeners)
    {
        if (endpoint.HttpsRedirectPort is > 0 and var named)
        {
            return named;
        }

        var secure = listeners.Where(static item => item.Endpoint.IsTls && item.Listener.EndPoint is IPEndPoint).ToList();
        var same = secure.Find(item => item.Endpoint.Address?.ToString() == endpoint.Address?.ToString());
        return (((same.Listener ?? secure.FirstOrDefault().Listener)?.EndPoint as IPEndPoint)?.Port).GetValueOrDefault(443);
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

    /// <summary>Makes what TLS needs and drops it again, so that a check finds what a start would.</summary>
    /// <exception cref="ArgumentException">An option cannot be met; the message names it.</exception>
    /// <exception cref="PlatformNotSupportedException">The system does not have the library of the engine that is asked for.</exception>
    /// <exception cref="CryptographicException">A certificate cannot be used.</exception>
    public static void CheckTls(HttpServerOptions options)
    {
        var all = options.EffectiveEndpoints().Select(endpoint => endpoint.Tls ?? (endpoint.IsTls ? options.Tls : null)).OfType<TlsOptions>().Distinct();
        foreach (var tls in all)
        {
            _ = tls.Engine == TlsEngine.OpenSsl || (tls.Engine == TlsEngine.Auto && OpenSslEngine.IsSupported)
                ? (ITlsEngine)new OpenSslEngine(tls, options.TimeProvider, NullLogger.Instance, "")
                : new SslStreamEngine(tls);
        }
    }
}
