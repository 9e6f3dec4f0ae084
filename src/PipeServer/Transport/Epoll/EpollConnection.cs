using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.ObjectPool;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// One accepted socket, registered with one event loop: the loop's events go to <see cref="EpollInput"/> and
/// <see cref="EpollOutput"/>, which call the system themselves, on whatever thread reads or writes. Pooled.
/// </summary>
internal sealed class EpollConnection : TransportConnection, IEventHandler, IThreadPoolWorkItem
{
    // Ten segments (RFC 6928) of an ordinary size: what a new connection sends without waiting for its client. What is longer may still lie
    // in the system when the connection is closed, and a byte from the client would take it away.
    private const long FirstFlightBytes = 14_000;

    // What has certainly left; of more than this the system is asked whether it has, for the client may have announced a small window.
    private const long SmallestFlightBytes = 2_000;

    // From the accept on: the client's first bytes are there most of the time, and the connection may be over before it has to wait.
    private const uint Events = EventCalls.EPOLLIN | EventCalls.EPOLLPRI | EventCalls.EPOLLOUT | EventCalls.EPOLLRDHUP;

    private readonly ObjectPool<EpollConnection> _pool;
    private readonly EpollInput _input;
    private readonly EpollOutput _output;
    private Descriptor? _descriptor;
    private EventLoop? _loop;
    private ulong _key;
    private SocketAddressBytes _remoteAddress;
    private EndPoint? _remoteEndPoint;
    private EndPoint? _localEndPoint; // once somebody has asked
    private EndSignal _closed; // a mutable struct, as the next
    private EndSignal _halfClosed; // set with it too
    private volatile bool _isWatched; // registered with the loop: _key is its key; written under the lock of _input, which is never taken inside the loop's
    private volatile bool _isAborted;
    private volatile bool _mustReadUntilEmpty;
    private volatile bool _isOutputShut;
    private bool _isToLookAgain; // the loop's own
    private int _disposed = 1;

    public EpollConnection(ObjectPool<EpollConnection> pool, PinnedBlockPool blocks)
    {
        _pool = pool;
        _input = new EpollInput(this, blocks);
        _output = new EpollOutput(this, blocks);
    }

    public override PipeReader Input => _input;

    public override PipeWriter Output => _output;

    public override EndPoint? RemoteEndPoint => _remoteEndPoint ??= SocketAddressBytes.ToEndPoint(_remoteAddress);

    public override EndPoint? LocalEndPoint => _localEndPoint ??= LocalAddress.Of(this, _descriptor);

    public override bool IsClosed => _closed.IsSet;

    public override CancellationToken Closed
    {
        get
        {
            Watch();
            return _closed.Token;
        }
    }

    public override CancellationToken HalfClosed
    {
        get
        {
            Watch();
            return _halfClosed.Token;
        }
    }

    // The system counts the end of the stream as a byte. A unix socket's client acknowledges nothing.
    public override long BytesSent => Libc.AcknowledgedBytes(Number) is { } bytes ? Math.Min(bytes, _output.BytesSent) : _output.BytesSent;

    public override long BytesReceived => _input.BytesReceived;

    internal override long BytesHandedOver => _output.BytesSent;

    public override bool IsPaceKnown => Libc.AcknowledgedBytes(Number) is not null;

    public override long? UnreadBytes => SocketAddressBytes.IsUnix(_remoteAddress) ? Libc.UnsentBytes(Number) : null;

    /// <summary>The descriptor's number, for as long as the connection is not disposed of; then an invalid one.</summary>
    public int Number { get; private set; } = -1;

    /// <summary>Aborted, or disposed of: nothing is read or sent any more.</summary>
    public bool IsAborted => _isAborted;

    /// <summary>
    /// A receive that returned less than it was asked for need not have emptied the queue: the client has ended, which brings
    /// no further event; or a receive stops short at TCP's urgent mark, or at what else a unix socket can carry. Nor does any event come
    /// while the connection is not watched.
    /// </summary>
    public bool MustReadUntilEmpty => _mustReadUntilEmpty || !_isWatched;

