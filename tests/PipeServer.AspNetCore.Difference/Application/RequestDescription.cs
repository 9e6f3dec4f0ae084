using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace Difference.Application;

/// <summary>All that an application sees of a request, as JSON.</summary>
internal static class RequestDescription
{
    public static async Task WriteAsync(HttpContext context)
    {
        var request = context.Request;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, context.RequestAborted);
        var description = new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["method"] = request.Method,
            ["scheme"] = request.Scheme,
            ["isHttps"] = request.IsHttps,
            ["host"] = request.Host.Value,
            ["pathBase"] = request.PathBase.Value,
            ["path"] = request.Path.Value,
            ["escapedPath"] = request.Path.ToUriComponent(),
            ["query"] = request.QueryString.Value,
            ["queryValues"] = request.Query.ToDictionary(static pair => pair.Key, static pair => pair.Value.ToArray()),
            ["rawTarget"] = context.Features.Get<IHttpRequestFeature>()?.RawTarget,
            ["protocol"] = request.Protocol,
            ["contentType"] = request.ContentType,
            ["contentLength"] = request.ContentLength,
            ["hasFormContentType"] = request.HasFormContentType,
            ["canHaveBody"] = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody,
            ["cookies"] = request.Cookies.ToDictionary(static pair => pair.Key, static pair => pair.Value),
            ["headers"] = new SortedDictionary<string, string?[]>(
                request.Headers.ToDictionary(static header => header.Key.ToLowerInvariant(), static header => header.Value.ToArray()), StringComparer.Ordinal),
            ["body"] = Convert.ToBase64String(body.ToArray()),
            ["trailersAvailable"] = request.CheckTrailersAvailable(),
            ["trailers"] = Trailers(request),
        };
        await context.Response.WriteAsJsonAsync(description, JsonSerializerOptions.Default, context.RequestAborted);
    }

    private static Dictionary<string, string?[]>? Trailers(HttpRequest request) =>
        request.SupportsTrailers() && request.CheckTrailersAvailable()
            ? request.HttpContext.Features.Get<IHttpRequestTrailersFeature>()?.Trailers.ToDictionary(static pair => pair.Key,
                static pair => pair.Value.ToArray())
            : null;
}
