namespace PipeServer.Transport;

/// <summary>
/// Something that has ended and stays so: a mark that costs nothing to look at, and a token whose source is made for whoever asks first; most never do. From
/// any thread. A mutable struct: it must be a field.
/// </summary>
internal struct EndSignal
{
    private CancellationTokenSource? _source;
    private int _isSet; // 1: set

    /// <summary>It is set.</summary>
    public readonly bool IsSet => Volatile.Read(in _isSet) != 0;

    /// <summary>Cancelled once it is set. To be forgotten with <see cref="Reset"/>.</summary>
    public CancellationToken Token
    {
        get
        {
            if (Volatile.Read(ref _source) is null && !IsSet)
            {
                Interlocked.CompareExchange(ref _source, new CancellationTokenSource(), null);
                if (IsSet)
                {
                    Cancel(_source); // set a moment ago, by somebody who may not have seen the source
                }
            }

            return Volatile.Read(ref _source)?.Token ?? new CancellationToken(canceled: true);
        }
    }

    /// <summary>Sets it; callbacks of its token are handlers', and run on the thread pool. Never throws.</summary>
    public void Set()
    {
        // A fence too: either this sees the source, or its maker sees that it is set.
        if (Interlocked.Exchange(ref _isSet, 1) == 0)
        {
            Cancel(Volatile.Read(ref _source));
        }
    }

    /// <summary>Makes it ready for another owner. The source is not reused: a handler of the last one may still hold its token.</summary>
    public void Reset()
    {
        _source = null;
        _isSet = 0;
    }

    private static void Cancel(CancellationTokenSource? source)
    {
        try
        {
            _ = source?.CancelAsync();
        }
        catch (OutOfMemoryException)
        {
            // The system has no thread for the pool: the token is cancelled, reads and writes tell of the end, but the callbacks wait for a thread. An abort
            // goes on: there is a connection to end.
        }
    }
}
