namespace PipeServer.Transport.Epoll;

/// <summary>
/// A few descriptors kept for the runtime. When the process has none left, a new thread of its pool cannot be made, and the
/// runtime ends the process ("Out of memory"). So an accept that finds none gives these back, and nothing is accepted until
/// they can be taken again. Used by one accept at a time.
/// </summary>
internal sealed class DescriptorReserve
{
    // Two for a thread, and a file or an assembly that is opened beside it.
    private const int Size = 8;

    private readonly Descriptor[] _held = new Descriptor[Size];
    private int _count;

    /// <summary>Takes what is missing. Returns 0, or a negated error number: then it holds nothing.</summary>
    public int Fill()
    {
        while (_count < Size)
        {
            var result = EventCalls.EventFd(out var descriptor);
            if (result < 0)
            {
                Release();
                return result;
            }

            _held[_count++] = descriptor;
        }

        return 0;
    }

    /// <summary>Gives all of them back to the process.</summary>
    public void Release()
    {
        while (_count > 0)
        {
            _held[--_count].Dispose();
        }
    }
}
