using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Server.Http1;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// Accepts connections, one loop per listener, and sets each one going. A connection needs a permit: at
/// <see cref="HttpServerOptions.MaxConnections"/> a client is accepted only to be told 503, or waits in the system's backlog.
/// </summary>
#pragma warning disable CA1001 // Neither the source nor the permits hold anything, and a stuck handler may need them even later.
internal sealed class ConnectionDispatcher
#pragma warning restore CA1001
{
    // Out of descriptors, most likely: the first pause is short because one may come free any moment, the last one long
    // enough that a starved server does not also spin.
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(1);

    /// <summary>
    /// For so many connections there is one place, at most <see cref="MaxRefusals"/>, to wait until a client that was told that
    /// there are too many has closed its side. They need descriptors too.
    /// </summary>
    public const int ConnectionsPerRefusal = 8;

    // Arbitrary: a client closes after a round trip, so these are thousands a second.
    private const int MaxRefusals = 64;

    // How long a client that was told no may take to close its side.
    private static readonly TimeSpan RefusalLinger = TimeSpan.FromSeconds(1);

    private readonly ServerContext _server;
    private readonly IReadOnlyList<IConnectionListener> _listeners;
    private readonly ObjectPool<Http1Connection> _pool;
    private readonly SemaphoreSlim _permits;
    private readonly SemaphoreSlim _refusals; // places to wait for clients that were told no
    private readonly Dictionary<IPAddress, int>? _perAddress; // locked on itself
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _acceptLimitReached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _accepting = Task.CompletedTask;
    private long _lastId;
    private long _acceptsLeft;
    private long _failures;
    private int _limitLogged; // once in a life: at the limit it would be a line for every client

    public ConnectionDispatcher(ServerContext server, IReadOnlyList<IConnectionListener> listeners)
    {
        _server = server;
        _listeners = listeners;
        _permits = new SemaphoreSlim(server.Options.MaxConnections);
        _refusals = new SemaphoreSlim(Math.Clamp(server.Options.MaxConnections / ConnectionsPerRefusal, 1, MaxRefusals));
        _perAddress = server.Options.MaxConnectionsPerAddress is null ? null : [];
        _acceptsLeft = server.Options.AcceptLimit ?? long.MaxValue;
        // Kept for the next connections; more than this are left to the garbage collector after a peak.
        _pool = new DefaultObjectPool<Http1Connection>(new ConnectionPolicy(server), maximumRetained: 1024);
    }

    /// <summary>How many accepts have failed, for want of descriptors most likely.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Completes when <see cref="HttpServerOptions.AcceptLimit"/> connections were accepted.</summary>
    public Task AcceptLimitReached => _acceptLimitReached.Task;

    /// <summary>Completes when a listener has ended though nobody has stopped it.</summary>
    public Task Failed => _failed.Task;

    /// <summary>
    /// Goes once through what is needed when descriptors run out: code that is loaded for the first time then needs files
    /// itself, and the runtime ends the process when it cannot open them.
    /// </summary>
    public void WarmUp()
    {
        var output = new ArrayBufferWriter<byte>();
        WriteRefusal(output);
        foreach (var error in Enum.GetValues<RequestError>())
        {
            output.Write(RequestErrors.Body(error));
        }

        try
        {
            throw new IOException("Too many open files");
        }
        catch (IOException exception)
        {
            _ = exception.ToString();
        }
    }

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

    private async Task AcceptLoopAsync(IConnectionListener listener)
    {
        var backOff = FirstBackOff;
        var drainFailures = 0;

        // The backlog as it was when the drain began; clients that come on and on would keep us for ever.
        var drainAcceptsLeft = _server.Options.Backlog;
        while (Interlocked.Decrement(ref _acceptsLeft) >= 0)
        {
            var hasPermit = await WaitForRoomAsync().ConfigureAwait(false);
            if (_stopping.IsCancellationRequested && (--drainAcceptsLeft < 0 || drainFailures > DrainRules.MaxAcceptFailures))
            {
                ReturnPermit(hasPermit);
                break;
            }

            try
            {
                var transport = await listener.AcceptAsync().ConfigureAwait(false);
                if (transport is null)
                {
                    ReturnPermit(hasPermit);
                    if (!_stopping.IsCancellationRequested)
                    {
                        // The listener is gone, by a fault of its transport: a server without ears must not look alive.
                        Log.AcceptLoopEnded(_server.Logger);
                        _failed.TrySetResult();
                    }

                    break;
                }

                backOff = FirstBackOff;
                Dispatch(transport, hasPermit);
                continue;
            }
#pragma warning disable CA1031 // Whatever went wrong with one accept, the loop must live.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                ReturnPermit(hasPermit);
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
        if (Volatile.Read(ref _acceptsLeft) <= 0)
        {
            _acceptLimitReached.TrySetResult();
        }
    }

    // Admits a connection, or tells it no. In a drain the backlog is served beyond the limit: those clients were promised one.
    private void Dispatch(TransportConnection transport, bool hasPermit)
    {
        hasPermit = hasPermit || _permits.Wait(0, CancellationToken.None);
        var address = _perAddress is null ? null : (transport.RemoteEndPoint as IPEndPoint)?.Address;
        var isOneTooMany = !hasPermit && !_stopping.IsCancellationRequested;
        if (isOneTooMany)
        {
            LogLimitOnce();
        }

        if (isOneTooMany || (address is not null && !TryCount(address)))
        {
            if (hasPermit)
            {
                _permits.Release();
            }

            _server.Connections.BeginRefusal();
            _ = RefuseAsync(transport, mayLinger: _refusals.Wait(0, CancellationToken.None));
            return;
        }

        var connection = _pool.Get();
        connection.Attach(transport, Interlocked.Increment(ref _lastId));
        _server.Connections.Add(connection);
        _ = RunAsync(connection, address, hasPermit);
    }

    // Not fire and forget: the manager has it, and a stop waits until the manager is empty.
    private async Task RunAsync(Http1Connection connection, IPAddress? address, bool hasPermit)
    {
        await connection.RunAsync().ConfigureAwait(false);
        var aborted = connection.WasAborted;
        _server.Connections.Remove(connection, aborted);
        if (!aborted)
        {
            // A handler may still hold on to the request of a connection that was cut off under it.
            _pool.Return(connection);
        }

        if (address is not null)
        {
            Uncount(address);
        }

        if (hasPermit)
        {
            _permits.Release();
        }
    }

    // 503 before anything is read; then the polite end, because a reset for the unread request would take the answer with it.
    private async Task RefuseAsync(TransportConnection transport, bool mayLinger)
    {
        try
        {
            WriteRefusal(transport.Output);
            await transport.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            await transport.ShutdownOutputAsync().ConfigureAwait(false);
            if (mayLinger)
            {
                await LingerAsync(transport.Input).ConfigureAwait(false);
            }
            else if (transport.Input.TryRead(out var read))
            {
                // All places are taken: what has come is read, so that the close is none with unread bytes, a reset.
                transport.Input.AdvanceTo(read.Buffer.End);
            }
        }
#pragma warning disable CA1031 // Gone before it was told: nobody is the worse for it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.ConnectionAborted(_server.Logger, 0, exception.Message);
        }

        await transport.DisposeAsync().ConfigureAwait(false);
        if (mayLinger)
        {
            _refusals.Release();
        }

        _server.Connections.EndRefusal();
    }

    private void WriteRefusal(IBufferWriter<byte> output)
    {
        var answer = _server.ErrorAnswers.TooManyConnections;
        ResponseHeadWriter.Write(
            output, answer.StatusCode, _server.Heartbeat.ServerAndDate, fields: null, ResponseFraming.None, contentLength: 0,
            ConnectionHeader.Close, answer.Fields);
        output.Write(answer.Body.Span);
    }

    private async Task LingerAsync(PipeReader input)
    {
        var discarding = DiscardAsync(input);
        try
        {
            await discarding.WaitAsync(RefusalLinger, _server.Options.TimeProvider, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            input.CancelPendingRead();
            await discarding.ConfigureAwait(false);
        }
    }

    private static async Task DiscardAsync(PipeReader input)
    {
        while (true)
        {
            var read = await input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return;
            }
        }
    }

    private bool TryCount(IPAddress address)
    {
        lock (_perAddress!)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_perAddress, address, out _);
            if (count >= _server.Options.MaxConnectionsPerAddress)
            {
                return false;
            }

            count++;
            return true;
        }
    }

    private void Uncount(IPAddress address)
    {
        lock (_perAddress!)
        {
            if (--CollectionsMarshal.GetValueRefOrNullRef(_perAddress, address) == 0)
            {
                _perAddress.Remove(address);
            }
        }
    }

    // Before an accept: waits for a permit, where clients are to wait. True with a permit; in a drain there may be none.
    private async ValueTask<bool> WaitForRoomAsync()
    {
        try
        {
            if (_server.Options.Overload != OverloadPolicy.Wait)
            {
                return false;
            }

            var permit = _permits.WaitAsync(_stopping.Token);
            if (!permit.IsCompleted)
            {
                LogLimitOnce();
            }

            await permit.ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false; // stopping: go on into the backlog
        }
    }

    private void ReturnPermit(bool hasPermit)
    {
        Interlocked.Increment(ref _acceptsLeft);
        if (hasPermit)
        {
            _permits.Release();
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
