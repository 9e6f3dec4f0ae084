using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Difference.Application;

/// <summary>Answers that are kept, and those about the application's health.</summary>
internal static class CachingEndpoints
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddOutputCache(static options => options.AddPolicy("by-query", static policy => policy.Expire(TimeSpan.FromHours(1)).SetVaryByQuery("key")));
        services.AddHealthChecks()
            .AddCheck("good", static () => HealthCheckResult.Healthy("fine"), ["good"])
            .AddCheck("bad", static () => HealthCheckResult.Unhealthy("broken"), ["bad"])
            .AddCheck("weak", static () => HealthCheckResult.Degraded("slow"), ["weak"]);
    }

    public static void Map(WebApplication application)
    {
        var counts = new System.Collections.Concurrent.ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        // The count tells an answer of the cache from one of the handler.
        application.MapGet("/cached/{name}", (string name, HttpContext context) =>
        {
            context.Response.Headers.ETag = "\"cached\"";
            var key = $"{name} {context.Request.QueryString} {context.Request.Protocol}";
            return $"{name} was made {counts.AddOrUpdate(key, 1, static (_, count) => count + 1)} times";
        }).CacheOutput("by-query");
        application.MapGet("/cached-large", static () => Results.Text(new string('c', 200_000))).CacheOutput();
        application.MapHealthChecks("/health/good", new() { Predicate = static check => check.Tags.Contains("good") });
        application.MapHealthChecks("/health/weak", new() { Predicate = static check => check.Tags.Contains("weak") });
        application.MapHealthChecks("/health/all");
    }
}
