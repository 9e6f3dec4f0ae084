using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace AspNetApp;

/// <summary>The orders of this process, and who watches them come. Thread-safe; a database and a message queue in a real shop.</summary>
internal sealed class OrderBook
{
    private const int MaxOrders = 10_000;
    private const int MaxUnseen = 100;

    private readonly ConcurrentDictionary<int, Order> _orders = [];
    private readonly ConcurrentDictionary<Channel<Order>, bool> _watchers = [];
    private int _lastId;

    /// <summary>All orders, by their ids.</summary>
    public IEnumerable<Order> All => _orders.Values.OrderBy(static order => order.Id);

    /// <summary>An order, or null.</summary>
    public Order? Find(int id) => _orders.GetValueOrDefault(id);

    /// <summary>Places an order, and tells who watches; the oldest one goes where there are too many.</summary>
    public Order Place(OrderRequest request)
    {
        var order = new Order(Interlocked.Increment(ref _lastId), request.Article, request.Count);
        _orders[order.Id] = order;
        _orders.TryRemove(order.Id - MaxOrders, out _);
        foreach (var watcher in _watchers.Keys)
        {
            watcher.Writer.TryWrite(order);
        }

        return order;
    }

    /// <summary>The orders that come from now on; who reads slowly misses the oldest of more than a hundred.</summary>
    public async IAsyncEnumerable<Order> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watcher = Channel.CreateBounded<Order>(new BoundedChannelOptions(MaxUnseen) { FullMode = BoundedChannelFullMode.DropOldest });
        _watchers[watcher] = true;
        try
        {
            await foreach (var order in watcher.Reader.ReadAllAsync(cancellationToken))
            {
                yield return order;
            }
        }
        finally
        {
            _watchers.TryRemove(watcher, out _);
        }
    }
}