    /// <summary>
    /// Takes over an accepted socket. On the loop's own thread the socket is registered no sooner than somebody has to wait
    /// (<see cref="Watch"/>); elsewhere at once: its first events may come on the loop before this returns.
    /// </summary>
    /// <exception cref="System.Net.Sockets.SocketException">The loop does not take it; the socket is closed then.</exception>
    public void Start(Descriptor descriptor, in SocketAddressBytes remoteAddress, EventLoop loop)
    {
        _disposed = 0; // not in Reset: the last owner may dispose twice
        _descriptor = descriptor;
        Number = descriptor.Number;
        _remoteAddress = remoteAddress;
        _mustReadUntilEmpty = SocketAddressBytes.IsUnix(remoteAddress);
        _loop = loop;
        loop.AddLoad(1);
        if (loop.IsCurrent)
        {
            _input.LookFirst();
            return;
        }

        try
        {
            _key = loop.Add(this, descriptor, Events);
            _isWatched = true;
        }
        catch
        {
            loop.AddLoad(-1);
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>Registers the connection with its loop, if it is not yet. One that the loop does not take is aborted.</summary>
    internal override void Watch()
    {
        if (_isWatched)
        {
            return;
        }

        EventLoop? loop = null;
        try
        {
            lock (_input)
            {
                // An operation may look here while another thread disposes of the connection.
                loop = _loop;
                if (_isWatched || _isAborted || loop is null)
                {
                    return;
                }

                _key = loop.Add(this, _descriptor!, Events);
                _isWatched = true;
                return;
            }
        }
        catch (Exception exception) when (exception is SocketException or OutOfMemoryException)
        {
            loop!.Report(exception);
        }

        Abort();
    }

    // A close with something unread, which may have come a microsecond ago, resets the connection. The end that was sent before it lies in
    // front of that reset, with all of the answer. A unix socket has no such order.
    internal override bool MayCloseAtOnce() =>
        _isOutputShut && !_isAborted && _output.BytesSent <= FirstFlightBytes && !_input.MayHaveUnread && !SocketAddressBytes.IsUnix(_remoteAddress)
        && (_output.BytesSent <= SmallestFlightBytes || Libc.HasAllLeft(Number));

    internal override bool TryFlush() => _output.TryFlush();

    internal override ValueTask<ReadResult> ReadAsync(IReadConsumer consumer) => _input.ReadAsync(consumer);

    internal override bool TryCancelReadOnLoop() => _input.CancelOnLoop();

    internal override void ContinueRead(ReadConsumption outcome, int next) => _input.ContinueRead(outcome, next);

    public override void Write(PinnedBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        _output.Append(bytes);
    }

    public override ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken) =>
        FileSending.SendAsync(_output, file, offset, count, cancellationToken);

    public override async ValueTask ShutdownOutputAsync()
    {
        await _output.CompleteAsync().ConfigureAwait(false);
        _isOutputShut = true;
        _ = Libc.Shutdown(_descriptor!, Libc.SHUT_WR);
    }

    public override void Abort()
    {
        var (descriptor, loop) = (_descriptor, _loop);
        if (_isAborted || descriptor is null || loop is null)
        {
            return;
        }

        // Before the client can see it: from then on everybody must find the connection closed.
        _isAborted = true;
        SignalClosed();
        try
        {
            // The descriptor stays open: others may be inside a call with it, and they learn it from that call. The client
            // gets a reset at once, so that it cannot take half a response for a whole one.
            if (Libc.Disconnect(descriptor) < 0)
            {
                _ = Libc.SetZeroLinger(descriptor); // a unix socket has no reset
                _ = Libc.Shutdown(descriptor, Libc.SHUT_RDWR);
            }
        }
        catch (ObjectDisposedException)
        {
            return; // ended by its own loop a moment ago
        }

        // An operation that waits continues on the loop, not inside the caller, which may be a timer with other things to do.
        loop.Post(this);
    }

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return ValueTask.CompletedTask;
        }

