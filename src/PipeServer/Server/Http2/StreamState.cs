using PipeServer.Http;

namespace PipeServer.Server.Http2;

/// <summary>
/// What the owner of a connection's output knows of a stream: how far it is, what may be sent on it, and which lists it is in; and how all others call it.
/// </summary>
internal abstract class StreamState(RequestHead head) : Exchange(head)
{
    private const int Quiet = 0;
    private const int Signalled = 1; // on its connection's list
    private const int Free = 2; // carries no request

    private volatile Http2Connection? _carrier;
    private int _aborting; // how many threads are about to
    private int _signal = Free;

    /// <summary>The number of the stream: odd, and larger than of those before it.</summary>
    public int Id { get; private set; }

    /// <summary>The request's method has no body in its answer.</summary>
    public bool IsHeadRequest => Head.Method == RequestMethod.Head;

    /// <summary>What its handler has left behind may still use it: it carries no other request. Set before the handler's side is done.</summary>
    public bool IsLost { get; protected set; }

    /// <summary>How much may be sent on it.</summary>
    public int SendWindow { get; set; }

    /// <summary>END_STREAM has been sent.</summary>
    public bool IsEndSent { get; set; }

    /// <summary>It is in the connection's table.</summary>
    public bool IsOpen { get; set; }

    /// <summary>When its head was complete, by the heartbeat's clock.</summary>
    public long OpenedAt { get; private set; }

    /// <summary>Since when the rest of its body is thrown away, its answer being sent, by the heartbeat's clock; 0: it is not.</summary>
    public long DiscardsSince { get; set; }

    /// <summary>Since when something waits for a window, by the heartbeat's clock; 0 while nothing does.</summary>
    public long StalledAt { get; set; }

    /// <summary>How much was sent since the first wait for a window, and how long it has waited in all, in milliseconds.</summary>
    public (long Sent, long Waited) Stalls { get; set; }

    /// <summary>Somebody waits until the whole answer has been handed to the system, or the stream is gone.</summary>
    public TaskCompletionSource? WholeSent { get; set; }

    /// <summary>How it is sent beside others.</summary>
    public StreamPriority Priority { get; set; }

    /// <summary>It is in the <see cref="SendQueue"/>; with the urgency and the neighbour there.</summary>
    public bool IsQueued { get; set; }

    /// <inheritdoc cref="IsQueued"/>
    public byte QueuedUrgency { get; set; }

    /// <inheritdoc cref="IsQueued"/>
    public Http2Stream? NextToSend { get; set; }

    /// <summary>Its neighbour on the connection's list of those that have signalled, or among those that are kept.</summary>
    public Http2Stream? NextInList { get; set; }

    /// <summary>The connection; null while there is none. From any thread.</summary>
    protected Http2Connection? Carrier => _carrier;

    /// <summary>It carries a request of this connection. From any thread.</summary>
    public bool IsOf(WatchedConnection connection) => _carrier == connection;

    /// <summary>The owner of the connection's output is to look at the stream: there is something to send, or to count. From any thread.</summary>
    public void Signal()
    {
        if (Interlocked.CompareExchange(ref _signal, Signalled, Quiet) == Quiet)
        {
            _carrier!.Push((Http2Stream)this); // it stays the connection's as long as it is on the list
        }
    }

    /// <summary>The same, and the owner looks right here where it is on this thread: in a handler that runs inline.</summary>
    public void Call()
    {
        if (_carrier is { IsOwner: true } connection)
        {
            connection.Look((Http2Stream)this);
        }
        else
        {
            Signal();
        }
    }

    /// <summary>Waits until the whole answer has been handed to the system, or the stream is gone.</summary>
    protected Task WaitUntilSentAsync(TaskCompletionSource whole)
    {
        Call();
        if (((Http2Stream)this).IsGone)
        {
            whole.TrySetResult();
        }

        return whole.Task;
    }

    /// <summary>The owner has taken it from the list, and looks at it.</summary>
    public void TakeSignal() => Interlocked.Exchange(ref _signal, Quiet);

    /// <summary>Somebody is about to abort it, if it is not done: a fence between this and the look whether it is.</summary>
    protected void BeginAbort() => Interlocked.Increment(ref _aborting);

    /// <summary>It is aborted, or is not to be.</summary>
    protected void EndAbort() => Interlocked.Decrement(ref _aborting);

    /// <summary>Behind <see cref="TryFree"/>: whoever aborts it has found that it was not done, and must not meet the next request.</summary>
    protected void AwaitAborts()
    {
        var wait = default(SpinWait);
        while (Volatile.Read(ref _aborting) != 0)
        {
            wait.SpinOnce();
        }
    }

    /// <summary>It carries a request from now on, and can signal.</summary>
    protected void Occupy(Http2Connection connection)
    {
        _carrier = connection;
        Volatile.Write(ref _signal, Quiet);
    }

    /// <summary>It cannot signal any more; false where it is on its connection's list.</summary>
    protected bool TryFree() => Interlocked.CompareExchange(ref _signal, Free, Quiet) != Signalled;

    /// <summary>It is nobody's, once <see cref="TryFree"/> says so.</summary>
    protected void Leave() => _carrier = null;

    /// <summary>A request begins.</summary>
    protected void Begin(int id, int sendWindow, long now) => (Id, SendWindow, OpenedAt) = (id, sendWindow, now);

    /// <summary>It is over.</summary>
    protected void ForgetState()
    {
        IsEndSent = IsOpen = false;
        (StalledAt, DiscardsSince, Stalls) = (0, 0, default);
        WholeSent = null;
    }
}
