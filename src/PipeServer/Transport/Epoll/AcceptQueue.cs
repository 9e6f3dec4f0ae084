using System.Net;
using System.Net.Sockets;
using PipeServer.Platform;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// A listening socket and the queue of clients behind it, which one <see cref="EpollListener"/> for each loop accepts from. It is stopped
/// and closed for all of them at once.
/// </summary>
/// <param name="endPoint">Where it listens.</param>
/// <param name="descriptor">Bound and listening; the queue's from now on.</param>
/// <param name="ownsSocket">False for an inherited socket: other processes listen on it too, and go on.</param>
/// <param name="isShared">See <see cref="IsShared"/>.</param>
internal sealed class AcceptQueue(EndPoint endPoint, Descriptor descriptor, bool ownsSocket, bool isShared = false)
{
    private readonly List<EpollListener> _listeners = []; // filled before any of them is used
    private readonly DescriptorReserve _reserve = new();
    private readonly Lock _reserveLock = new();
    private EpollListener? _pausing; // has given the reserve back, and has not accepted since
    private volatile bool _isStopped;
    private volatile bool _isShared = isShared;
    private int _closed;

    public EndPoint EndPoint => endPoint;

    /// <summary>The socket, to be registered with a loop.</summary>
    public Descriptor Descriptor => descriptor;

    /// <summary>The listeners, one for each loop.</summary>
    public IReadOnlyList<EpollListener> Listeners => _listeners;

    /// <summary>No new client comes; those whose handshake has finished are still handed out.</summary>
    public bool IsStopped => _isStopped;

    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <inheritdoc cref="IHandedOverListener.IsShared"/>
    public bool IsShared
    {
        get => _isShared;
        set
        {
            _isShared = value;
            if (!value)
            {
                // The system has told one process of each client: of some perhaps the other, which is gone.
                foreach (var listener in _listeners)
                {
                    listener.Wake();
                }
            }
        }
    }

    // A socket that others have too is closed here, and not a bit of it is changed.
    private bool IsOthersToo => _isShared || !ownsSocket;

    /// <summary>Adds the listener of one more loop. Only before the first of them is used.</summary>
    public void Add(EpollListener listener) => _listeners.Add(listener);

    /// <summary>Accepts one client, or tells why not by a negated error number.</summary>
    /// <exception cref="ObjectDisposedException">The socket was closed a moment ago.</exception>
    public int Accept(EpollListener listener, Span<byte> address)
    {
        lock (_reserveLock)
        {
            if (_pausing is not null && _pausing != listener)
            {
                return -Errno.EMFILE; // the other listeners leave the reserve to the runtime too
            }

            _pausing = null;
            if (!IsClosed && _reserve.Fill() is < 0 and var error)
            {
                return error;
            }
        }

        return ListenCalls.Accept(descriptor, address);
    }

    /// <summary>
    /// The process is most likely out of descriptors: the caller that logs this and waits needs the runtime, and the runtime needs some.
    /// Until that listener has accepted again, no other takes them. Null: nobody will.
    /// </summary>
    public void ReleaseReserve(EpollListener? listener)
    {
        lock (_reserveLock)
        {
            _pausing ??= listener;
            _reserve.Release();
        }
    }

    public async ValueTask StopListeningAsync()
    {
        if (IsOthersToo)
        {
            // No loop is told of a client any more; behind that, each looks until the queue was empty once. So whoever came before is accepted by
            // somebody, and of whoever comes later another process is told.
            Unregister();
        }
        else
        {
            await ListeningSocket.TurnClientsAwayAsync(descriptor, endPoint).ConfigureAwait(false);
        }

        Stop();
    }

    /// <summary>Wakes every accept that waits: it empties the queue, and ends.</summary>
    public void Stop()
    {
        _isStopped = true;
        foreach (var listener in _listeners)
        {
            listener.Wake();
        }
    }

    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        if (IsOthersToo)
        {
            Unregister();
        }

        foreach (var listener in _listeners)
        {
            listener.Leave();
        }

        if (!IsOthersToo && endPoint is UnixDomainSocketEndPoint unix)
        {
            // Deleted while the socket is still open: nobody takes the file for stale yet, so it cannot be a successor's.
            UnixSocketFile.Delete(unix);
        }

        descriptor.Dispose();
        ReleaseReserve(null);

        // Whoever found the queue empty has closed it for the others too, who wait.
        Stop();
    }

    private void Unregister()
    {
        foreach (var listener in _listeners)
        {
            listener.Unregister();
        }
    }
}
