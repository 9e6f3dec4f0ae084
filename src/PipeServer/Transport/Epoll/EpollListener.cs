using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Platform;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// A listening socket. An accept that must wait parks here and is taken up by the first loop; what is accepted goes to the
/// loop with the fewest connections.
/// </summary>
internal sealed class EpollListener : IConnectionListener, IEventHandler, IThreadPoolWorkItem
{
    // After this many accepts in a row, the loop's connections get their turn: a burst of clients must not starve them.
    private const int MaxStreak = 32;

    private readonly Descriptor _descriptor;
    private readonly EventLoop _loop;
    private readonly EventLoop[] _loops;
    private readonly ObjectPool<EpollConnection> _connections;
    private readonly DescriptorReserve _reserve = new();
    private readonly ulong _key;
    private readonly bool _ownsSocket; // false for an inherited socket: other processes listen on it too, and go on
    private readonly Parking<Accept, TransportConnection?> _parking;
    private TransportConnection? _accepted; // what the accept in progress has found
    private int _streak;
    private volatile bool _isStopped;
    private int _closed;

    /// <summary>Takes over a socket that is bound and listening.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The loop does not take it.</exception>
    public EpollListener(EndPoint endPoint, Descriptor descriptor, EventLoop[] loops, ObjectPool<EpollConnection> connections, bool ownsSocket)
    {
        _parking = new Parking<Accept, TransportConnection?>(new Accept(this));
        _ownsSocket = ownsSocket;
        EndPoint = endPoint;
        _descriptor = descriptor;
        _loops = loops;
        _connections = connections;
        _loop = loops[0];
        _key = _loop.Add(this, descriptor, EventCalls.EPOLLIN);
    }

    public EndPoint EndPoint { get; }

    public ValueTask<TransportConnection?> AcceptAsync()
    {
        return TryComplete() ? new ValueTask<TransportConnection?>(TakeResult()) : _parking.StartAsync(CancellationToken.None);
    }

    public async ValueTask StopListeningAsync()
    {
        if (_ownsSocket)
        {
            await ListeningSocket.TurnClientsAwayAsync(_descriptor, EndPoint).ConfigureAwait(false);
        }

        Stop();
    }

    public ValueTask DisposeAsync()
    {
        Stop();
        Close();
        return ValueTask.CompletedTask;
    }

    public void OnEvents(uint events) => _parking.Signal();

    public void OnHangUp()
    {
        // A listening socket that hangs up says so to the next accept.
    }

    public void OnDue()
    {
        // A listener asks for no time.
    }

    public void OnLost()
    {
        _isStopped = true;
        Close();
        _loop.Post(this);
    }

    /// <summary>On the loop: it is the listener's turn again, or it has been stopped.</summary>
    public void Execute() => _parking.Resume();

    private void Stop()
    {
        _isStopped = true;
        _loop.Post(this);
    }

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
        while (true)
        {
            // Read first: what finished its handshake before the stop is still handed out.
            var isStopped = _isStopped;
            if (Volatile.Read(ref _closed) != 0)
            {
                return true;
            }

            _parking.TryClear();
            var address = default(SocketAddressBytes);
            int accepted;
            try
            {
                accepted = _reserve.Fill();
                if (accepted == 0)
                {
                    accepted = ListenCalls.Accept(_descriptor, address);
                }
            }
            catch (ObjectDisposedException)
            {
                return true; // closed a moment ago
            }

            if (accepted >= 0)
            {
                var started = _connections.Get();
                started.Start(new Descriptor(accepted), address, LeastLoaded());
                connection = started;
                return true;
            }

            if (accepted == -Errno.EAGAIN)
            {
                if (isStopped)
                {
                    Close();
                }

                return isStopped;
            }

            if (!Errno.IsOfOneClient(-accepted))
            {
                // The process is most likely out of descriptors: the caller that logs this and waits needs the runtime, and the runtime
                // needs some.
                _reserve.Release();
                throw Errno.ToException(-accepted, "accept4");
            }
        }
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _loop.Remove(_key);
            if (_ownsSocket && EndPoint is UnixDomainSocketEndPoint unix)
            {
                // Deleted while the socket is still open: nobody takes the file for stale yet, so it cannot be a successor's.
                UnixSocketFile.Delete(unix);
            }

            _descriptor.Dispose();
            _reserve.Release();
        }
    }

    private EventLoop LeastLoaded()
    {
        var least = _loops[0];
        foreach (var loop in _loops)
        {
            // A loop that has ended by a fault would look like the least loaded for ever.
            if (!loop.Ended.IsCompleted && (loop.Count < least.Count || least.Ended.IsCompleted))
            {
                least = loop;
            }
        }

        return least;
    }

    /// <summary>The accept as its parking sees it.</summary>
    private readonly struct Accept(EpollListener listener) : IParkedOperation<TransportConnection?>
    {
        public bool IsAborted => listener._isStopped;

        public bool TryComplete() => listener.TryComplete();

        public TransportConnection? TakeResult() => listener.TakeResult();

        public void OnSignal()
        {
            // The next accept asks anyway.
        }

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
