namespace PipeServer.Server.Http2;

/// <summary>
/// The window of a connection as its receiver counts it (RFC 9113 §5.2.1). The owner of the connection's output takes frames and sends updates; whoever
/// reads a body gives back from any thread.
/// </summary>
/// <remarks>
/// An update is due once what was given back is at least what the client may still send: half the window where everything is read at once, and sooner where
/// bodies that nobody reads hold a part of it, so that those which are read never wait for the others. With nothing left any byte is due.
/// </remarks>
internal sealed class ConnectionWindow
{
    private int _left; // written by the owner only
    private int _released;
    private long _updatedAt; // a timestamp; 0: no update yet

    /// <summary>How much may be on its way or unread, in bytes.</summary>
    public int Size { get; private set; }

    /// <summary>How much the client may still send.</summary>
    public int Left => Volatile.Read(ref _left);

    /// <summary>How much more it could be allowed.</summary>
    public int Released => Volatile.Read(ref _released);

    /// <summary>A new connection: the client has what the standard gives it, and the first update tells the rest.</summary>
    public void Start(int size)
    {
        Size = size;
        _updatedAt = 0;
        _left = FlowControl.StandardWindow;
        _released = size - FlowControl.StandardWindow;
    }

    /// <summary>Takes a frame's payload, padding included; false where it is more than the client may send. The owner only.</summary>
    public bool TryTake(int bytes)
    {
        if (bytes > _left)
        {
            return false;
        }

        Volatile.Write(ref _left, _left - bytes);
        return true;
    }

    /// <summary>Something has been read, or is not to be read by anybody. From any thread.</summary>
    /// <returns>True when an update is due: whoever is not the owner signals it.</returns>
    // Interlocked here and in TakeUpdate: of a release and a frame at the same time, one of both sides sees the other.
    public bool Release(int bytes) => Interlocked.Add(ref _released, bytes) >= Volatile.Read(ref _left);

    /// <summary>
    /// What the client is to be told now that it may send in addition; 0: nothing. The owner only, after each batch of frames and each signal.
    /// </summary>
    /// <param name="growth">Makes the window larger where that pays; null: it stays as it is.</param>
    /// <param name="time">The server's clock; only with a growth.</param>
    public int TakeUpdate(WindowGrowth? growth = null, TimeProvider? time = null)
    {
        Interlocked.MemoryBarrier();
        if (Released is var due && (due == 0 || due < _left))
        {
            return 0;
        }

        var released = Interlocked.Exchange(ref _released, 0);
        if (growth is not null)
        {
            released += Grow(growth, released, time!.GetTimestamp());
        }

        Volatile.Write(ref _left, _left + released);
        return released;
    }

    // Also where bodies that nobody reads hold most of it: the others are not to be slowed down by that.
    private int Grow(WindowGrowth growth, int released, long timestamp)
    {
        var before = Size;
        Size = growth.NewSize(before, released, _updatedAt, timestamp, FlowControl.MaxConnectionWindow);
        if (before - _left - released > before / 2)
        {
            Size = Math.Min(before * 2, FlowControl.MaxConnectionWindow);
        }

        _updatedAt = timestamp;
        return Size - before;
    }
}
