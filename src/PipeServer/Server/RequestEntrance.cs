using System.Net;
using PipeServer.Http;
using PipeServer.Tls;

namespace PipeServer.Server;

/// <summary>
/// What is done with a request whose head is complete before anything else: its client is found, it is noted for who listens, and that client's
/// rate is looked at, and it is redirected to https. Made only where one of them is wanted, so that a request costs one test where none is.
/// </summary>
internal sealed class RequestEntrance
{
    private readonly RequestObserver? _observer;
    private readonly ClientForwarding? _forwarding;
    private readonly RateLimiter? _limiter;
    private readonly HttpsRedirects? _redirects;
    private readonly bool _hasHealthChecks;
    private readonly bool _isTlsSpoken;

    private RequestEntrance(HttpServerOptions options, RequestObserver? observer, ClientForwarding? forwarding, RateLimiter? limiter, HttpsRedirects? redirects)
    {
        (_observer, _forwarding, _limiter, _redirects) = (observer, forwarding, limiter, redirects);
        _hasHealthChecks = options.HealthChecks;
        _isTlsSpoken = IsTlsSpoken(options);
    }

    /// <summary>What the options want; null where that is nothing.</summary>
    /// <param name="options">The options.</param>
    /// <param name="observer">Who listens, or null.</param>
    /// <param name="before">What requests have passed so far: where the rate stays the same, what clients have used of it does too.</param>
    public static RequestEntrance? For(HttpServerOptions options, RequestObserver? observer, RequestEntrance? before = null)
    {
        var forwarding = ClientForwarding.For(options, before?._forwarding);
        var limiter = options.RateLimit is not { } limit ? null
            : before?._limiter is { } used && used.Limit.Equals(limit) ? used
            : new RateLimiter(limit, options.TimeProvider);
        var redirects = HttpsRedirects.For(options);
        return observer is null && forwarding is null && limiter is null && redirects is null && !IsTlsSpoken(options)
            ? null
            : new RequestEntrance(options, observer, forwarding, limiter, redirects);
    }

    /// <summary>Lets a request in, or notes why it is refused, or answers it.</summary>
    public bool TryEnter(Exchange exchange)
    {
        _forwarding?.Apply(exchange); // first: who listens is told of the client
        _observer?.Begin(exchange);
        if (_limiter is null || exchange.RemoteEndPoint is not IPEndPoint client || (_hasHealthChecks && HealthPaths.IsOne(exchange.Head.Path))
            || _limiter.TryTake(client.Address, out var retryAfterSeconds))
        {
            if (!_isTlsSpoken || exchange.Connection.Transport is not TlsTransportConnection secured || IsFor(secured, exchange.Head))
            {
                return _redirects is null || !_redirects.TryAnswer(exchange);
            }

            Refuse(exchange, RequestError.Misdirected);
            return false;
        }

        Refuse(exchange, RequestError.TooManyRequests);
        exchange.RetryAfterSeconds = retryAfterSeconds;
        return false;
    }

    private static bool IsTlsSpoken(HttpServerOptions options) => options.Endpoints.Any(static endpoint => endpoint.IsTls);

    private static void Refuse(Exchange exchange, RequestError reason)
    {
        exchange.Refusal = reason;
        exchange.Request.Route = null;
    }

    private static bool IsFor(TlsTransportConnection secured, RequestHead head) =>
        secured.Policy is not { } policy
        || (Authority.TryParse(head.Host, out var authority) && !authority.Host.IsEmpty ? policy.Allows(authority.Host) : policy.AllowsNoHost());
}
