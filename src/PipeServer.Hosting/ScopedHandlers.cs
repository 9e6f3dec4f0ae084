using Microsoft.Extensions.DependencyInjection;

namespace PipeServer.Hosting;

/// <summary>Handlers that take services, as those that the server knows.</summary>
internal static class ScopedHandlers
{
    /// <summary>Gives each request a scope of its own.</summary>
    public static RequestHandler InScope(IServiceScopeFactory scopes, ScopedRequestHandler handler) => async (request, response) =>
    {
        var scope = scopes.CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
        {
            await handler(request, response, scope.ServiceProvider).ConfigureAwait(false);
        }
    };

    /// <summary>A class, resolved anew for each request.</summary>
    public static ScopedRequestHandler OfClass<THandler>()
        where THandler : class, IRequestHandler =>
        static (request, response, services) => services.GetRequiredService<THandler>().HandleAsync(request, response);

    public static ScopedRequestHandler FromTask(Func<HttpRequest, HttpResponse, IServiceProvider, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return (request, response, services) => new ValueTask(handler(request, response, services));
    }

    public static ScopedRequestHandler Synchronous(Action<HttpRequest, HttpResponse, IServiceProvider> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return (request, response, services) =>
        {
            handler(request, response, services);
            return ValueTask.CompletedTask;
        };
    }
}
