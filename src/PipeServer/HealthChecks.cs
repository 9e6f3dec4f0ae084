using PipeServer.Routing;
using PipeServer.Server;

namespace PipeServer;

/// <summary>The routes of <see cref="HttpServerOptions.HealthChecks"/>: live as long as the server answers, ready until a stop begins.</summary>
internal static class HealthChecks
{
    /// <summary>Maps them.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="isHandedOver">Asked in a drain: new clients get another process, which is ready.</param>
    public static void Map(RouteMap routes, Func<bool> isHandedOver)
    {
        routes.Add("GET", HealthPaths.Live, RouteHandler.Synchronous(static (_, response) => response.WriteText("live\n"), Dispatch.Inline));
        routes.Add("GET", HealthPaths.Ready, RouteHandler.Synchronous(
            (request, response) =>
            {
                var isDraining = request.Draining.IsCancellationRequested && !isHandedOver();
                response.StatusCode = isDraining ? 503 : 200;
                response.WriteText(isDraining ? "draining\n" : "ready\n");
            },
            Dispatch.Inline));
    }
}
