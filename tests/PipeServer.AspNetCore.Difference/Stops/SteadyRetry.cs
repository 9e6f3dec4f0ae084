using Microsoft.AspNetCore.SignalR.Client;

namespace Difference.Stops;

/// <summary>Tries again and again until the application is there.</summary>
internal sealed class SteadyRetry : IRetryPolicy
{
    public TimeSpan? NextRetryDelay(RetryContext retryContext) => TimeSpan.FromMilliseconds(50);
}
