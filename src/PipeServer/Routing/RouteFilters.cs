namespace PipeServer.Routing;

/// <summary>The filters of a server or of a group of routes, while routes are mapped: from one thread.</summary>
/// <param name="outer">Those of the group around it, which come first; null for a server's.</param>
internal sealed class RouteFilters(RouteFilters? outer)
{
    private readonly List<RequestFilter> _filters = [];

    /// <summary>There is one, here or further out.</summary>
    public bool HasAny => _filters.Count > 0 || outer is { HasAny: true };

    /// <summary>Adds one behind those that are there.</summary>
    public void Add(RequestFilter filter) => _filters.Add(filter);

    /// <summary>A handler with all of them in front, the outermost first: one delegate.</summary>
    public RequestHandler InFrontOf(RequestHandler handler)
    {
        for (var i = _filters.Count - 1; i >= 0; i--)
        {
            handler = InFrontOf(_filters[i], handler);
        }

        return outer is null ? handler : outer.InFrontOf(handler);
    }

    private static RequestHandler InFrontOf(RequestFilter filter, RequestHandler next) => (request, response) => filter(request, response, next);
}
