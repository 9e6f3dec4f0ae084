using System.IO.Pipelines;
using System.Net;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Tls;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// One client's connection, whatever it speaks: all that the ledger, the heartbeat and a stop know of it. A protocol derives its
/// own and says in <see cref="ServeAsync"/> what happens on it.
/// </summary>
/// <remarks>
/// Pooled: one object serves many connections, one after the other. Runs on the thread that has its bytes; members that say so, on any.
/// </remarks>
internal abstract class Connection(ServerContext server)
{
    private object? _persistentState;
    private TransportConnection? _transport; // taken away under the lock when the connection ends
    private volatile ConnectionState _state;
    private volatile bool _aborted;
    private long _oldestRequestStarted;
    private long _id;
    private long _bytesReceived; // of the transport that it has let go of
    private long _bytesSent;
    private IPAddress? _countedAddress; // under the lock, until the connection has ended

    /// <summary>This connection's share of the ledger; its loop alone writes it.</summary>
    protected RequestTally Tally;

    /// <summary>What all connections of the server share.</summary>
    public ServerContext Server => server;

    /// <summary>The number of the connection, from 1, in the order of the accepts.</summary>
    public long Id => _id;

    /// <summary>
    /// The deadlines of the connection. Nobody else locks them, so they are the lock of all that other threads do here; one of its own would cost each
    /// connection 48 bytes. It is needed because both are pooled, this object and the transport's: a call that comes late must not hit the next client.
    /// </summary>
    public ConnectionDeadlines Deadlines { get; } = new(server);

    /// <summary>What it is held to, from its begin to its end.</summary>
    public ConnectionRules Rules => Deadlines.Rules;

    /// <summary>It was admitted, and counts for its client's address where connections are counted.</summary>
    public virtual bool IsAdmitted => true;

    /// <summary>What the client sends.</summary>
    public PipeReader Input => _transport!.Input;

    /// <summary>What the client gets.</summary>
    public PipeWriter Output => _transport!.Output;

    /// <summary>True when it has let go of its transport: there is nothing to read or to write any more.</summary>
    public bool HasEnded => _transport is null;

    /// <summary>The client's address, where the transport knows one; null also when the connection has ended.</summary>
    public EndPoint? RemoteEndPoint => _transport?.RemoteEndPoint;

    /// <summary>The address that the client has connected to, where the transport knows one; null also when the connection has ended.</summary>
    public EndPoint? LocalEndPoint => _transport?.LocalEndPoint;

    /// <inheritdoc cref="HttpRequest.PersistentState"/>
    public object? PersistentState { get => Volatile.Read(ref _persistentState); set => Volatile.Write(ref _persistentState, value); }

    /// <inheritdoc cref="HttpRequest.AddPersistentState"/>
    public object AddPersistentState(object state) => Interlocked.CompareExchange(ref _persistentState, state, null) ?? state;

    /// <summary>What its TLS handshake has agreed on; null where it is not encrypted, and when it has ended.</summary>
    public TlsConnectionInfo? Tls => (_transport as TlsTransportConnection)?.Info;

    /// <summary>It is encrypted.</summary>
    public bool IsTls => _transport is TlsTransportConnection;

    /// <summary>Cancelled when nothing that is written can arrive any more.</summary>
    public CancellationToken Aborted => _transport?.Closed ?? new CancellationToken(canceled: true);

    /// <summary>Cancelled when the client has ended its side, or <see cref="Aborted"/> is.</summary>
    public CancellationToken HalfClosed => _transport?.HalfClosed ?? new CancellationToken(canceled: true);

    /// <summary>Cancelled when the server begins to stop.</summary>
    public CancellationToken Draining => server.Draining;

    /// <summary>Where the connection is in its life. Read from any thread.</summary>
    public ConnectionState State { get => _state; protected set => _state = value; }

    /// <summary>When the request that has been in progress for longest was complete, by the heartbeat's clock. From any thread.</summary>
    public virtual long OldestRequestStarted
    {
        get => Volatile.Read(ref _oldestRequestStarted);
        protected set => Volatile.Write(ref _oldestRequestStarted, value);
    }

    /// <summary>True when the connection was cut off instead of ended. From any thread.</summary>
    public bool WasAborted { get => _aborted; protected set => _aborted = value; }

    /// <summary>How it has ended, or would end now.</summary>
    public virtual ConnectionOutcome Outcome => _aborted ? ConnectionOutcome.Aborted : ConnectionOutcome.Closed;

