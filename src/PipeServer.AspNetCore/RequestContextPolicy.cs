using Microsoft.Extensions.ObjectPool;

namespace PipeServer.AspNetCore;

/// <summary>Makes contexts for the pool; they are reset before they come back.</summary>
internal sealed class RequestContextPolicy<TContext>(ApplicationRunner<TContext> runner) : IPooledObjectPolicy<RequestContext<TContext>>
    where TContext : notnull
{
    public RequestContext<TContext> Create() => new(runner);

    public bool Return(RequestContext<TContext> obj) => true;
}
