using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace Difference.Application;

/// <summary>What an application sees of requests, connections and features.</summary>
internal static class SeenEndpoints
{
    private static readonly Type[] Features =
    [
        typeof(IHttpRequestFeature), typeof(IHttpResponseFeature), typeof(IHttpResponseBodyFeature), typeof(IRequestBodyPipeFeature),
        typeof(IHttpRequestBodyDetectionFeature), typeof(IHttpBodyControlFeature), typeof(IHttpMaxRequestBodySizeFeature),
        typeof(IHttpRequestTrailersFeature), typeof(IHttpResponseTrailersFeature), typeof(IHttpConnectionFeature), typeof(IHttpRequestLifetimeFeature),
        typeof(IHttpRequestIdentifierFeature), typeof(IHttpUpgradeFeature), typeof(IHttpResetFeature), typeof(ITlsConnectionFeature),
        typeof(ITlsHandshakeFeature), typeof(IPersistentStateFeature), typeof(IServiceProvidersFeature), typeof(IHttpAuthenticationFeature),
    ];

    public static void Map(WebApplication application)
    {
        application.Map("/seen/{**rest}", RequestDescription.WriteAsync);
        application.Map("/values/{first}/{second?}", static (string first, string? second) => TypedResults.Json(new { first, second }));
        application.MapGet("/connection", Connection);
        application.MapGet("/features", static (HttpContext context) =>
            string.Join('\n', Features.Select(type => $"{type.Name}: {context.Features[type] is not null}")));
        application.MapGet("/features/replaced", static (HttpContext context) =>
        {
            context.Features.Set<IHttpRequestIdentifierFeature>(new HttpRequestIdentifierFeature { TraceIdentifier = "mine" });
            return context.TraceIdentifier;
        });
        application.MapGet("/features/revision", static (HttpContext context) =>
        {
            var before = context.Features.Revision;
            context.Features.Set(new Uri("https://set.test"));
            return new { grew = context.Features.Revision > before, value = context.Features.Get<Uri>(), known = context.Features.Any() };
        });
        application.MapGet("/persistent", static (HttpContext context) =>
        {
            var state = context.Features.GetRequiredFeature<IPersistentStateFeature>().State;
            var count = state.TryGetValue("count", out var value) ? (int)value! + 1 : 1;
            state["count"] = count;
            return count;
        });
        application.MapGet("/changed", Changed);
    }

    private static object Connection(HttpContext context) => new
    {
        remote = context.Connection.RemoteIpAddress?.ToString(),
        remotePort = context.Connection.RemotePort > 0,
        local = context.Connection.LocalIpAddress?.ToString(),
        localPort = context.Connection.LocalPort > 0,
        loopback = context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address),
        id = context.Connection.Id.Length > 0,
        trace = context.TraceIdentifier.Length > 0,
        certificate = context.Connection.ClientCertificate?.Subject,
        aborted = context.RequestAborted.CanBeCanceled,
        tls = context.Features.Get<ITlsHandshakeFeature>()?.Protocol.ToString(),
        items = context.Items.Count,
        user = context.User.Identity?.IsAuthenticated,
    };

    // An application, or a middleware for proxies, may rewrite what the request says.
    private static object Changed(HttpContext context)
    {
        var request = context.Request;
        request.Scheme = "wss";
        request.Host = new HostString("other.test", 8443);
        request.Method = "CHANGED";
        request.Path = "/new path";
        request.PathBase = "/base";
        request.QueryString = new QueryString("?a=b");
        request.Protocol = "HTTP/9";
        request.Headers["X-Added"] = "yes";
        request.Headers.Remove("X-Removed");
        context.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
        context.Connection.RemotePort = 77;
        context.Connection.Id = "an id";
        context.TraceIdentifier = "a trace";
        return new
        {
            request.Scheme,
            host = request.Host.Value,
            request.Method,
            path = request.Path.Value,
            pathBase = request.PathBase.Value,
            query = request.QueryString.Value,
            queryValue = request.Query["a"].ToString(),
            request.Protocol,
            request.IsHttps,
            added = request.Headers["X-Added"].ToString(),
            removed = request.Headers.ContainsKey("X-Removed"),
            remote = context.Connection.RemoteIpAddress.ToString(),
            context.Connection.RemotePort,
            context.Connection.Id,
            context.TraceIdentifier,
        };
    }
}
