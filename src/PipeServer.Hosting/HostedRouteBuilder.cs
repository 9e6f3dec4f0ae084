using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace PipeServer.Hosting;

/// <summary>
/// What routes are mapped on before the host is built: a <see cref="PipeServerBuilder"/>, or a <see cref="HostedRouteGroup"/> of it. It has what
/// <see cref="RouteBuilder"/> has, and handlers that take services. From one thread, before the host starts.
/// </summary>
/// <remarks>
/// What is wrong with a pattern is thrown at once, by the line that maps it. For what is not here, such as handlers of which a function chooses where
/// they run: <see cref="PipeServerBuilder.Configure"/>.
/// </remarks>
public abstract partial class HostedRouteBuilder
{
    // Takes every route first, and is never started: it knows all rules for them, and says what breaks one.
    private readonly RouteBuilder _probe;
    private readonly List<Action<RouteBuilder, IServiceScopeFactory>> _steps = [];

    private protected HostedRouteBuilder(IServiceCollection services, HttpServer probe) => (Services, _probe) = (services, probe);

    private protected HostedRouteBuilder(HostedRouteBuilder outer, RouteGroup probe) => (Services, _probe) = (outer.Services, probe);

    /// <summary>The services of the host to be built.</summary>
    public IServiceCollection Services { get; }

    /// <summary>
    /// Begins a group of routes: their patterns begin with its prefix, and its filters stand in front of them, behind those of this server or group.
    /// </summary>
    /// <param name="prefix">As in <see cref="RouteBuilder.MapGroup"/>.</param>
    /// <exception cref="ArgumentException">The prefix is malformed; the message names the whole of it.</exception>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    public HostedRouteGroup MapGroup(string prefix)
    {
        ThrowIfStarted();
        var group = new HostedRouteGroup(this, _probe.MapGroup(prefix));
        _steps.Add((routes, scopes) => group.MapOn(routes.MapGroup(prefix), scopes));
        return group;
    }

    /// <summary>Puts a filter in front of every handler that is mapped here and in groups of this one, before this call or after it.</summary>
    /// <param name="filter">As in <see cref="RouteBuilder.AddFilter(RequestFilter)"/>.</param>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    [OverloadResolutionPriority(1)]
    public void AddFilter(RequestFilter filter) => Add((routes, _) => routes.AddFilter(filter));

    /// <inheritdoc cref="AddFilter(RequestFilter)"/>
    public void AddFilter(Func<HttpRequest, HttpResponse, RequestHandler, Task> filter) => Add((routes, _) => routes.AddFilter(filter));

    /// <summary>Maps a handler to a method and a path pattern.</summary>
    /// <param name="method">Any method token but CONNECT and TRACE. GET also answers HEAD unless HEAD is mapped; OPTIONS answers itself.</param>
    /// <param name="pattern">As in <see cref="RouteBuilder.Map(string, string, RequestHandler, Dispatch)"/>: <c>/users/{id}</c>, <c>/files/{*rest}</c>.</param>
    /// <param name="handler">What answers.</param>
    /// <param name="dispatch">Where the handler runs.</param>
    /// <exception cref="ArgumentException">The method or the pattern is malformed.</exception>
    /// <exception cref="InvalidOperationException">The route is mapped already, or the server has been started.</exception>
    [OverloadResolutionPriority(1)]
    public void Map(string method, string pattern, RequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Add((routes, _) => routes.Map(method, pattern, handler, dispatch));

    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    public void Map(string method, string pattern, Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Add((routes, _) => routes.Map(method, pattern, handler, dispatch));

    /// <summary>Maps a handler to a method and a path pattern, and declares it synchronous: it has answered when it returns.</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    public void Map(string method, string pattern, Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Add((routes, _) => routes.Map(method, pattern, handler, dispatch));

    /// <summary>Maps a handler that takes the services of a scope, which lives as long as it is at work.</summary>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void Map(string method, string pattern, ScopedRequestHandler handler, Dispatch dispatch = Dispatch.Worker)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add((routes, scopes) => routes.Map(method, pattern, ScopedHandlers.InScope(scopes, handler), dispatch));
    }

    /// <inheritdoc cref="Map(string, string, ScopedRequestHandler, Dispatch)"/>
    public void Map(string method, string pattern, Func<HttpRequest, HttpResponse, IServiceProvider, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map(method, pattern, ScopedHandlers.FromTask(handler), dispatch);

    /// <inheritdoc cref="Map(string, string, ScopedRequestHandler, Dispatch)"/>
    public void Map(string method, string pattern, Action<HttpRequest, HttpResponse, IServiceProvider> handler, Dispatch dispatch = Dispatch.Worker) =>
        Map(method, pattern, ScopedHandlers.Synchronous(handler), dispatch);

    /// <summary>Maps a class that answers: for each request it is resolved from a scope, which lives as long as the handler is at work.</summary>
    /// <typeparam name="THandler">The class; registered as a scoped service, unless the program has registered it before.</typeparam>
    /// <param name="method">As in the other overloads.</param>
    /// <param name="pattern">As in the other overloads.</param>
    /// <param name="dispatch">Where the handler runs. Its constructor runs there too.</param>
    /// <inheritdoc cref="Map(string, string, RequestHandler, Dispatch)" path="/exception"/>
    public void Map<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string method, string pattern, Dispatch dispatch = Dispatch.Worker)
        where THandler : class, IRequestHandler
    {
        Map(method, pattern, ScopedHandlers.OfClass<THandler>(), dispatch);
        Services.TryAddScoped<THandler>();
    }

    /// <summary>Maps all of it on a server, or on a group of one.</summary>
    internal void MapOn(RouteBuilder routes, IServiceScopeFactory scopes) => _steps.ForEach(step => step(routes, scopes));

    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    internal void CheckNotStarted() => ThrowIfStarted();

    /// <summary>Nothing is mapped any more.</summary>
    private protected abstract void ThrowIfStarted();

    // The probe runs no handler, so it needs no scopes.
    private protected void Add(Action<RouteBuilder, IServiceScopeFactory> step)
    {
        ThrowIfStarted();
        step(_probe, null!);
        _steps.Add(step);
    }
}
