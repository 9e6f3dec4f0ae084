using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PipeServer.Hosting;

/// <summary>Answers by the host's health checks: see <see cref="PipeServerBuilder.MapHealthChecks"/>.</summary>
internal static class HealthCheckHandler
{
    /// <summary>Makes the handler.</summary>
    public static ScopedRequestHandler Create(Func<HealthCheckRegistration, bool>? predicate, bool failsWhileDraining) =>
        async (request, response, services) =>
        {
            bool IsDraining() => failsWhileDraining && request.Draining.IsCancellationRequested;
            var status = IsDraining()
                ? HealthStatus.Unhealthy
                : (await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(predicate, request.Aborted).ConfigureAwait(false)).Status;

            // Asked again: a stop may have begun while the checks were made.
            var isDraining = IsDraining();
            response.StatusCode = isDraining || status == HealthStatus.Unhealthy ? 503 : 200;
            response.Headers["Cache-Control"] = "no-store";
            response.WriteText(isDraining ? "draining\n" : $"{status}\n");
        };
}
