using System.Runtime.CompilerServices;
using PipeServer.Routing;

namespace PipeServer;

/// <summary>
/// What routes are mapped on: an <see cref="HttpServer"/>, or a <see cref="RouteGroup"/> of it. Before the server is started, from one thread.
/// </summary>
public abstract class RouteBuilder
{
    private readonly RouteMap _routes;
    private readonly RouteFilters _filters;

    private protected RouteBuilder() => (_routes, _filters, WholePrefix) = (new RouteMap(), new RouteFilters(outer: null), "");

    private protected RouteBuilder(RouteBuilder outer, string prefix) =>
        (_routes, _filters, WholePrefix) = (outer._routes, new RouteFilters(outer._filters), prefix);

    private protected string WholePrefix { get; }

    /// <summary>
    /// Begins a group of routes: their patterns begin with its prefix, and its filters stand in front of them, behind those of this server or group.
    /// </summary>
    /// <param name="prefix">
    /// A pattern as in <see cref="Map(string, string, RequestHandler, Dispatch)"/>, parameters included, that does not end with a slash, put in
    /// front of a pattern as it is: <c>/users/{id}</c> and <c>/orders</c> make <c>/users/{id}/orders</c>; in a group <c>/api</c> the pattern
    /// <c>/</c> is <c>/api/</c>, and the empty one is <c>/api</c>. Empty or a lone slash for a group that only has filters in common.
    /// </param>
    /// <exception cref="ArgumentException">The prefix is malformed; the message names the whole of it.</exception>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    public RouteGroup MapGroup(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        ThrowIfStarted();
        if (prefix is "" or "/")
        {
            return new RouteGroup(this, WholePrefix);
        }

        var whole = Whole(prefix);
        if (RoutePattern.Parse(whole).EndsInCatchAll)
        {
            throw new ArgumentException($"The prefix '{whole}' takes all remaining segments, so that nothing can follow it.", nameof(prefix));
        }

