using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace PipeServer.Hosting;

/// <content>The methods that name their verb.</content>
public abstract partial class HostedRouteBuilder
{
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

    /// <summary>Maps a handler with the services of a scope to GET, and with it to HEAD.</summary>
    /// <inheritdoc cref="Map(string, string, ScopedRequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapGet(string pattern, ScopedRequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("GET", pattern, handler, dispatch);

    /// <inheritdoc cref="MapGet(string, ScopedRequestHandler, Dispatch)"/>
    public void MapGet(string pattern, Func<HttpRequest, HttpResponse, IServiceProvider, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("GET", pattern, handler, dispatch);

    /// <inheritdoc cref="MapGet(string, ScopedRequestHandler, Dispatch)"/>
    public void MapGet(string pattern, Action<HttpRequest, HttpResponse, IServiceProvider> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("GET", pattern, handler, dispatch);

    /// <summary>Maps a class to GET, and with it to HEAD.</summary>
    /// <inheritdoc cref="Map{THandler}(string, string, Dispatch)"/>
    public void MapGet<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string pattern, Dispatch dispatch = Dispatch.Worker)
        where THandler : class, IRequestHandler => Map<THandler>("GET", pattern, dispatch);

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

    /// <summary>Maps a handler with the services of a scope to POST.</summary>
    /// <inheritdoc cref="Map(string, string, ScopedRequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapPost(string pattern, ScopedRequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("POST", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPost(string, ScopedRequestHandler, Dispatch)"/>
    public void MapPost(string pattern, Func<HttpRequest, HttpResponse, IServiceProvider, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("POST", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPost(string, ScopedRequestHandler, Dispatch)"/>
    public void MapPost(string pattern, Action<HttpRequest, HttpResponse, IServiceProvider> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("POST", pattern, handler, dispatch);

    /// <summary>Maps a class to POST.</summary>
    /// <inheritdoc cref="Map{THandler}(string, string, Dispatch)"/>
    public void MapPost<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string pattern, Dispatch dispatch = Dispatch.Worker)
        where THandler : class, IRequestHandler => Map<THandler>("POST", pattern, dispatch);

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

    /// <summary>Maps a handler with the services of a scope to PUT.</summary>
    /// <inheritdoc cref="Map(string, string, ScopedRequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapPut(string pattern, ScopedRequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PUT", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPut(string, ScopedRequestHandler, Dispatch)"/>
    public void MapPut(string pattern, Func<HttpRequest, HttpResponse, IServiceProvider, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PUT", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPut(string, ScopedRequestHandler, Dispatch)"/>
    public void MapPut(string pattern, Action<HttpRequest, HttpResponse, IServiceProvider> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PUT", pattern, handler, dispatch);

    /// <summary>Maps a class to PUT.</summary>
    /// <inheritdoc cref="Map{THandler}(string, string, Dispatch)"/>
    public void MapPut<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string pattern, Dispatch dispatch = Dispatch.Worker)
        where THandler : class, IRequestHandler => Map<THandler>("PUT", pattern, dispatch);

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

    /// <summary>Maps a handler with the services of a scope to PATCH (RFC 5789).</summary>
    /// <inheritdoc cref="Map(string, string, ScopedRequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapPatch(string pattern, ScopedRequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PATCH", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPatch(string, ScopedRequestHandler, Dispatch)"/>
    public void MapPatch(string pattern, Func<HttpRequest, HttpResponse, IServiceProvider, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PATCH", pattern, handler, dispatch);

    /// <inheritdoc cref="MapPatch(string, ScopedRequestHandler, Dispatch)"/>
    public void MapPatch(string pattern, Action<HttpRequest, HttpResponse, IServiceProvider> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("PATCH", pattern, handler, dispatch);

    /// <summary>Maps a class to PATCH (RFC 5789).</summary>
    /// <inheritdoc cref="Map{THandler}(string, string, Dispatch)"/>
    public void MapPatch<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string pattern, Dispatch dispatch = Dispatch.Worker)
        where THandler : class, IRequestHandler => Map<THandler>("PATCH", pattern, dispatch);

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

    /// <summary>Maps a handler with the services of a scope to DELETE.</summary>
    /// <inheritdoc cref="Map(string, string, ScopedRequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapDelete(string pattern, ScopedRequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("DELETE", pattern, handler, dispatch);

    /// <inheritdoc cref="MapDelete(string, ScopedRequestHandler, Dispatch)"/>
    public void MapDelete(string pattern, Func<HttpRequest, HttpResponse, IServiceProvider, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("DELETE", pattern, handler, dispatch);

    /// <inheritdoc cref="MapDelete(string, ScopedRequestHandler, Dispatch)"/>
    public void MapDelete(string pattern, Action<HttpRequest, HttpResponse, IServiceProvider> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map("DELETE", pattern, handler, dispatch);

    /// <summary>Maps a class to DELETE.</summary>
    /// <inheritdoc cref="Map{THandler}(string, string, Dispatch)"/>
    public void MapDelete<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string pattern, Dispatch dispatch = Dispatch.Worker)
        where THandler : class, IRequestHandler => Map<THandler>("DELETE", pattern, dispatch);
}
