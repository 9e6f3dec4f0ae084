using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AspNetApp;

/// <summary>Not ready from the beginning of a stop: a load balancer then sends new clients elsewhere.</summary>
internal sealed class DrainingCheck(IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("draining") : HealthCheckResult.Healthy());
}
