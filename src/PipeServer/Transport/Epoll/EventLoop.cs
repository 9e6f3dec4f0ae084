using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Platform;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// One thread over one epoll: waits for events of the descriptors that are registered with it, and runs their handlers.
/// Handlers must never block.
/// </summary>
/// <remarks>
/// Registration is edge-triggered and for life: a connection costs one <c>epoll_ctl</c>, a request none. But for <see cref="CallLater"/>, all members may be
/// called from any thread.
/// </remarks>
internal sealed class EventLoop
{
    // Events taken with one call. More make the first of a batch wait for the last, fewer make more calls.
    private const int MaxEvents = 256;

    // After a batch smaller than this the loop lets others have the core before it looks again: the workers that it has given
    // its requests to, and the clients. The next batch is larger for it, and nobody has to be woken
    // (docs/decisions/002-threads-yield-once-before-they-sleep.md has the figures). After a large batch more is waiting already.
    private const int SmallBatch = 16;

    // Long enough not to spin and not to flood the log, short enough that nobody's request times out.
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromMilliseconds(50);

    // No event of the system: those have bits.
    private const uint Due = 0;

    private static readonly long TicksPerMillisecond = Stopwatch.Frequency / 1000;

    // The eventfd's own key: no registration has it (HandlerTable.Add).
    private const ulong WakeKey = 0;

    [ThreadStatic]
    private static EventLoop? _ofThisThread;

    private readonly ILogger _logger;
    private readonly Descriptor _epoll;
    private readonly Descriptor _wake;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();
    private readonly HandlerTable _handlers = new();
    private readonly ReceiveBlock _block = new(); // used by the loop only
    private readonly PriorityQueue<ulong, long> _due = new(); // registrations by the time to call them; used by the loop only
    private int _load;
    private int _wakeRequested;
    private int _hasPosted; // 1: something may be in the queue
    private volatile bool _stopping;

    /// <exception cref="System.Net.Sockets.SocketException">The system has no descriptor left.</exception>
    public EventLoop(int index, ILogger logger)
    {
        Name = $"loop-{index}";
        _logger = logger;
        Errno.ThrowOnError(EventCalls.EpollCreate(out _epoll), "epoll_create1");
        try
        {
            Errno.ThrowOnError(EventCalls.EventFd(out _wake), "eventfd");
            Errno.ThrowOnError(EventCalls.EpollAdd(_epoll, _wake, EventCalls.EPOLLIN | EventCalls.EPOLLET, WakeKey), "epoll_ctl");
        }
        catch
        {
            _epoll.Dispose();
            _wake?.Dispose();
            throw;
        }

        // A background thread: a handler that never returns must not keep the process alive after Main has ended.
        _thread = new Thread(Run) { Name = Name, IsBackground = true };
    }

    public string Name { get; }

    /// <summary>How many connections are the loop's, registered or not.</summary>
    public int Load => Volatile.Read(ref _load);

    /// <summary>How many descriptors it watches.</summary>
    public int Registered => _handlers.Count;

    /// <summary>Completes when the thread has left its loop.</summary>
    public Task Ended => _ended.Task;

    public void Start() => _thread.Start();

    /// <summary>Tells the loop to end. Handlers that are still registered then are told that they get no more events.</summary>
    public void Stop()
    {
        _stopping = true;
        Wake();
    }

