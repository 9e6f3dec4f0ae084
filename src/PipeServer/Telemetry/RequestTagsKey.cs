using System.Runtime.CompilerServices;
using PipeServer.Http;
using PipeServer.Routing;

namespace PipeServer.Telemetry;

/// <summary>What the tags of a request's duration are made of.</summary>
/// <param name="method">The method.</param>
/// <param name="status">The status that was sent; 0 for none.</param>
/// <param name="version">The version of HTTP (<see cref="RequestTags.VersionOf"/>); -1 where the head was malformed.</param>
/// <param name="route">The route; null for none.</param>
/// <param name="errorType">See <see cref="ErrorTypes"/>.</param>
/// <param name="isHttps">A trusted proxy has been asked by https.</param>
internal readonly struct RequestTagsKey(RequestMethod method, int status, int version, RoutePattern? route, string? errorType, bool isHttps = false)
{
    /// <summary>The method.</summary>
    public RequestMethod Method { get; } = method;

    /// <summary>The status that was sent; 0 for none.</summary>
    public int Status { get; } = status;

    /// <summary>The version of HTTP (<see cref="RequestTags.VersionOf"/>); -1 where the head was malformed.</summary>
    public int Version { get; } = version;

    /// <summary>The route; null for none.</summary>
    public RoutePattern? Route { get; } = route;

    /// <summary>See <see cref="ErrorTypes"/>.</summary>
    public string? ErrorType { get; } = errorType;

    /// <summary>A trusted proxy has been asked by https.</summary>
    public bool IsHttps { get; } = isHttps;

    /// <summary>The same for the same keys.</summary>
    public int Hash
    {
        get
        {
            var hash = (Status * 31) + (int)Method;
            hash = (hash * 31) + (Route is null ? 0 : RuntimeHelpers.GetHashCode(Route));
            return (hash * 31) + (ErrorType?.GetHashCode(StringComparison.Ordinal) ?? 0);
        }
    }

    /// <summary>Whether two are the same.</summary>
    public bool Is(in RequestTagsKey other) =>
        Method == other.Method && Status == other.Status && Version == other.Version && Route == other.Route && IsHttps == other.IsHttps
        && ErrorType == other.ErrorType;
}
