using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace PipeServer.Hosting;

/// <summary>
/// What the host's server answers, as <see cref="PipeServerServiceCollectionExtensions"/> hands it out. From one thread, before the host starts.
/// </summary>
public sealed class PipeServerBuilder : HostedRouteBuilder
{
    private readonly List<Action<IServiceProvider, HttpServer>> _configurations = [];
    private bool _isStarted;

    internal PipeServerBuilder(IServiceCollection services)
        : base(services, new HttpServer())
    {
    }

    /// <summary>
    /// Does anything else with the server, with the services of the host: static files, handlers that are made of a singleton, handlers that choose
    /// where they run.
    /// </summary>
    /// <param name="configure">
    /// Is called when the host starts, once, after everything that is mapped by this builder, and before the server listens. What it throws fails the
    /// host's start.
    /// </param>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    public void Configure(Action<IServiceProvider, HttpServer> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        ThrowIfStarted();
        _configurations.Add(configure);
    }

    /// <summary>
    /// Maps GET of a path to the host's health checks: 200 where all are healthy or degraded, 503 where one is not; the body is the status and a line
    /// feed: <c>Healthy</c>, <c>Degraded</c>, <c>Unhealthy</c>. Without a check it is healthy.
    /// </summary>
    /// <param name="pattern">The path: <c>/healthz/ready</c>. Leave <see cref="HttpServerOptions.HealthChecks"/> off for the same one.</param>
    /// <param name="predicate">Which checks are made, for one by their tags; null for all of them.</param>
    /// <param name="failsWhileDraining">
    /// While the server stops the answer is 503 and <c>draining</c>, without a check, so that no new clients are sent here: right for readiness.
    /// False for liveness, which ends with the process.
    /// </param>
    /// <remarks>
    /// The checks are those of <c>services.AddHealthChecks()</c>, made anew for each request, on the thread pool: they are made while every worker is
    /// blocked. They are cancelled where the client has gone. No cache may keep the answer.
    /// </remarks>
    /// <exception cref="ArgumentException">The pattern is malformed.</exception>
    /// <exception cref="InvalidOperationException">The route is mapped already, or the server has been started.</exception>
    public void MapHealthChecks(string pattern, Func<HealthCheckRegistration, bool>? predicate = null, bool failsWhileDraining = true)
    {
        MapGet(pattern, HealthCheckHandler.Create(predicate, failsWhileDraining), Dispatch.ThreadPool);
        Services.AddHealthChecks();
    }

    /// <summary>Maps the handler of every path that no route has, whatever the (known) method. Without it those requests get 404.</summary>
    /// <param name="handler">What answers. Only the server's own filters stand in front of it.</param>
    /// <param name="dispatch">Where the handler runs.</param>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    [OverloadResolutionPriority(1)]
    public void MapFallback(RequestHandler handler, Dispatch dispatch = Dispatch.Worker) =>
        Add((routes, _) => ((HttpServer)routes).MapFallback(handler, dispatch));

    /// <inheritdoc cref="MapFallback(RequestHandler, Dispatch)"/>
    public void MapFallback(Func<HttpRequest, HttpResponse, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        Add((routes, _) => ((HttpServer)routes).MapFallback(handler, dispatch));

    /// <inheritdoc cref="MapFallback(RequestHandler, Dispatch)"/>
    public void MapFallback(Action<HttpRequest, HttpResponse> handler, Dispatch dispatch = Dispatch.Worker) =>
        Add((routes, _) => ((HttpServer)routes).MapFallback(handler, dispatch));

    /// <summary>Maps the handler of every path that no route has, with the services of a scope, which lives as long as it is at work.</summary>
    /// <inheritdoc cref="MapFallback(RequestHandler, Dispatch)"/>
    [OverloadResolutionPriority(1)]
    public void MapFallback(ScopedRequestHandler handler, Dispatch dispatch = Dispatch.Worker)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add((routes, scopes) => ((HttpServer)routes).MapFallback(ScopedHandlers.InScope(scopes, handler), dispatch));
    }

    /// <inheritdoc cref="MapFallback(ScopedRequestHandler, Dispatch)"/>
    public void MapFallback(Func<HttpRequest, HttpResponse, IServiceProvider, Task> handler, Dispatch dispatch = Dispatch.Worker) =>
        MapFallback(ScopedHandlers.FromTask(handler), dispatch);

    /// <inheritdoc cref="MapFallback(ScopedRequestHandler, Dispatch)"/>
    public void MapFallback(Action<HttpRequest, HttpResponse, IServiceProvider> handler, Dispatch dispatch = Dispatch.Worker) =>
        MapFallback(ScopedHandlers.Synchronous(handler), dispatch);

    /// <summary>Maps the class that answers every path that no route has.</summary>
    /// <typeparam name="THandler">As in <see cref="HostedRouteBuilder.Map{THandler}(string, string, Dispatch)"/>.</typeparam>
    /// <param name="dispatch">Where the handler runs.</param>
    /// <exception cref="InvalidOperationException">The server has been started.</exception>
    public void MapFallback<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(Dispatch dispatch = Dispatch.Worker)
        where THandler : class, IRequestHandler
    {
        MapFallback(ScopedHandlers.OfClass<THandler>(), dispatch);
        Services.TryAddScoped<THandler>();
    }

    /// <summary>Maps everything on the server that the host has made; from then on nothing more is taken.</summary>
    internal void MapOn(HttpServer server, IServiceProvider services)
    {
        _isStarted = true;
        MapOn(server, services.GetRequiredService<IServiceScopeFactory>());
        _configurations.ForEach(configure => configure(services, server));
    }

    private protected override void ThrowIfStarted()
    {
        if (_isStarted)
        {
            throw new InvalidOperationException("The host has started its server: routes and filters are mapped before, on what AddPipeServer returns.");
        }
    }
}
