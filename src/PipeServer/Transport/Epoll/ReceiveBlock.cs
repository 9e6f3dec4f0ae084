namespace PipeServer.Transport.Epoll;

/// <summary>
/// The small block of one event loop into which its connections receive, one after the other: mostly all of it is answered at once, and
/// the next connection gets the same block. One that has something left keeps the block, and the loop gets another. Of the loop's thread.
/// </summary>
internal sealed class ReceiveBlock
{
    private PinnedBlock? _block; // not forgotten while it is lent, to be recognised
    private bool _isLent = true;

    /// <summary>A block to receive into. It belongs to the connection that it is lent to, unless and until that gives it back.</summary>
    public PinnedBlock Lend(PinnedBlockPool blocks)
    {
        if (_isLent)
        {
            _block = blocks.RentSmall(); // the last one was kept, or is still in use further down the stack
        }

        _isLent = true;
        return _block!;
    }

    /// <summary>Gives back a block that is not needed any more; false when the loop has another one by now, and it is the caller's to return.</summary>
    public bool TryTakeBack(PinnedBlock block)
    {
        if (_block != block)
        {
            return false;
        }

        _isLent = false;
        return true;
    }
}
