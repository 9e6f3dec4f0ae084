using Difference.Runner;

namespace Difference.Requests;

/// <summary>All requests, by name.</summary>
internal static class RequestTable
{
    public static IReadOnlyDictionary<string, DifferenceRequest> All { get; } = ((IEnumerable<IEnumerable<DifferenceRequest>>)
    [
        TargetRequests.All, MethodRequests.All, RequestHeaderRequests.All, ResponseHeaderRequests.All, BindingRequests.All, MvcRequests.All,
        ResultRequests.All, StaticRequests.All, BodyRequests.All, LimitRequests.All, WritingRequests.All, ErrorRequests.All, HookRequests.All,
        SecurityRequests.All, CachingRequests.All, CompressionRequests.All, LiveRequests.All, ConnectionRequests.All, WireRequests.All,
    ]).SelectMany(static requests => requests).ToDictionary(static request => request.Name, StringComparer.Ordinal);

    /// <summary>A GET of a target, named by the area and the target.</summary>
    public static DifferenceRequest Get(string area, string target) => new($"{area} {target}", "GET", target);
}
