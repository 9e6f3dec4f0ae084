using System.Globalization;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Difference.Stops;

/// <summary>YARP in front of several applications, which it asks ten times a second whether they are ready.</summary>
internal sealed class StoppedProxy : IAsyncDisposable
{
    private const string Cluster = "work";

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly WebApplication _application;

    private StoppedProxy(WebApplication application) => _application = application;

    public Uri Address => new(_application.Urls.Single());

    /// <summary>True when all applications are there for YARP.</summary>
    public bool IsWhole => _application.Services.GetRequiredService<IProxyStateLookup>().TryGetCluster(Cluster, out var cluster)
        && cluster.Destinations.Values.All(static destination => destination.Health.Active == DestinationHealth.Healthy)
        && cluster.DestinationsState.AvailableDestinations.Count == cluster.Destinations.Count;

    /// <summary>Starts it on the server that the settings name.</summary>
    /// <param name="sendsAgain">What could not be sent, because nobody listened, goes to another application.</param>
    /// <param name="behind">The applications.</param>
    public static async Task<StoppedProxy> StartAsync(bool sendsAgain, params StoppableApplication[] behind)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        if (!StopSettings.IsKestrel)
        {
            builder.WebHost.UsePipeServer();
        }

        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new() { RouteId = "all", ClusterId = Cluster, Match = new() { Path = "{**rest}" } }],
            [
                new()
                {
                    ClusterId = Cluster,
                    LoadBalancingPolicy = "RoundRobin",
                    Destinations = behind.ToDictionary(
                        static application => application.Port.ToString(CultureInfo.InvariantCulture),
                        static application => new DestinationConfig { Address = application.Url },
                        StringComparer.Ordinal),
                    Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [ConsecutiveFailuresHealthPolicyOptions.ThresholdMetadataName] = "1" },
                    HealthCheck = new()
                    {
                        AvailableDestinationsPolicy = HealthCheckConstants.AvailableDestinations.HealthyOrPanic,
                        Active = new() { Enabled = true, Interval = Period, Timeout = TimeSpan.FromSeconds(2), Path = "/healthz", Policy = HealthCheckConstants.ActivePolicy.ConsecutiveFailures },
                    },
                },
            ]);
        var application = builder.Build();
        application.MapReverseProxy(pipeline =>
        {
            if (sendsAgain)
            {
                pipeline.Use(SendAgainAsync);
            }

            pipeline.UseLoadBalancing();
        });
        await application.StartAsync();
        return new StoppedProxy(application);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    // No byte of it has been sent: whatever its method is, it may go elsewhere (RFC 9110 §9.2.2 is about those that were).
    private static async Task SendAgainAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (!context.Response.HasStarted
            && context.GetForwarderErrorFeature() is { Exception: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } })
        {
            var proxy = context.GetReverseProxyFeature();
            context.Features.Set<IForwarderErrorFeature>(null);
            context.Response.Clear();
            proxy.AvailableDestinations = [.. proxy.AllDestinations.Where(destination => destination != proxy.ProxiedDestination)];
            await next(context);
        }
    }
}
