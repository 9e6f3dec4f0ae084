using Difference.Runner;

namespace Difference.Requests;

/// <summary>Output caching and health.</summary>
internal static class CachingRequests
{
    public static IEnumerable<DifferenceRequest> All =>
    [
        RequestTable.Get("cached", "/cached/plain"),
        RequestTable.Get("cached", "/cached/by-key?key=1"),
        RequestTable.Get("cached for one condition", "/cached/conditional").With(("If-None-Match", "\"cached\"")),
        RequestTable.Get("cached not for a user", "/cached/private").With(("Authorization", "Key ann")),
        new("cached HEAD", "HEAD", "/cached/head"),
        new("cached POST", "POST", "/cached/posted"),
        RequestTable.Get("cached", "/cached-large") with { IsLarge = true },
        RequestTable.Get("health", "/health/good"),
        RequestTable.Get("health", "/health/weak"),
        RequestTable.Get("health", "/health/all"),
        new("health HEAD", "HEAD", "/health/good"),
        new("health POST", "POST", "/health/good"),
    ];
}