    /// <summary>What it has counted so far. From any thread.</summary>
    public RequestCounts Counts => Tally.Counts;

    /// <summary>What has come and gone so far. From any thread, while the <see cref="ConnectionManager"/> has the connection.</summary>
    public (long Received, long Sent) Bytes
    {
        get
        {
            if (_transport is { } transport)
            {
                // Disposed of meanwhile, it may count another client's.
                var bytes = (transport.BytesReceived, transport.BytesHandedOver);
                Volatile.ReadBarrier();
                if (_transport == transport)
                {
                    return bytes;
                }
            }

            return (Volatile.Read(ref _bytesReceived), Volatile.Read(ref _bytesSent));
        }
    }

    /// <summary>Counts the requests in progress by their methods. From any thread, and so perhaps that of the next one.</summary>
    /// <param name="methods">One count for each <see cref="RequestMethod"/>, to add to.</param>
    public virtual void CountRequests(Span<long> methods)
    {
    }

    /// <summary>What is spoken on it once its handler has it for good; null for what is none of the server's business. From any thread.</summary>
    public virtual ISwitchedProtocol? SwitchedProtocol => null;

    /// <summary>The transport's side. For the connection's own code, which runs while there is one.</summary>
    public TransportConnection Transport => _transport!;

    /// <summary>Takes over a new connection.</summary>
    public virtual void Attach(TransportConnection transport, long id)
    {
        Deadlines.Rules = server.Rules;
        _transport = transport;
        Volatile.Write(ref _id, id);
        _state = ConnectionState.New;
        _aborted = false;
        _persistentState = null;
        Tally = default;
        Deadlines.EndWrite();
        Deadlines.SetRead(Rules.RequestHeadTimeout);
    }

    /// <summary>It counts for its client's address from now on: it was counted when it was admitted.</summary>
    /// <remarks>Before <see cref="Attach"/>: whoever finds its address finds that it is counted.</remarks>
    public void CountFor(IPAddress? address)
    {
        if (address is not null)
        {
            lock (Deadlines)
            {
                _countedAddress = address;
            }
        }
    }

    /// <summary>Counts it now, unless it is counted, has ended, or has no address. From any thread.</summary>
    public void CountBy(AddressQuota quota)
    {
        lock (Deadlines)
        {
            if (_countedAddress is null && (_transport?.RemoteEndPoint as IPEndPoint)?.Address is { } address)
            {
                quota.Add(address);
                _countedAddress = address;
            }
        }
    }

    /// <summary>The address that it has counted for and does not any more, or null. For its owner, once it has ended: nobody counts it then.</summary>
    public IPAddress? TakeCountedAddress()
    {
        var address = _countedAddress;
        _countedAddress = null;
        return address;
    }

    /// <summary>Lets go of all that belongs to the connection that has ended, so that the object can serve another one.</summary>
    public abstract void Detach();

    /// <summary>Instead, for one that was cut off: somebody may still use what belongs to it, and nothing of it is used again.</summary>
    public virtual void Abandon()
    {
    }

    /// <summary>Serves the connection to its end. Never throws; ends with the transport closed.</summary>
    /// <param name="owner">Is told then. A caller that awaited this instead would cost each idle connection a state machine more.</param>
    public async Task RunAsync(IConnectionOwner? owner = null)
    {
        try
        {
            await ServeAsync().ConfigureAwait(false);
            await EndAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Reset by the client or aborted by us: between two requests that is an end like any other.
            _aborted |= HasWork(_state);
            Log.ConnectionAborted(server.Logger, Id, exception.Message);
        }
#pragma warning disable CA1031 // A fault of our own must cost this connection only, and must be seen.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.ConnectionFaulted(server.Logger, Id, exception);
            Abort();
        }

        Tally.Close();
        Deadlines.Clear();
        TransportConnection? transport;
        lock (Deadlines)
        {
            transport = LetGo();
        }

        if (transport is not null)
        {
            await DisposeAsync(transport).ConfigureAwait(false);
        }

