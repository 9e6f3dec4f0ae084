using PipeServer.Routing;

namespace PipeServer;

/// <summary>The routes of <see cref="HttpServerOptions.HealthChecks"/>: live as long as the server answers, ready until a stop begins.</summary>
internal static class HealthChecks
{
    /// <summary>Maps them.</summary>
    public static void Map(RouteMap routes)
    {
        routes.Add("GET", "/healthz/live", RouteHandler.Synchronous(static (_, response) => response.WriteText("live\n"), Dispatch.Inline));
        routes.Add("GET", "/healthz/ready", RouteHandler.Synchronous(
            static (request, response) =>
            {
                var isDraining = request.Draining.IsCancellationRequested;
                response.StatusCode = isDraining ? 503 : 200;
                response.WriteText(isDraining ? "draining\n" : "ready\n");
            },
            Dispatch.Inline));
    }
}