    /// <summary>Gives back the descriptors of a loop whose thread was never started.</summary>
    public void Discard()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }

    /// <summary>Registers a descriptor; from now on its events come, the first at once if there is something already.</summary>
    /// <returns>The key to <see cref="Remove"/> it with.</returns>
    /// <exception cref="System.Net.Sockets.SocketException">The system refuses, or the loop has ended.</exception>
    public ulong Add(IEventHandler handler, Descriptor descriptor, uint events)
    {
        var key = _handlers.Add(handler);
        int result;
        try
        {
            result = _stopping ? -Errno.EINVAL : EventCalls.EpollAdd(_epoll, descriptor, events | EventCalls.EPOLLET, key);
        }
        catch (ObjectDisposedException)
        {
            result = -Errno.EINVAL; // the loop has ended a moment ago
        }

        if (result < 0)
        {
            Remove(key);
            throw Errno.ToException(-result, "epoll_ctl");
        }

        return key;
    }

    /// <summary>Forgets a descriptor, which is closed by its owner. An event of it that is on its way finds nobody.</summary>
    public void Remove(ulong key) => _handlers.Remove(key);

    /// <summary>
    /// Registers a descriptor no more whose file other processes have open too: the system would tell this loop of it until the last of them has closed
    /// it, and with <c>EPOLLEXCLUSIVE</c> tell nobody else. Nothing happens where it is not registered. The key stays, for <see cref="Remove"/>.
    /// </summary>
    public void Unregister(Descriptor descriptor)
    {
        try
        {
            _ = EventCalls.EpollRemove(_epoll, descriptor);
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended, or the descriptor is closed: with either, the registration is gone or about to go.
        }
    }

    /// <summary>Counts a connection that comes, 1, or goes, -1.</summary>
    public void AddLoad(int change) => Interlocked.Add(ref _load, change);

    /// <summary>Logs what has cost a connection of the loop, unless the loop is ending.</summary>
    public void Report(Exception exception)
    {
        if (!_stopping)
        {
            Log.LoopFaulted(_logger, Name, exception);
        }
    }

    /// <summary>True on the thread of any loop: what may block must not go on here.</summary>
    public static bool IsCurrentThread => _ofThisThread is not null;

    /// <summary>Runs an item on the loop's thread, after the events at hand; on the thread pool when the loop has ended.</summary>
    public void Post(IThreadPoolWorkItem item)
    {
        _posted.Enqueue(item);
        Volatile.Write(ref _hasPosted, 1);
        if (_ended.Task.IsCompleted)
        {
            RunPostedOnThreadPool();
        }
        else if (_ofThisThread != this)
        {
            Wake();
        }
    }

    /// <summary>True on this loop's thread.</summary>
    public bool IsCurrent => _ofThisThread == this;

    /// <summary>
    /// Calls <see cref="IEventHandler.OnDue"/> of a registration after this many milliseconds, if it is still there. On the loop's
    /// thread only.
    /// </summary>
    public void CallLater(ulong key, int milliseconds) => _due.Enqueue(key, Now() + milliseconds);

    private static long Now() => Stopwatch.GetTimestamp() / TicksPerMillisecond;

    private void Wake()
    {
        if (Interlocked.Exchange(ref _wakeRequested, 1) == 0)
        {
            try
            {
                EventCalls.EventFdSignal(_wake);
            }
            catch (ObjectDisposedException)
            {
                // The loop has ended: nobody to wake.
            }
        }
    }

    // SAFETY: the events lie on this stack frame, and there is room for as many as are asked for.
    private unsafe void Run()
    {
        _ofThisThread = this;
        var events = stackalloc byte[MaxEvents * EventCalls.EpollEventBytes];
        var epoll = _epoll.Number; // closed by this thread alone, in the end
        var count = 0;
        while (!_stopping)
        {
            if (count < SmallBatch)
            {
                EventCalls.Yield();
            }

            count = EventCalls.EpollWait(epoll, events, MaxEvents, Volatile.Read(ref _hasPosted) == 0 ? MillisecondsUntilDue() : 0);
            for (var i = 0; i < count; i++)
            {
                var (bits, key) = EventCalls.EpollEvent(events, i);
                if (key == WakeKey)
                {
                    // Cleared before the queue and the flag are looked at, with a full fence in between: what is posted from
                    // now on signals again.
                    EventCalls.EventFdClear(_wake);
                    Interlocked.Exchange(ref _wakeRequested, 0);
                }
                else
                {
                    Dispatch(bits, key);
                }
            }

            if (Volatile.Read(ref _hasPosted) != 0)
            {
                RunPosted();
            }

            while (_due.Count > 0 && MillisecondsUntilDue() == 0)
            {
                Dispatch(Due, _due.Dequeue());
            }

            if (count < 0 && count != -Errno.EINTR && !TryOutlast(-count))
            {
                break;
            }
        }

        End();
    }

    private int MillisecondsUntilDue() =>
        _due.Count > 0 && _due.TryPeek(out _, out var time) ? (int)Math.Clamp(time - Now(), 0, int.MaxValue) : -1;

    // True when the next wait may succeed: the system is short of something, which does the connections no harm.
    private bool TryOutlast(int errno)
    {
        var exception = Errno.ToException(errno, "epoll_wait");
        if (errno is Errno.EBADF or Errno.EINVAL)
        {
            // Nothing that a program can cause: the descriptor is ours and open. Without events nobody is served.
            Log.LoopEnded(_logger, Name, exception);
            return false;
        }

        Log.LoopWaitFailed(_logger, Name, exception);
        Thread.Sleep(PauseAfterFault);
        return true;
    }

    private void Dispatch(uint bits, ulong key)
    {
        if (_handlers.Find(key) is not { } handler)
        {
            return;
        }

        try
        {
            if ((bits & EventCalls.Ended) != 0)
            {
                _handlers.HangUp(key, bits & EventCalls.Ended);
            }

            if (bits == Due)
            {
                handler.OnDue();
            }
            else if (handler is EpollConnection connection)
            {
                connection.OnEvents(bits, _block); // the same call, and direct: it is made for each request
            }
            else
            {
                handler.OnEvents(bits);
            }
        }
#pragma warning disable CA1031 // The one place that contains a fault on a loop: it costs that connection only.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.LoopFaulted(_logger, Name, exception);
            Lose(key);
        }
    }

    private void Lose(ulong key)
    {
        try
        {
            _handlers.Lose(key);
        }
#pragma warning disable CA1031 // A handler that throws even here costs its own connection only.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.LoopFaulted(_logger, Name, exception);
        }
    }

    private void RunPosted()
    {
        // Cleared before the queue is looked at, with a full fence in between: what is posted from now on sets it again.
        Interlocked.Exchange(ref _hasPosted, 0);

        // What is posted meanwhile waits for the next round, so that events get their turn.
        for (var left = _posted.Count; left > 0 && _posted.TryDequeue(out var item); left--)
        {
            try
            {
                item.Execute();
            }
#pragma warning disable CA1031 // As in Dispatch.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.LoopFaulted(_logger, Name, exception);
            }
        }

        if (!_posted.IsEmpty)
        {
            Volatile.Write(ref _hasPosted, 1);
        }
    }

    private void End()
    {
        _stopping = true;
        for (var index = 0; index < _handlers.Used; index++)
        {
            try
            {
                _handlers.Lose(index);
            }
#pragma warning disable CA1031 // A handler that throws even here must not keep the others from being told.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.LoopFaulted(_logger, Name, exception);
            }
        }

        _ended.SetResult();
        RunPostedOnThreadPool();
        Discard();
    }

    private void RunPostedOnThreadPool()
    {
        while (_posted.TryDequeue(out var item))
        {
            ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        }
    }
}
