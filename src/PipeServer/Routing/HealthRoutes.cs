namespace PipeServer.Routing;

/// <summary>
/// The routes of <see cref="HttpServerOptions.HealthChecks"/>: the server is live as long as it answers, and ready until a stop begins.
/// </summary>
internal static class HealthRoutes
{
    /// <summary>Maps them, inline: they are answered while every worker is blocked.</summary>
    public static void AddTo(RouteMap routes)
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
