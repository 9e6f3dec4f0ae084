using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Diagnostics;
using PipeServer.Server;
using PipeServer.Server.Http2;
using PipeServer.Server.ProxyProtocol;
using PipeServer.Server.Tls;
using PipeServer.Tls;
using PipeServer.Tls.OpenSsl;
using PipeServer.Tls.SslStreams;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>
/// What the connections of each endpoint go through before their protocol gets them: the PROXY protocol's header, then TLS, whose engine a reload
/// exchanges, or the mark of those that are redirected to it, and at last the choice between HTTP/1.1 and HTTP/2 where both are spoken.
/// </summary>
internal sealed class EndpointFilters
{
    private readonly ServerContext _context;
    private readonly List<(HttpEndpoint Endpoint, int Number, TlsFilter Filter)> _secured = [];

    private EndpointFilters(ServerContext context) => _context = context;

    /// <summary>Each listener with its filters.</summary>
    public IReadOnlyList<(IConnectionListener Listener, IReadOnlyList<IConnectionFilter> Filters)> Listeners { get; private set; } = [];

    /// <summary>What session tickets are encrypted with at all endpoints that have no keys given; null where no engine has tickets of its own.</summary>
    /// <remarks>One set for all: a ticket is refused at another endpoint by what the engine says of its own, not by its key.</remarks>
    public TicketKeys? TicketKeys { get; private set; }

    /// <summary>Makes the filters, and what all handshakes share where there is one.</summary>
    /// <param name="context">The server's parts.</param>
    /// <param name="listeners">What listens for which endpoint.</param>
    /// <param name="telemetry">Who listens to figures, or null.</param>
    /// <param name="ticketKeys">What <see cref="TicketKeys"/> of the process before this one exported; empty for new keys.</param>
    /// <exception cref="ArgumentException">What an engine is to do it cannot.</exception>
    /// <exception cref="InvalidOperationException">The engine that is asked for is not to be had here.</exception>
    public static EndpointFilters Create(
        ServerContext context,
        IReadOnlyList<(HttpEndpoint Endpoint, IConnectionListener Listener)> listeners,
        RequestTelemetry? telemetry,
        ReadOnlySpan<byte> ticketKeys)
    {
        var all = new EndpointFilters(context);
        var proxy = new ProxyProtocolFilter(context);
        var choice = listeners.Any(static item => item.Endpoint.IsHttp2) ? ChoiceOf(context) : null;
        var filters = new Dictionary<HttpEndpoint, IReadOnlyList<IConnectionFilter>>();
        var isFallback = false;
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
                var engine = Create(context.TimeProvider, context.Logger, endpoint, filters.Count, options);
                if (engine is OpenSslEngine { HasOwnTicketKeys: true } own)
                {
                    own.TicketKeys = all.TicketKeys ??= TicketKeys.Import(ticketKeys, context.TimeProvider);
                }

                var filter = new TlsFilter(context, context.Handshakes, options, engine);
                ofEndpoint.Add(filter);
                all._secured.Add((endpoint, filters.Count, filter));
                isFallback |= options.Engine == TlsEngine.Auto && engine is SslStreamEngine && OperatingSystem.IsLinux();
            }

            if (endpoint.HttpsRedirectPort is not null)
            {
                ofEndpoint.Add(new RedirectFilter(HttpsPort(endpoint, listeners)));
            }

            if (choice is not null && endpoint.IsHttp2)
            {
                ofEndpoint.Add(choice);
            }

            filters[endpoint] = ofEndpoint;
        }

        if (isFallback)
        {
            Log.TlsEngineFallback(context.Logger);
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

        var next = new List<(TlsFilter Filter, TlsOptions Options, ITlsEngine Engine)>();
        foreach (var (endpoint, number, filter) in _secured)
        {
            if (OptionsOf(options.Endpoints[number], options) is { } wanted)
            {
                var engine = Create(_context.TimeProvider, _context.Logger, endpoint, number, wanted);
                engine.Adopt(filter.Engine);
                next.Add((filter, wanted, engine));
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

    /// <summary>Makes the engines that options want and drops them again, so that a check finds what a start would.</summary>
    /// <exception cref="ArgumentException">What an engine is to do it cannot.</exception>
    /// <exception cref="InvalidOperationException">The engine that is asked for is not to be had here.</exception>
    /// <exception cref="CryptographicException">A certificate cannot be used.</exception>
    public static void Check(HttpServerOptions options)
    {
        foreach (var endpoint in options.EffectiveEndpoints())
        {
            if (OptionsOf(endpoint, options) is { } wanted)
            {
                _ = Create(options.TimeProvider, NullLogger.Instance, endpoint, 0, wanted);
            }
        }
    }

    private static ProtocolChoice ChoiceOf(ServerContext context)
    {
        context.ClientBudgets ??= new ClientBudgets();
        return new ProtocolChoice(new Http2Protocol(context));
    }

    private static TlsOptions? OptionsOf(HttpEndpoint endpoint, HttpServerOptions options) =>
        endpoint.Tls ?? (endpoint.IsTls ? options.Tls : null);

    // Endpoints of one text, as those on a free port, are told apart by their order: a session of one is not resumed at another.
    private static ITlsEngine Create(TimeProvider time, ILogger logger, HttpEndpoint endpoint, int number, TlsOptions options)
    {
        if (options.Engine != TlsEngine.SslStream && OpenSslEngine.IsSupported)
        {
            return new OpenSslEngine(options, time, logger, $"{number} {endpoint}", endpoint.IsHttp2);
        }

        if (options.Engine == TlsEngine.OpenSsl)
        {
            throw new InvalidOperationException(
                $"{nameof(TlsOptions)}.{nameof(TlsOptions.Engine)} asks for OpenSSL, and there is no libssl.so.3 here: install OpenSSL 3, or leave the engine "
                + $"at {nameof(TlsEngine.Auto)}.");
        }

        return options.TicketKeys is null
            ? new SslStreamEngine(options, endpoint.IsHttp2)
            : throw new InvalidOperationException(
                $"{nameof(TlsOptions)}.{nameof(TlsOptions.TicketKeys)} need the engine {nameof(TlsEngine.OpenSsl)}, and there is no libssl.so.3 here: install "
                + "OpenSSL 3, or leave the keys out.");
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
}
