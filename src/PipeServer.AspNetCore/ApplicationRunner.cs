using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;

namespace PipeServer.AspNetCore;

/// <summary>Runs an application as the handler of all requests of a server.</summary>
internal sealed class ApplicationRunner<TContext>
    where TContext : notnull
{
    private const int MostKept = 1024;

    private readonly PipeServerOptions _options;
    private readonly long _maxBodyBytes;
    private readonly ObjectPool<RequestContext<TContext>> _contexts;

    public ApplicationRunner(IHttpApplication<TContext> application, PipeServerOptions options, ILoggerFactory loggerFactory)
    {
        _options = options;
        _maxBodyBytes = options.Server.MaxRequestBodyBytes;
        Application = application;
        AllowSynchronousIO = options.AllowSynchronousIO;
        Logger = loggerFactory.CreateLogger<HostedPipeServer>();
        ConnectionIdSeed = TimeProvider.System.GetUtcNow().Ticks;
        _contexts = new DefaultObjectPool<RequestContext<TContext>>(new RequestContextPolicy<TContext>(this), MostKept);
    }

    public IHttpApplication<TContext> Application { get; }

    public ILogger Logger { get; }

    public bool AllowSynchronousIO { get; }

    /// <summary>What connection ids begin from, so that those of two runs of the program differ.</summary>
    public long ConnectionIdSeed { get; }

    /// <summary>The bytes of small files that applications have sent.</summary>
    public SmallFiles Files { get; } = new(TimeProvider.System);

    public void MapTo(HttpServer server)
    {
        var dispatch = _options.Dispatch;
        server.MapAnything(
            request =>
            {
                if (request.ContentLength > _maxBodyBytes)
                {
                    request.MaxBodyBytes = null; // the application may allow it; if not, its first read of the body tells
                }

                return dispatch;
            },
            RunAsync);
    }

    /// <summary>Takes a context back that nobody uses any more.</summary>
    public void Return(RequestContext<TContext> context)
    {
        // The one of this thread first: threads that share a pool wait for each other's caches.
        if (ThreadContext.Last is RequestContext<TContext> other && other.Runner == this)
        {
            _contexts.Return(context);
        }
        else
        {
            ThreadContext.Last = context;
        }
    }

    private RequestContext<TContext> Take()
    {
        if (ThreadContext.Last is RequestContext<TContext> context && context.Runner == this)
        {
            ThreadContext.Last = null;
            return context;
        }

        return _contexts.Get();
    }

    private ValueTask RunAsync(HttpRequest request, HttpResponse response)
    {
        if (request.ContentLength > _maxBodyBytes)
        {
            request.MaxBodyBytes = _maxBodyBytes;
        }

        return Take().RunAsync(request, response);
    }
}
