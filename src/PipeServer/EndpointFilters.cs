using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Server;
using PipeServer.Server.ProxyProtocol;
using PipeServer.Server.Tls;
using PipeServer.Tls;
using PipeServer.Tls.OpenSsl;
using PipeServer.Tls.SslStreams;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>
/// What the connections of each endpoint go through before their protocol gets them: the PROXY protocol's header, then TLS, whose engine a reload exchanges.
/// </summary>
internal sealed class EndpointFilters
{
    private readonly ServerContext _context;
    private readonly List<(HttpEndpoint Endpoint, TlsFilter Filter)> _secured = [];

    private EndpointFilters(ServerContext context) => _context = context;

    /// <summary>Each listener with its filters.</summary>
    public IReadOnlyList<(IConnectionListener Listener, IReadOnlyList<IConnectionFilter> Filters)> Listeners { get; private set; } = [];

    /// <summary>Makes the filters, and what all handshakes share where there is one.</summary>
    /// <exception cref="ArgumentException">What an engine is to do it cannot.</exception>
    /// <exception cref="InvalidOperationException">The engine that is asked for is not to be had here.</exception>
    public static EndpointFilters Create(
        ServerContext context, IReadOnlyList<(HttpEndpoint Endpoint, IConnectionListener Listener)> listeners, RequestTelemetry? telemetry)
    {
        var all = new EndpointFilters(context);
        var proxy = new ProxyProtocolFilter(context);
        var filters = new Dictionary<HttpEndpoint, IReadOnlyList<IConnectionFilter>>();
        var engines = new Engines(context.Logger);
        foreach (var (endpoint, _) in listeners)
        {
            if (filters.ContainsKey(endpoint))
            {
                continue;
            }

            var ofEndpoint = new List<IConnectionFilter>();
            if (endpoint.ProxyProtocol)
            {
                ofEndpoint.Add(proxy);
            }

            if (OptionsOf(endpoint, context.Options) is { } options)
            {
                context.Handshakes ??= new Handshakes(context.Options, telemetry);
                var filter = new TlsFilter(context, context.Handshakes, options, engines.For(options));
                ofEndpoint.Add(filter);
                all._secured.Add((endpoint, filter));
            }

            filters[endpoint] = ofEndpoint;
        }

        all.Listeners = [.. listeners.Select(item => (item.Listener, filters[item.Endpoint]))];
        return all;
    }

    /// <summary>Makes the engines that other options want. Nothing has changed before the action that is returned is called, which does not throw.</summary>
    /// <param name="options">The options to come; their endpoints are those of now.</param>
    /// <exception cref="ArgumentException">What an engine is to do it cannot.</exception>
    /// <exception cref="InvalidOperationException">The engine that is asked for is not to be had here.</exception>
    public Action Prepare(HttpServerOptions options)
    {
        if (_secured.Count == 0)
        {
            return static () => { };
        }

        var engines = new Engines(logger: null);
        var next = new List<(TlsFilter Filter, TlsOptions Options, ITlsEngine Engine)>();
        foreach (var (endpoint, filter) in _secured)
        {
            var now = options.Endpoints.FirstOrDefault(other => other.ToString() == endpoint.ToString()) ?? endpoint;
            if (OptionsOf(now, options) is { } wanted)
            {
                next.Add((filter, wanted, engines.For(wanted, filter.Engine)));
            }
        }

        return () =>
        {
            foreach (var (filter, wanted, engine) in next)
            {
                filter.Exchange(wanted, engine);
            }

            _context.Handshakes!.Reload(options);
        };
    }

    private static TlsOptions? OptionsOf(HttpEndpoint endpoint, HttpServerOptions options) =>
        endpoint.Tls ?? (endpoint.IsTls ? options.Tls : null);

    // One for each set of options, so that endpoints that share theirs share what is derived from it.
    private sealed class Engines(ILogger? logger)
    {
        private readonly Dictionary<TlsOptions, ITlsEngine> _made = [];
        private bool _isToldOf;

        public ITlsEngine For(TlsOptions options, ITlsEngine? before = null)
        {
            if (!_made.TryGetValue(options, out var engine))
            {
                engine = _made[options] = Create(options);
                if (before is not null)
                {
                    engine.Adopt(before);
                }
            }

            return engine;
        }

        private ITlsEngine Create(TlsOptions options)
        {
            if (options.Engine != TlsEngine.SslStream && OpenSslEngine.IsSupported)
            {
                return new OpenSslEngine(options);
            }

            if (options.Engine == TlsEngine.OpenSsl)
            {
                throw new InvalidOperationException(
                    $"{nameof(TlsOptions)}.{nameof(TlsOptions.Engine)} asks for OpenSSL, and there is no libssl.so.3 here: install OpenSSL 3, or leave the engine "
                    + $"at {nameof(TlsEngine.Auto)}.");
            }

            if (options.TicketKeys is not null)
            {
                throw new InvalidOperationException(
                    $"{nameof(TlsOptions)}.{nameof(TlsOptions.TicketKeys)} need the engine {nameof(TlsEngine.OpenSsl)}, and there is no libssl.so.3 here: install "
                    + "OpenSSL 3, or leave the keys out.");
            }

            if (options.Engine == TlsEngine.Auto && logger is not null && !_isToldOf)
            {
                _isToldOf = true;
                Log.TlsFallback(logger);
            }

            return new SslStreamEngine(options);
        }
    }
}
