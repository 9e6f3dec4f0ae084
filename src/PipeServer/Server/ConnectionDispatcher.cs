using System.Net;
using PipeServer.Diagnostics;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// Accepts connections, one loop per listener, and sets each one going. A connection needs a permit: at
/// <see cref="HttpServerOptions.MaxConnections"/> a client is accepted only to be answered with 503, or waits in the system's backlog.
/// </summary>
#pragma warning disable CA1001 // The source holds nothing, and a stuck handler may need them even later.
internal sealed class ConnectionDispatcher
#pragma warning restore CA1001
{
    // The process is most likely out of descriptors: the first pause is short because one may come free any moment, the last one long
    // enough that a starved server does not also spin.
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(1);

    private readonly ServerContext _server;
    private readonly IReadOnlyList<BoundListener> _listeners;
    private readonly Permits _permits;
    private readonly RefusedClients _refusedClients;
    private readonly AddressQuota _addressQuota;
    private readonly Admissions _admissions;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _acceptLimitReached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _hasFailed; // it is told once, by the first of the loops that end
    private Task _accepting = Task.CompletedTask;
    private long _lastId;
    private long _acceptsLeft;
    private long _failures;
    private int _limitLogged; // once per server: at the limit every client would cause a line

    public ConnectionDispatcher(ServerContext server, IReadOnlyList<BoundListener> listeners)
    {
        _server = server;
        _listeners = listeners;
        _permits = new Permits(server.Options.MaxConnections);
        _refusedClients = new RefusedClients(server);
        _addressQuota = new AddressQuota(server.Options.MaxConnectionsPerAddress);
        _admissions = new Admissions(server.Connections, _permits, _addressQuota);
        _acceptsLeft = server.Options.AcceptLimit ?? long.MaxValue;
    }

    /// <summary>How many accepts have failed, most likely because no descriptor was left.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Completes when <see cref="HttpServerOptions.AcceptLimit"/> connections were accepted.</summary>
    public Task AcceptLimitReached => _acceptLimitReached.Task;

    /// <summary>Completes when a listener has ended though nobody has stopped it.</summary>
    public Task Failed => _failed.Task;

    private bool IsAcceptLimitReached => Volatile.Read(ref _acceptsLeft) <= 0;

    /// <summary>Accepts from now on, and warms up behind that: see <see cref="WarmUp"/>.</summary>
    public void Start()
    {
        _accepting = Task.WhenAll(_listeners.SelectMany(AcceptLoops));
        WarmUp.Run(_listeners, _server.Logger);
    }

    /// <summary>
    /// Takes the limits of connections from the options in force. Where more are open than that, further clients are refused, or wait, until there
    /// are fewer.
    /// </summary>
    public void Reload()
    {
        var options = _server.Options;
        _permits.Resize(options.MaxConnections);
        _refusedClients.Resize(options.MaxConnections);
        Volatile.Write(ref _limitLogged, 0);
        if (!_addressQuota.Change(options.MaxConnectionsPerAddress))
        {
            return;
        }

        foreach (var connection in _server.Connections.Live())
        {
            if (connection.IsAdmitted)
            {
                connection.CountBy(_addressQuota);
            }
        }
    }

    /// <summary>Closes the listeners at once, on this thread; who has not been accepted by then is turned away by the system.</summary>
    public void StopAcceptingHere()
    {
        _stopping.Cancel();
        foreach (var bound in _listeners)
        {
#pragma warning disable CA2012 // Nobody waits: those of the epoll transport close where they are told to.
            _ = bound.Listener.DisposeAsync();
#pragma warning restore CA2012
        }
    }

    /// <summary>
    /// Accepts what has finished its handshake, then closes the listeners. Those clients are served.
    /// </summary>
    /// <remarks>This ends without a time limit: the backlog is finite, and so is the number of failures.</remarks>
    public async Task StopAcceptingAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_listeners.Select(static bound => bound.Listener.StopListeningAsync().AsTask())).ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
    }

    // Where clients wait for room one loop accepts: each would take a client out of the system's queue and keep it waiting.
    private IEnumerable<Task> AcceptLoops(BoundListener bound) =>
        bound.Listener is ISharedListener { Siblings: var siblings } && _server.Options.Overload != OverloadPolicy.Wait
            ? siblings.Select(listener => AcceptLoopAsync(bound, listener))
            : [AcceptLoopAsync(bound, bound.Listener)];

    private async Task AcceptLoopAsync(BoundListener bound, IConnectionListener listener)
    {
        var backOff = FirstBackOff;
        var drainFailures = 0;

        // The queue as it was when the drain began, and as much again that got in meanwhile: where the listener cannot turn clients away,
        // a stream of new ones would keep the loop running for ever.
        var drainAcceptsLeft = 2 * (_server.Options.Backlog + 1L);
        while (!IsAcceptLimitReached
            && !(_stopping.IsCancellationRequested && (drainAcceptsLeft <= 0 || drainFailures > DrainRules.MaxAcceptFailures)))
        {
            try
            {
                var transport = await listener.AcceptAsync().ConfigureAwait(false);
                if (transport is null)
                {
                    if (!_stopping.IsCancellationRequested && !IsAcceptLimitReached)
                    {
                        // The listener ended by a fault of its transport: a server that accepts nothing must not look alive.
                        if (Interlocked.Exchange(ref _hasFailed, 1) == 0)
                        {
                            Log.AcceptLoopEnded(_server.Logger);
                            _failed.TrySetResult();
                        }
                    }

                    break;
                }

                backOff = FirstBackOff;
                drainAcceptsLeft -= _stopping.IsCancellationRequested ? 1 : 0;
                if (Interlocked.Decrement(ref _acceptsLeft) < 0)
                {
                    // Another listener has got the last one that was wanted: this client is one of the backlog that is closed with its listener.
                    transport.Abort();
                    await transport.DisposeAsync().ConfigureAwait(false);
                    break;
                }

                // After the accept: a loop that waited with a permit in its hand would keep it from the other listeners.
                Dispatch(transport, bound, await WaitForRoomAsync().ConfigureAwait(false));
                continue;
            }
#pragma warning disable CA1031 // Whatever went wrong with one accept, the loop must live.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.AcceptFailed(_server.Logger, exception.Message, backOff.TotalMilliseconds);
            }

            Interlocked.Increment(ref _failures);
            if (_stopping.IsCancellationRequested)
            {
                drainFailures++;
                await Task.Delay(DrainRules.AcceptBackOff, _server.Options.TimeProvider, CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                await PauseAsync(backOff).ConfigureAwait(false);
                backOff = backOff * 2 < LongestBackOff ? backOff * 2 : LongestBackOff;
            }
        }

        await listener.DisposeAsync().ConfigureAwait(false);
        if (IsAcceptLimitReached)
        {
            foreach (var other in _listeners)
            {
                await other.Listener.DisposeAsync().ConfigureAwait(false);
            }

            _acceptLimitReached.TrySetResult();
        }
    }

    private void Dispatch(TransportConnection transport, BoundListener bound, bool hasPermit)
    {
        var id = Interlocked.Increment(ref _lastId);
        hasPermit = hasPermit || TryTakePermit();
        if (bound.Filters.Count == 0)
        {
            try
            {
                Admit(transport, id, bound.Protocol, hasPermit);
            }
            catch
            {
                // Most likely there is no memory for one more. The permit of a client that nobody serves would be missing for ever.
                GiveBack(hasPermit, hasPlace: false);
                _ = DropAsync(transport);
                throw;
            }
        }
        else
        {
            _ = FilterAsync(transport, id, bound, hasPermit);
        }
    }

    private void GiveBack(bool hasPermit, bool hasPlace)
    {
        if (hasPermit)
        {
            _permits.Return();
        }
        else if (hasPlace)
        {
            _refusedClients.ReturnPlace();
        }
    }

    private async Task DropAsync(TransportConnection transport)
    {
        try
        {
            transport.Abort();
            await transport.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // What has kept it from being served is told already.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.ConnectionAborted(_server.Logger, 0, exception.Message);
        }
    }

    // Only behind the filters is it known which client this is, and how it can be refused. A connection without a permit needs a place
    // among the refused ones before that, or connections in the filters would have no limit.
    private async Task FilterAsync(TransportConnection transport, long id, BoundListener bound, bool hasPermit)
    {
        var isStopping = _stopping.IsCancellationRequested;
        var hasPlace = !hasPermit && !isStopping && _refusedClients.TryTakePlace();
        FilteringConnection? filtering = null;
        try
        {
            filtering = new FilteringConnection(_server, hasPermit || hasPlace || isStopping ? bound.Filters : null, bound.Protocol, _refusedClients)
            {
                HasNoPermit = !hasPermit && !isStopping,
            };
            filtering.Attach(transport, id);
            _server.Connections.Add(filtering);
            await filtering.RunAsync().ConfigureAwait(false);
            if (filtering.Filtered is { } filtered)
            {
                if (hasPlace && TryTakePermit())
                {
                    _refusedClients.ReturnPlace();
                    (hasPermit, hasPlace) = (true, false);
                }

                transport = filtered;
                Admit(filtered, id, filtering.Protocol, hasPermit, hasPlace, filtering);
                return;
            }
        }
#pragma warning disable CA1031 // Nobody awaits this: as in Dispatch, and the line that the accept loop writes there.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.ConnectionFaulted(_server.Logger, id, exception);
            GiveBack(hasPermit, hasPlace);
            (hasPermit, hasPlace) = (false, false);
            await DropAsync(transport).ConfigureAwait(false);
        }

        GiveBack(hasPermit, hasPlace);
        if (filtering is not null)
        {
            _server.Connections.Remove(filtering);
        }
    }

    private bool TryTakePermit() => _permits.TryTake();

    // Serves a connection, or refuses it; where something is thrown, neither has begun, and what it has is still the caller's. In a drain the
    // backlog is served beyond the limit: those clients have connected in good faith.
    private void Admit(
        TransportConnection transport, long id, IProtocol protocol, bool hasPermit, bool hasPlace = false, Connection? predecessor = null)
    {
        var address = _addressQuota.IsCounting ? (transport.RemoteEndPoint as IPEndPoint)?.Address : null;
        var isOneTooMany = !hasPermit && !_stopping.IsCancellationRequested;
        if (isOneTooMany)
        {
            LogLimitOnce();
        }

        if (isOneTooMany || (address is not null && !_addressQuota.TryTake(address)))
        {
            _refusedClients.Refuse(transport, id, protocol, hasPlace, predecessor);
            if (hasPermit)
            {
                _permits.Return();
            }

            return;
        }

        Connection connection;
        Admission admission;
        try
        {
            admission = _admissions.Of(protocol, hasPermit);
            connection = protocol.Rent();
            connection.CountFor(address); // before it has an address of its own, by which a reload that still knows the object would count it again
            connection.Attach(transport, id);
            if (predecessor is FilteringConnection { IsHeadLate: true })
            {
                connection.Deadlines.SetReadAt(_server.Heartbeat.Now);
            }

            _server.Connections.Add(connection, predecessor);
        }
        catch
        {
            if (address is not null)
            {
                _addressQuota.Return(address);
            }

            throw;
        }

        if (address is null && _addressQuota.IsCounting)
        {
            connection.CountBy(_addressQuota); // its address has none, or a reload has just begun to count
        }

        _ = connection.RunAsync(admission); // not forgotten: a stop waits until the manager is empty
    }

    // Waits for a permit, where clients are to wait. True with a permit; in a drain there may be none.
    private async ValueTask<bool> WaitForRoomAsync()
    {
        try
        {
            if (_server.Options.Overload != OverloadPolicy.Wait)
            {
                return false;
            }

            var permit = _permits.TakeAsync(_stopping.Token);
            if (!permit.IsCompleted)
            {
                LogLimitOnce();
            }

            await permit.ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false; // stopping: the client is served without one
        }
    }

    private void LogLimitOnce()
    {
        if (Interlocked.Exchange(ref _limitLogged, 1) == 0)
        {
            Log.ConnectionLimitReached(
                _server.Logger,
                _server.Options.MaxConnections,
                _server.Options.Overload == OverloadPolicy.Reject ? "further clients are told 503" : "further clients wait in the backlog");
        }
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
}
