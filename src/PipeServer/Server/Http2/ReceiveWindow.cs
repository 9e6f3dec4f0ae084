namespace PipeServer.Server.Http2;

/// <summary>
/// The window of one stream as its receiver counts it (RFC 9113 §5.2): what the client may still send, and what has been read since it was last told that it
/// may send more. What is neither lies unread, so it never exceeds the size.
/// </summary>
/// <param name="size">How much may be on its way or unread, in bytes.</param>
internal struct ReceiveWindow(int size)
{
    private long _updatedAt; // a timestamp; 0: no update yet

    /// <summary>How much may be on its way or unread.</summary>
    public int Size { get; private set; } = size;

    /// <summary>How much the client may still send.</summary>
    public int Left { get; private set; } = size;

    /// <summary>How much more it could be allowed.</summary>
    public int Released { get; private set; }

    /// <summary>It is worth a frame: half the window. Earlier ones would be many and small, a later one would let the client wait.</summary>
    public readonly bool IsUpdateDue => Released >= Size / 2;

    /// <summary>Takes a frame's payload, padding included; false where it is more than the client may send.</summary>
    public bool TryTake(int bytes)
    {
        if (bytes > Left)
        {
            return false;
        }

        Left -= bytes;
        return true;
    }

    /// <summary>Something has been read, or is not to be read by anybody.</summary>
    public void Release(int bytes) => Released += bytes;

    /// <summary>What the client is told now that it may send in addition.</summary>
    /// <param name="growth">Makes the window larger where that pays; null: it stays as it is.</param>
    /// <param name="timestamp">The time, by the server's <see cref="TimeProvider"/>; only with a growth.</param>
    public int TakeUpdate(WindowGrowth? growth = null, long timestamp = 0)
    {
        if (growth is not null)
        {
            var before = Size;
            Size = growth.NewSize(before, Released, _updatedAt, timestamp, FlowControl.MaxStreamWindow);
            Released += Size - before;
            _updatedAt = timestamp;
        }

        var bytes = Released;
        Left += bytes;
        Released = 0;
        return bytes;
    }
}