        _isAborted = true;
        lock (_input)
        {
            if (_isWatched)
            {
                _loop!.Remove(_key);
            }
        }

        _loop!.AddLoad(-1);
        var isIdle = !_input.IsPending && !_output.IsPending;
        _input.Interrupt();
        _output.Interrupt();

        // Should an event have been faster than the interrupt, the loop is just about to complete the operation.
        var spinner = default(SpinWait);
        while (_input.IsParked || _output.IsParked)
        {
            spinner.SpinOnce();
        }

        Number = -1;
        _descriptor!.Dispose();
        if (isIdle)
        {
#pragma warning disable VSTHRD103 // Neither blocks: what is not sent by now is not to be sent.
            _input.Complete();
            _output.Complete();
#pragma warning restore VSTHRD103
            _pool.Return(this);
        }

        // Otherwise a waker may still be handing over a result: the object, and the blocks of that result, must not have another
        // owner by then. They are left to the garbage collector.
        return ValueTask.CompletedTask;
    }

    public void OnEvents(uint events) => OnEvents(events, loop: null);

    /// <summary>The same, with the block that the loop on whose thread this is lends to what comes.</summary>
    public void OnEvents(uint events, ReceiveBlock? loop)
    {
        if ((events & (EventCalls.Ended | EventCalls.EPOLLPRI)) != 0)
        {
            _mustReadUntilEmpty = true;
        }

        // The writer first: what is being sent ends a request, what is being received may begin the next.
        if ((events & (EventCalls.EPOLLOUT | EventCalls.EPOLLHUP | EventCalls.EPOLLERR)) != 0)
        {
            _output.OnWritable();
        }

        if ((events & (EventCalls.EPOLLIN | EventCalls.EPOLLPRI | EventCalls.Ended)) != 0)
        {
            _input.OnReadable(loop);
        }
    }

    public void OnHangUp(uint events)
    {
        _halfClosed.Set();

        // Both directions are shut. If we have not shut ours, the client has ended both.
        if (events != EventCalls.EPOLLRDHUP && !_isOutputShut)
        {
            SignalClosed();
        }
    }

    public void OnLost() => Abort();

    public void OnDue()
    {
        _isToLookAgain = false;
        _output.OnWritable();
    }

    /// <summary>Calls <see cref="OnDue"/> after this many milliseconds, or at once where this is not the loop's thread.</summary>
    public void LookAgain(int milliseconds)
    {
        Watch();
        if (!_loop!.IsCurrent)
        {
            _loop.Post(this);
        }
        else if (!_isToLookAgain && _isWatched) // one that could not be watched is aborted, and looks again for that
        {
            _isToLookAgain = true;
            _loop.CallLater(_key, milliseconds);
        }
    }

    /// <summary>On the loop, after <see cref="Wake"/>: the operations that wait look again.</summary>
    public void Execute()
    {
        _output.OnWritable();
        _input.OnReadable(loop: null);
    }

    /// <summary>Lets the loop's other connections have their turn, then wakes the operations that wait here.</summary>
    public void Wake() => _loop?.Post(this); // null: the operation has just been taken up elsewhere, and the connection is over

    /// <summary>Nothing that is written from now on can arrive.</summary>
    public void SignalClosed()
    {
        _closed.Set();
        _halfClosed.Set();
    }

    /// <summary>Makes it ready for the next socket.</summary>
    public void Reset()
    {
        _input.Reset();
        _output.Reset();
        _descriptor = null;
        _loop = null;
        _remoteEndPoint = _localEndPoint = null;
        _closed.Reset();
        _halfClosed.Reset();
        _isAborted = _mustReadUntilEmpty = _isOutputShut = _isToLookAgain = _isWatched = false;
    }
}
