using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Microsoft.Extensions.ObjectPool;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// A listening socket. An accept that must wait parks here and is taken up by the first loop; what is accepted goes to the
/// loop with the fewest connections.
/// </summary>
internal sealed class EpollListener : IConnectionListener, IEventHandler, IThreadPoolWorkItem, IValueTaskSource<TransportConnection?>
{
    // So many accepts in a row, then the loop's connections get their turn: a burst of clients must not starve them.
    private const int MaxStreak = 32;

    private readonly Descriptor _descriptor;
    private readonly EventLoop _loop;
    private readonly EventLoop[] _loops;
    private readonly ObjectPool<EpollConnection> _connections;
    private readonly DescriptorReserve _reserve = new();
    private readonly ulong _key;
    private readonly bool _ownsSocketFile; // not of a unix socket that somebody else has bound
    private ManualResetValueTaskSourceCore<TransportConnection?> _source;
    private Readiness _acceptable;
    private int _streak;
    private volatile bool _isStopped;
    private int _closed;

    /// <summary>Takes over a socket that is bound and listening.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The loop does not take it.</exception>
    public EpollListener(EndPoint endPoint, Descriptor descriptor, EventLoop[] loops, ObjectPool<EpollConnection> connections, bool ownsSocketFile)
    {
        _ownsSocketFile = ownsSocketFile;
        EndPoint = endPoint;
        _descriptor = descriptor;
        _loops = loops;
        _connections = connections;
        _loop = loops[0];
        _key = _loop.Add(this, descriptor, Libc.EPOLLIN);
    }

    public EndPoint EndPoint { get; }

    public ValueTask<TransportConnection?> AcceptAsync()
    {
        if (_streak < MaxStreak)
        {
            if (TryAccept(out var connection))
            {
                _streak++;
                return new ValueTask<TransportConnection?>(connection);
            }

            _streak = 0;
        }

        _source.Reset();
        return new ValueTask<TransportConnection?>(this, _source.Version);
    }

    public void StopListening()
    {
        _isStopped = true;
        _loop.Post(this);
    }

    public ValueTask DisposeAsync()
    {
        StopListening();
        Close();
        return ValueTask.CompletedTask;
    }

    public void OnEvents(uint events)
    {
        if (_acceptable.Signal())
        {
            GoOn();
        }
    }

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
    public void Execute()
    {
        if (_acceptable.TryUnpark())
        {
            GoOn();
        }
    }

    TransportConnection? IValueTaskSource<TransportConnection?>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<TransportConnection?>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<TransportConnection?>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _source.OnCompleted(continuation, state, token, flags);
        Park();
    }

    private void Park()
    {
        do
        {
            var isYielding = _streak >= MaxStreak;
            _streak = 0;
            if (isYielding)
            {
                _acceptable.TryClear();
            }

            // A stop that came before this move found nobody to wake.
            if (_acceptable.TryPark() && !(_isStopped && _acceptable.TryUnpark()))
            {
                if (isYielding)
                {
                    _loop.Post(this);
                }

                return;
            }
        }
        while (!TryFinish());
    }

    private void GoOn()
    {
        if (!TryFinish())
        {
            Park();
        }
    }

    private bool TryFinish()
    {
        TransportConnection? connection;
        try
        {
            if (!TryAccept(out connection))
            {
                return false;
            }
        }
#pragma warning disable CA1031 // Whatever it is belongs to the one who awaits the accept.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _source.SetException(exception);
            return true;
        }

        _source.SetResult(connection);
        return true;
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

            _acceptable.TryClear();
            var address = default(SocketAddressBytes);
            int accepted;
            try
            {
                accepted = _reserve.Fill();
                if (accepted == 0)
                {
                    accepted = Libc.Accept(_descriptor, address);
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
                // Out of descriptors, most likely: whoever reports this and waits needs the runtime, and the runtime needs some.
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
            if (_ownsSocketFile && EndPoint is UnixDomainSocketEndPoint unix)
            {
                // While the socket is open nobody takes the file for stale: it is certainly not a successor's.
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
            // One that a fault has ended would look like the least loaded for ever.
            if (!loop.Ended.IsCompleted && (loop.Count < least.Count || least.Ended.IsCompleted))
            {
                least = loop;
            }
        }

        return least;
    }
}
