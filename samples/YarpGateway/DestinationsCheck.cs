using Microsoft.Extensions.Diagnostics.HealthChecks;
using Yarp.ReverseProxy;

namespace YarpGateway;

/// <summary>Ready while each cluster has a destination that can be asked, and no stop has begun.</summary>
internal sealed class DestinationsCheck(IProxyStateLookup proxy, IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var without = proxy.GetClusters()
            .Where(static cluster => cluster.DestinationsState.AvailableDestinations.Count == 0)
            .Select(static cluster => cluster.ClusterId);
        var reason = lifetime.ApplicationStopping.IsCancellationRequested ? "draining" : string.Join(", ", without);
        return Task.FromResult(reason.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(reason));
    }
}