        owner?.OnEnded(this);
    }

    /// <summary>
    /// The end of the grace period. Cuts off what is in progress; a connection that has its answers is closed, not reset: they
    /// may still be on their way. From any thread.
    /// </summary>
    /// <returns>True when that cut off a request, or a client of which nothing has been read.</returns>
    public bool EndNow()
    {
        lock (Deadlines)
        {
            if (_state is ConnectionState.Idle or ConnectionState.Closing)
            {
                Deadlines.TightenRead(0);
                return false;
            }

            if (_transport is null || _aborted)
            {
                return false;
            }

            _aborted = true;
            _transport.Abort();
            return true;
        }
    }

    /// <summary>Ends the connection now. From any thread.</summary>
    /// <returns>True when that cut off a request; false when nothing was in progress.</returns>
    public bool Abort()
    {
        lock (Deadlines)
        {
            var cutsOff = _transport is not null && HasWork(_state);
            _aborted |= cutsOff;
            _transport?.Abort();
            return cutsOff;
        }
    }

    /// <summary>Looks whether the connection's time is up. Called by the heartbeat only.</summary>
    public virtual void OnHeartbeat(long now, bool draining)
    {
        lock (Deadlines)
        {
            if (_transport is not { } transport)
            {
                return;
            }

            switch (Deadlines.Check(transport, _state, now, draining))
            {
                case DeadlineVerdict.ReadTimedOut when _state == ConnectionState.Handshaking && Deadlines.IsWriting: // the time of the whole handshake
                    AbortSlowReader(transport, "the client does not read its TLS handshake");
                    break;
                case DeadlineVerdict.ReadTimedOut:
                    ReadCancellation.Start(this, transport);
                    break;
                case DeadlineVerdict.WriteTooSlow:
                    AbortSlowReader(transport, "the client reads its response too slowly");
                    break;
                case DeadlineVerdict.WriteTimedOut:
                    AbortSlowReader(transport, "the client does not read its response");
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Describes every request in progress, the oldest first; of a connection that has none yet, what it waits for. From any thread.</summary>
    public abstract void DescribeRequests(ICollection<RequestDescription> descriptions);

    /// <summary>Adds the requests in progress, as they are shown to who watches the server, but for those that have just ended. From any thread.</summary>
    public virtual void Observe(ICollection<RequestActivity> activities)
    {
    }

    /// <summary>Which request is in progress, of all that the server has had: no other moment tells the same of another one. From any thread.</summary>
    protected (long Connection, long Request) InProgress => (Volatile.Read(ref _id), Tally.InProgress);

    /// <summary>The client's address. From any thread.</summary>
    protected EndPoint? ClientOfAnyThread()
    {
        lock (Deadlines)
        {
            return _transport?.RemoteEndPoint;
        }
    }

    /// <summary>What happens on the connection, until it may be closed.</summary>
    /// <exception cref="IOException">The client has reset the connection, or it was aborted.</exception>
    protected abstract Task ServeAsync();

    /// <summary>
    /// Ends the connection politely once <see cref="ServeAsync"/> has ended without an exception. Apart from it: an idle connection is inside that
    /// one, and each method that waits there costs it memory.
    /// </summary>
    /// <exception cref="IOException">As above.</exception>
    protected virtual Task EndAsync() => Task.CompletedTask;

    /// <summary>Disposes of the transport, once, at the connection's end.</summary>
    protected virtual ValueTask DisposeTransportAsync(TransportConnection transport) => transport.DisposeAsync();

    /// <summary>Lets go of the transport, whose next owner takes over; false when it has been aborted.</summary>
    protected bool TryRelease()
    {
        lock (Deadlines)
        {
            if (_aborted)
            {
                return false;
            }

            LetGo();
            return true;
        }
    }

    // Under the lock.
    private TransportConnection? LetGo()
    {
        if (_transport is not { } transport)
        {
            return null;
        }

        (_bytesReceived, _bytesSent) = (transport.BytesReceived, transport.BytesHandedOver);
        Volatile.Write(ref _transport, null);
        _persistentState = null;
        return transport;
    }

    private async ValueTask DisposeAsync(TransportConnection transport)
    {
        try
        {
            await DisposeTransportAsync(transport).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whoever runs the connection gives back what it has held, and counts it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.ConnectionFaulted(server.Logger, Id, exception);
        }
    }

    private static bool HasWork(ConnectionState state) => state is ConnectionState.ReadingHead or ConnectionState.Handling or ConnectionState.Switched;

    private void AbortSlowReader(TransportConnection transport, string reason)
    {
        Log.ConnectionAborted(server.Logger, Id, reason);
        _aborted = true;
        transport.Abort();
    }

    /// <summary>Cancels the read in progress, if the connection is still the one of this number. For <see cref="ReadCancellation"/>.</summary>
    internal virtual void CancelPendingRead(long id)
    {
        PipeReader? input;
        lock (Deadlines)
        {
            input = Id == id ? _transport?.Input : null;
        }

        input?.CancelPendingRead();
    }
}