        return !whole.EndsWith('/')
            ? new RouteGroup(this, whole)
            : throw new ArgumentException(
                $"The prefix '{whole}' must not end with a slash, because the patterns behind it begin with one: write '{whole.TrimEnd('/')}'. In that "
                + "group the pattern '/' is the path with its slash, and '' the one without.",
                nameof(prefix));
    }

    /// <summary>
    /// Puts a filter in front of every handler that is mapped here and in groups of this one, before this call or after it.
    /// </summary>
    /// <param name="filter">
    /// What stands in front. Filters of a server or an outer group go before those of an inner one, and among these the first that was added.
    /// </param>
    /// <remarks>
    /// <para>
    /// All filters of a route become one delegate when the server starts, and a route without any costs nothing. Filtered is whatever runs a handler: HEAD
    /// that is answered by GET too, and the fallback, static files included, by the server's own filters. What the server answers itself is not: 404,
    /// 405, 501, OPTIONS, refusals, and <see cref="HttpServerOptions.HealthChecks"/>.
    /// </para>
    /// <para>
    /// A filter runs where its handler runs. Behind one a handler that is an <see cref="Action{T1, T2}"/> counts as one that may wait, and of two
    /// handlers the first is asked on the worker as well, so that no request goes past a filter.
    /// </para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    [OverloadResolutionPriority(1)]
    public void AddFilter(RequestFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ThrowIfStarted();
        _filters.Add(filter);
    }

    /// <inheritdoc cref="AddFilter(RequestFilter)"/>
    public void AddFilter(Func<HttpRequest, HttpResponse, RequestHandler, Task> filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        AddFilter((request, response, next) => new ValueTask(filter(request, response, next)));
    }

    /// <summary>Maps a handler to a method and a path pattern.</summary>
    /// <param name="method">
    /// Any method token but CONNECT and TRACE, in the case in which clients send it: methods are case-sensitive (RFC 9110 §9.1). GET also
    /// answers HEAD unless HEAD is mapped; OPTIONS answers itself.
    /// </param>
    /// <param name="pattern">
    /// A path that starts with a slash, not percent-encoded, matched exactly: case counts, and <c>/a/</c> is another path than <c>/a</c>.
    /// <c>{name}</c> takes one whole segment that is not empty, <c>{*rest}</c> at the end takes all that remain, slashes included; it may be
    /// empty, but its slash is needed. Literal segments go before parameters, parameters before <c>{*rest}</c>, from left to right.
    /// In a group it is what follows the group's prefix, or empty for the prefix itself.
    /// </param>
    /// <param name="handler">What answers.</param>
    /// <param name="dispatch">Where the handler runs.</param>
    /// <exception cref="ArgumentException">The method or the pattern is malformed.</exception>
    /// <exception cref="InvalidOperationException">The route is mapped already, or the server has been started.</exception>
    [OverloadResolutionPriority(1)]
    public void Map(string method, string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(method, pattern, new RouteHandler(handler, Checked(dispatch)));
    }

    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    public void Map(string method, string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map(method, pattern, RouteHandler.FromTask(handler), dispatch);

    /// <summary>Maps a handler to a method and a path pattern, and declares it synchronous: it has answered when it returns.</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    public void Map(string method, string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(method, pattern, RouteHandler.Synchronous(handler, Checked(dispatch)));
    }

    /// <summary>Maps two handlers: the first may answer at once; where it does not, a worker runs the second.</summary>
    /// <param name="method">As in the other overloads.</param>
    /// <param name="pattern">As in the other overloads.</param>
    /// <param name="first">Is asked on the thread that received the request, or on a worker behind a filter; must not block.</param>
    /// <param name="handler">What answers the rest, on a worker.</param>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)" path="/exception"/>
    public void Map(string method, string pattern, TryRequestHandler first, RequestHandler handler)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(handler);
        Add(method, pattern, new RouteHandler(handler, Dispatch.Worker, first));
    }

    /// <summary>Maps a handler of which a function says for each request where it runs.</summary>
    /// <param name="method">As in the other overloads.</param>
    /// <param name="pattern">As in the other overloads.</param>
    /// <param name="choose">
    /// Is asked on the thread that received the request, once its route is found, and before its body is read or refused for its length; must not
    /// block, nor touch the body or the response. What it throws is answered as the handler's fault.
    /// </param>
    /// <param name="handler">What answers.</param>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public void Map(string method, string pattern, Func<HttpRequest, Dispatch> choose, RequestHandler handler)
    {
        ArgumentNullException.ThrowIfNull(choose);
        ArgumentNullException.ThrowIfNull(handler);
        Add(method, pattern, new RouteHandler(handler, Dispatch.Worker).ChosenBy(choose));
    }

    /// <inheritdoc cref="Map(string, string, Func{HttpRequest, Dispatch}, RequestHandler)"/>
    public void Map(string method, string pattern, Func<HttpRequest, Dispatch> choose, Func<HttpRequest, HttpResponse, Task> handler) =>
        Map(method, pattern, choose, RouteHandler.FromTask(handler));

    /// <inheritdoc cref="Map(string, string, Func{HttpRequest, Dispatch}, RequestHandler)"/>
    public void Map(string method, string pattern, Func<HttpRequest, Dispatch> choose, Action<HttpRequest, HttpResponse> handler)
    {
        ArgumentNullException.ThrowIfNull(choose);
        ArgumentNullException.ThrowIfNull(handler);
        Add(method, pattern, RouteHandler.Synchronous(handler, Dispatch.Worker).ChosenBy(choose));
    }

    /// <summary>Maps a handler to GET, and with it to HEAD.</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapGet(string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("GET", pattern, handler, dispatch);

    /// <inheritdoc cref="MapGet(string, RequestHandler, Dispatch)"/>
    public void MapGet(string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("GET", pattern, handler, dispatch);

    /// <inheritdoc cref="MapGet(string, RequestHandler, Dispatch)"/>
    public void MapGet(string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("GET", pattern, handler, dispatch);

    /// <summary>Maps a handler to POST.</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapPost(string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("POST", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPost(string, RequestHandler, Dispatch)"/>
    public void MapPost(string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("POST", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPost(string, RequestHandler, Dispatch)"/>
    public void MapPost(string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("POST", pattern, handler, dispatch);

    /// <summary>Maps a handler to PUT.</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapPut(string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PUT", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPut(string, RequestHandler, Dispatch)"/>
    public void MapPut(string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PUT", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPut(string, RequestHandler, Dispatch)"/>
    public void MapPut(string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PUT", pattern, handler, dispatch);

    /// <summary>Maps a handler to PATCH (RFC 5789).</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapPatch(string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PATCH", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPatch(string, RequestHandler, Dispatch)"/>
    public void MapPatch(string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PATCH", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPatch(string, RequestHandler, Dispatch)"/>
    public void MapPatch(string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PATCH", pattern, handler, dispatch);

    /// <summary>Maps a handler to DELETE.</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapDelete(string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("DELETE", pattern, handler, dispatch);

    /// <inheritdoc cref="MapDelete(string, RequestHandler, Dispatch)"/>
    public void MapDelete(string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("DELETE", pattern, handler, dispatch);

    /// <inheritdoc cref="MapDelete(string, RequestHandler, Dispatch)"/>
    public void MapDelete(string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("DELETE", pattern, handler, dispatch);

    private protected static Dispatch Checked(Dispatch dispatch) => Enum.IsDefined(dispatch)
        ? dispatch
        : throw new ArgumentOutOfRangeException(nameof(dispatch), dispatch, "There is no such Dispatch.");

    /// <summary>Nothing is mapped any more.</summary>
    internal abstract void ThrowIfStarted();

    private protected void TakeAnyMethod() => _routes.FallbackTakesAnyMethod = true;

    private protected void SetFallback(RouteHandler handler)
    {
        ThrowIfStarted();
        _routes.Fallback = handler with { Filters = _filters };
    }

    /// <summary>All that is mapped, with its filters in front. Once, at the start.</summary>
    private protected RouteMap RoutesWithFilters()
    {
        _routes.Guard(static handler => handler.WithFilters());
        return _routes;
    }

    private void Add(string method, string pattern, RouteHandler handler)
    {
        ArgumentNullException.ThrowIfNull(method);
        ThrowIfStarted();
        _routes.Add(method, Whole(pattern), handler with { Filters = _filters });
    }

    private string Whole(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return WholePrefix.Length == 0 || pattern is "" or ['/', ..]
            ? WholePrefix + pattern
            : throw new ArgumentException(
                $"The route pattern '{pattern}' in the group '{WholePrefix}' must start with a slash: write '/{pattern}' for '{WholePrefix}/{pattern}'.",
                nameof(pattern));
    }
}
