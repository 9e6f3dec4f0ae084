using System.Runtime.CompilerServices;
using Microsoft.Extensions.ObjectPool;

namespace PipeServer.Server.Http1;

/// <summary>
/// The exchanges of one server. A connection has one from the bytes of a request until it waits for the next request, so that connections that
/// wait hold none. From any thread; an exchange may go back on another thread than it was rented on.
/// </summary>
/// <remarks>
/// A thread that offers bytes to read consumers has one of its own: to take it costs a look, and to give it back one write, on
/// whatever thread its request ends. Where that one is in use, behind a worker's queue or in a handler that waits, and on all other threads there is a
/// bounded pool.
/// </remarks>
internal sealed class ExchangePool(ServerContext server)
{
    // As many requests in progress at once need no new one: 2.5 MB at most, with their small buffers. More are left to the collector.
    private const int Kept = 1024;

    [ThreadStatic]
    private static Http1Exchange? _own;

    private readonly ObjectPool<Http1Exchange> _shared = new DefaultObjectPool<Http1Exchange>(new Policy(server), Kept);

    /// <summary>For a thread that offers bytes to consumers: it has one of its own from then on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Http1Exchange RentOwn() => _own is { } own && own.TryTake(server) ? own : RentInstead();

    /// <summary>For any thread.</summary>
    public Http1Exchange Rent() => _own is { } own && own.TryTake(server) ? own : _shared.Get();

    /// <summary>Takes one back that nobody uses any more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Return(Http1Exchange exchange)
    {
        if (!exchange.TryReturnToThread())
        {
            _shared.Return(exchange);
        }
    }

    // The thread has none yet, or lost it to a handler that has outlived its connection; or it is in use.
    private Http1Exchange RentInstead()
    {
        if (_own is { IsLost: false })
        {
            return _shared.Get();
        }

        var own = new Http1Exchange(server);
        own.BelongToThread();
        _own = own;
        return own;
    }

    private sealed class Policy(ServerContext server) : PooledObjectPolicy<Http1Exchange>
    {
        public override Http1Exchange Create() => new(server);

        public override bool Return(Http1Exchange obj) => true;
    }
}
