using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Platform;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// One loop's way to the clients of an <see cref="AcceptQueue"/>. An accept that must wait parks here and is taken up by the loop. What is
/// accepted stays on this loop, unless another has clearly fewer connections.
/// </summary>
/// <remarks>
/// Each loop registers the same socket with <c>EPOLLEXCLUSIVE</c>: a client that comes wakes one loop that waits, and all that are busy find it
/// when they look. The one that is faster gets it, for the others the queue is empty. A loop that nobody accepts on is not registered: it would
/// be woken in another's place.
/// </remarks>
internal sealed class EpollListener : ISharedListener, IHandedOverListener, IEventHandler, IThreadPoolWorkItem
{
    // After this many accepts in a row, the loop's connections get their turn: a burst of clients must not starve them.
    private const int MaxStreak = 32;

    private readonly AcceptQueue _queue;
    private readonly EventLoop _loop;
    private readonly EventLoop[] _loops;
    private readonly ObjectPool<EpollConnection> _connections;
    private ulong _key; // 0: not registered yet
    private readonly Parking<Accept, TransportConnection?> _parking;
    private TransportConnection? _accepted; // what the accept in progress has found
    private int _streak;

    public EpollListener(AcceptQueue queue, EventLoop loop, EventLoop[] loops, ObjectPool<EpollConnection> connections)
    {
        _parking = new Parking<Accept, TransportConnection?>(new Accept(this));
        _queue = queue;
        _loops = loops;
        _connections = connections;
        _loop = loop;
    }

    public EndPoint EndPoint => _queue.EndPoint;

    public IReadOnlyList<IConnectionListener> Siblings => _queue.Listeners;

    public SafeHandle Socket => _queue.Descriptor;

    public bool IsShared
    {
        get => _queue.IsShared;
        set => _queue.IsShared = value;
    }

    /// <summary>Registers the queue's socket with the loop. Before the first accept, and once.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The loop does not take it.</exception>
    public void Register() => Volatile.Write(ref _key, _loop.Add(this, _queue.Descriptor, EventCalls.EPOLLIN | EventCalls.EPOLLEXCLUSIVE));

    public ValueTask<TransportConnection?> AcceptAsync()
    {
        if (_key == 0 && !_queue.IsClosed)
        {
            Register();
        }

        return TryComplete() ? new ValueTask<TransportConnection?>(TakeResult()) : _parking.StartAsync(CancellationToken.None);
    }

    public ValueTask StopListeningAsync() => _queue.StopListeningAsync();

    public ValueTask DisposeAsync()
    {
        _queue.Stop();
        _queue.Close();
        return ValueTask.CompletedTask;
    }

    public void OnEvents(uint events) => _parking.Signal();

    public void OnHangUp(uint events)
    {
        // A listening socket that hangs up says so to the next accept.
    }

    public void OnDue()
    {
        // A listener asks for no time.
    }

    public void OnLost()
    {
        // On this loop's lock: the queue, which takes every loop's, is closed elsewhere.
        ThreadPool.UnsafeQueueUserWorkItem(static queue => ((AcceptQueue)queue!).Close(), _queue, preferLocal: false);
    }

    /// <summary>Has an accept that waits look again.</summary>
    public void Wake() => _loop.Post(this);

    /// <summary>The queue is another process's too, and no event of it is wanted any more.</summary>
    public void Unregister()
    {
        if (Volatile.Read(ref _key) != 0)
        {
            _loop.Unregister(_queue.Descriptor);
        }
    }

    /// <summary>The queue is closed: no event is wanted any more.</summary>
    public void Leave()
    {
        if (Volatile.Read(ref _key) is not 0 and var key)
        {
            _loop.Remove(key);
        }
    }

    /// <summary>On the loop: it is the listener's turn again, or it has been stopped.</summary>
    public void Execute() => _parking.Resume();

    private bool TryComplete()
    {
        if (_streak >= MaxStreak || !TryAccept(out _accepted))
        {
            return false;
        }

        _streak++;
        return true;
    }

    private TransportConnection? TakeResult()
    {
        var accepted = _accepted;
        _accepted = null;
        return accepted;
    }

    // True: a connection, or null for the end. False: nobody is waiting to be accepted.
    private bool TryAccept(out TransportConnection? connection)
    {
        connection = null;
        for (var gone = 1; ; gone++)
        {
            // Read first: what finished its handshake before the stop is still handed out.
            var isStopped = _queue.IsStopped;
            if (_queue.IsClosed)
            {
                return true;
            }

            _parking.TryClear();
            var address = default(SocketAddressBytes);
            int accepted;
            try
            {
                accepted = _queue.Accept(this, address);
            }
            catch (ObjectDisposedException)
            {
                return true; // closed a moment ago
            }

            if (accepted >= 0)
            {
                connection = Start(accepted, address);
                return true;
            }

            if (accepted == -Errno.EAGAIN)
            {
                if (isStopped)
                {
                    _queue.Close();
                }

                return isStopped;
            }

            if (!Errno.IsOfOneClient(-accepted) || gone == ListeningSocket.MaxGoneClients)
            {
                _queue.ReleaseReserve(this);
                throw Errno.ToException(-accepted, "accept4");
            }
        }
    }

    private EpollConnection Start(int accepted, in SocketAddressBytes address)
    {
        Descriptor? descriptor = null;
        try
        {
            descriptor = new Descriptor(accepted);
            var started = _connections.Get();
            started.Start(descriptor, address, ChooseLoop());
            return started;
        }
        catch
        {
            // No memory, or the loop does not take it. A client that nobody has must not wait for an answer for ever.
            if (descriptor is null)
            {
                _ = Libc.Close(accepted);
            }

            descriptor?.Dispose();
            throw;
        }
    }

    // On the loop's own thread a connection is served where it was accepted: most are over before anybody has to wait. Those that stay
    // are spread evenly, but for one and an eighth.
    private EventLoop ChooseLoop()
    {
        var least = LeastLoaded();
        return _loop.IsCurrent && !_loop.Ended.IsCompleted && _loop.Load <= least.Load + 1 + (least.Load / 8) ? _loop : least;
    }

    private EventLoop LeastLoaded()
    {
        var least = _loops[0];
        foreach (var loop in _loops)
        {
            // A loop that has ended by a fault would look like the least loaded for ever.
            if (!loop.Ended.IsCompleted && (loop.Load < least.Load || least.Ended.IsCompleted))
            {
                least = loop;
            }
        }

        return least;
    }

    /// <summary>The accept as its parking sees it.</summary>
    private readonly struct Accept(EpollListener listener) : IParkedOperation<TransportConnection?>
    {
        public bool IsAborted => listener._queue.IsStopped;

        public bool TryComplete() => listener.TryComplete();

        public TransportConnection? TakeResult() => listener.TakeResult();

        public void OnSignal()
        {
            // The next accept asks anyway.
        }

        public bool TryGoOn(ReceiveBlock? loop) => false;

        public void OnCanceled()
        {
            // An accept has no token.
        }

        public void OnParking()
        {
            // A listener holds nothing.
        }

        public bool EndTurn()
        {
            var isOver = listener._streak >= MaxStreak;
            listener._streak = 0;
            return isOver;
        }

        public void Yield() => listener._loop.Post(listener);
    }
}
