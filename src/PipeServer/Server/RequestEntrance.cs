using System.Net;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// What is done with a request whose head is complete before anything else: it is noted for who listens, its client is found, and that client's
/// rate is looked at. Made only where one of them is wanted, so that a request costs one test where none is.
/// </summary>
internal sealed class RequestEntrance
{
    private readonly RequestObserver? _observer;
    private readonly ClientForwarding? _forwarding;
    private readonly RateLimiter? _limiter;
    private readonly bool _hasHealthChecks;

    private RequestEntrance(HttpServerOptions options, RequestObserver? observer, ClientForwarding? forwarding)
    {
        (_observer, _forwarding) = (observer, forwarding);
        _limiter = options.RateLimit is { } limit ? new RateLimiter(limit, options.TimeProvider) : null;
        _hasHealthChecks = options.HealthChecks;
    }

    /// <summary>What the options want; null where that is nothing.</summary>
    public static RequestEntrance? For(HttpServerOptions options, RequestObserver? observer)
    {
        var forwarding = ClientForwarding.For(options);
        return observer is null && forwarding is null && options.RateLimit is null ? null : new RequestEntrance(options, observer, forwarding);
    }

    /// <summary>Lets a request in, or notes why it is refused.</summary>
    public bool TryEnter(Exchange exchange)
    {
        _observer?.Begin(exchange);
        _forwarding?.Apply(exchange);
        if (_limiter is null || exchange.RemoteEndPoint is not IPEndPoint client || (_hasHealthChecks && IsHealthCheck(exchange.Head))
            || _limiter.TryTake(client.Address, out var retryAfterSeconds))
        {
            return true;
        }

        (exchange.Refusal, exchange.RetryAfterSeconds) = (RequestError.TooManyRequests, retryAfterSeconds);
        exchange.Request.Route = null;
        return false;
    }

    // A probe that is refused takes a server that is well out of service.
    private static bool IsHealthCheck(RequestHead head) => Ascii.Equals(head.Path, HealthPaths.Live) || Ascii.Equals(head.Path, HealthPaths.Ready);
}
