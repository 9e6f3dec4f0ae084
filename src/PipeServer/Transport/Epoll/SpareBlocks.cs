namespace PipeServer.Transport.Epoll;

/// <summary>
/// Up to two small blocks of one thread, the last one given back on top. Not thread-safe: a thread has its own.
/// </summary>
/// <remarks>
/// A place is not emptied when its block is taken: the block that comes back next is mostly the same, and what need not be written costs no
/// write barrier. Until then the thread keeps the taken block from the garbage collector, two at most.
/// </remarks>
internal sealed class SpareBlocks
{
    private PinnedBlock? _first;
    private PinnedBlock? _second;
    private int _count;

    /// <summary>True when there is nothing to take.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Takes a block; there must be one.</summary>
    public PinnedBlock Take() => --_count == 0 ? _first! : _second!;

    /// <summary>Keeps a block; false when there are two already.</summary>
    public bool TryKeep(PinnedBlock block)
    {
        if (_count == 0)
        {
            _count = 1;
            if (_first != block)
            {
                _first = block;
            }

            return true;
        }

        return TryKeepSecond(block);
    }

    private bool TryKeepSecond(PinnedBlock block)
    {
        if (_count == 2)
        {
            return false;
        }

        _count = 2;
        if (_second != block)
        {
            _second = block;
        }

        return true;
    }
}
