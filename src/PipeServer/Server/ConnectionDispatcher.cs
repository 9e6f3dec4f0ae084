using Microsoft.Extensions.ObjectPool;
using PipeServer.Diagnostics;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// Accepts connections, one loop per listener, and sets each one going. A connection needs a permit before it is accepted:
/// at <see cref="HttpServerOptions.MaxConnections"/> the clients wait in the system's backlog.
/// </summary>
internal sealed class ConnectionDispatcher : IDisposable
{
    // Out of descriptors, most likely: the first pause is short because one may come free any moment, the last one long
    // enough that a starved server does not also spin.
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(1);

    // In a drain: what is in the backlog gets so many tries, then the listener is closed over them.
    private const int MaxDrainFailures = 20;
    private static readonly TimeSpan DrainBackOff = TimeSpan.FromMilliseconds(25);

    private readonly ServerContext _server;
    private readonly IReadOnlyList<IConnectionListener> _listeners;
    private readonly ObjectPool<Http1Connection> _pool;
    private readonly SemaphoreSlim _permits;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _acceptLimitReached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _accepting = Task.CompletedTask;
    private long _lastId;
    private long _acceptsLeft;
    private int _limitLogged; // once in a life: at the limit it would be a line for every client

    public ConnectionDispatcher(ServerContext server, IReadOnlyList<IConnectionListener> listeners)
    {
        _server = server;
        _listeners = listeners;
        _permits = new SemaphoreSlim(server.Options.MaxConnections);
        _acceptsLeft = server.Options.AcceptLimit ?? long.MaxValue;
        // Kept for the next connections; more than this are left to the garbage collector after a peak.
        _pool = new DefaultObjectPool<Http1Connection>(new ConnectionPolicy(server), maximumRetained: 1024);
    }

    /// <summary>Completes when <see cref="HttpServerOptions.AcceptLimit"/> connections were accepted.</summary>
    public Task AcceptLimitReached => _acceptLimitReached.Task;

    public void Start() => _accepting = Task.WhenAll(_listeners.Select(AcceptLoopAsync));

    /// <summary>
    /// Accepts what has finished its handshake, then closes the listeners. Those clients are served.
    /// </summary>
    /// <remarks>Bounded by itself: the backlog is finite, and so is the number of failures.</remarks>
    public async Task StopAcceptingAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (var listener in _listeners)
        {
            listener.StopListening();
        }

        await _accepting.ConfigureAwait(false);
    }

    // The permits are not disposed of: a connection whose handler was stuck may give one back even later.
    public void Dispose() => _stopping.Dispose();

    private async Task AcceptLoopAsync(IConnectionListener listener)
    {
        try
        {
            var backOff = FirstBackOff;
            var drainFailures = 0;

            // The backlog as it was when the drain began; clients that come on and on would keep us for ever.
            var drainAcceptsLeft = _server.Options.Backlog;
            while (await TryTakePermitAsync().ConfigureAwait(false))
            {
                if (_stopping.IsCancellationRequested && (--drainAcceptsLeft < 0 || drainFailures > MaxDrainFailures))
                {
                    ReturnPermit();
                    break;
                }

                TransportConnection? transport;
                try
                {
                    transport = await listener.AcceptAsync().ConfigureAwait(false);
                }
#pragma warning disable CA1031 // Whatever went wrong with one accept, the loop must live.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    ReturnPermit();
                    Log.AcceptFailed(_server.Logger, exception.Message, backOff.TotalMilliseconds);
                    if (_stopping.IsCancellationRequested)
                    {
                        drainFailures++;
                        await Task.Delay(DrainBackOff, _server.Options.TimeProvider, CancellationToken.None).ConfigureAwait(false);
                        continue;
                    }

                    await PauseAsync(backOff).ConfigureAwait(false);
                    backOff = backOff * 2 < LongestBackOff ? backOff * 2 : LongestBackOff;
                    continue;
                }

                if (transport is null)
                {
                    ReturnPermit();
                    break;
                }

                backOff = FirstBackOff;
                Dispatch(transport);
            }
        }
#pragma warning disable CA1031 // Not to be expected; to be seen when it happens all the same.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.AcceptLoopEnded(_server.Logger, exception);
        }

        await listener.DisposeAsync().ConfigureAwait(false);
        if (Volatile.Read(ref _acceptsLeft) <= 0)
        {
            _acceptLimitReached.TrySetResult();
        }
    }

    private void Dispatch(TransportConnection transport)
    {
        var connection = _pool.Get();
        connection.Attach(transport, Interlocked.Increment(ref _lastId));
        _server.Connections.Add(connection);
        _ = RunAsync(connection);
    }

    // Not fire and forget: the manager has it, and a stop waits until the manager is empty.
    private async Task RunAsync(Http1Connection connection)
    {
        await connection.RunAsync().ConfigureAwait(false);
        var aborted = connection.WasAborted;
        _server.Connections.Remove(connection, aborted);
        if (!aborted)
        {
            // A handler may still hold on to the request of a connection that was cut off under it.
            _pool.Return(connection);
        }

        _permits.Release();
    }

    private async ValueTask<bool> TryTakePermitAsync()
    {
        if (Interlocked.Decrement(ref _acceptsLeft) < 0)
        {
            return false;
        }

        // In a drain the backlog is served beyond the limit: those clients were promised a connection.
        try
        {
            var permit = _permits.WaitAsync(_stopping.Token);
            if (!permit.IsCompleted && Interlocked.Exchange(ref _limitLogged, 1) == 0)
            {
                Log.ConnectionLimitReached(_server.Logger, _server.Options.MaxConnections);
            }

            await permit.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: go on into the backlog.
        }

        return true;
    }

    private void ReturnPermit()
    {
        Interlocked.Increment(ref _acceptsLeft);
        _permits.Release();
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _server.Options.TimeProvider, _stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: no need to wait.
        }
    }

    private sealed class ConnectionPolicy(ServerContext server) : PooledObjectPolicy<Http1Connection>
    {
        public override Http1Connection Create() => new(server);

        public override bool Return(Http1Connection obj)
        {
            obj.Detach();
            return true;
        }
    }
}
