namespace PipeServer.Transport.Epoll;

/// <summary>
/// Where an edge-triggered event meets the operation that waits for it: three values, moved by one compare-and-swap.
/// </summary>
/// <remarks>
/// <para>
/// <c>None → Ready</c>: an event came while nobody waited. <c>None → Waiting</c>: the reader, or writer, has parked.
/// <c>Waiting → None</c>: the thread that makes this move, for the event loop, a cancellation or an abort, owns the parked operation, and
/// no other touches it. <c>Ready → None</c>: the event is used up.
/// </para>
/// <para>
/// A signal is a hint, never a promise: one too many costs a call that returns EAGAIN. None may be lost, so the owner
/// clears before it calls the system, not after.
/// </para>
/// </remarks>
internal struct Readiness
{
    private const int None = 0;
    private const int Ready = 1;
    private const int Waiting = 2;

    private int _state;

    /// <summary>An event has come since the last <see cref="TryClear"/>.</summary>
    public readonly bool IsReady => Volatile.Read(in _state) == Ready;

    /// <summary>An event came. True when an operation was parked: the caller owns it now and must go on with it.</summary>
    public bool Signal()
    {
        var state = Volatile.Read(ref _state);
        return state != Ready && ((state == Waiting && TryUnpark()) || SignalAgain());
    }

    /// <summary>Uses up an event; true when there was one. For the owner of the operation only.</summary>
    public bool TryClear() => IsReady && Interlocked.Exchange(ref _state, None) == Ready;

    /// <summary>Parks; false when an event has come in between, and the system must be asked again.</summary>
    public bool TryPark() => Interlocked.CompareExchange(ref _state, Waiting, None) == None;

    /// <summary>Takes over the parked operation; false when there is none, or another thread was faster.</summary>
    public bool TryUnpark() => Interlocked.CompareExchange(ref _state, None, Waiting) == Waiting;

    /// <summary>For a new connection.</summary>
    public void Reset() => Volatile.Write(ref _state, None);

    // The state changes meanwhile, or nobody waits.
    private bool SignalAgain()
    {
        while (true)
        {
            switch (Volatile.Read(ref _state))
            {
                case Ready:
                    return false;
                case Waiting:
                    if (TryUnpark())
                    {
                        return true;
                    }

                    break;
                default:
                    if (Interlocked.CompareExchange(ref _state, Ready, None) == None)
                    {
                        return false;
                    }

                    break;
            }
        }
    }
}
