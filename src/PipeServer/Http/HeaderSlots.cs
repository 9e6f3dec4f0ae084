using System.Buffers;

namespace PipeServer.Http;

/// <summary>
/// Arrays for the fields of a head, shared by all connections: those that wait hold none. Any thread may rent and return; an array may go back
/// on another thread than it was rented on.
/// </summary>
/// <remarks>
/// Each thread keeps two, for a request and its response. Where requests are parsed on one thread and answered on another, arrays go one way,
/// through a pool that is bounded too.
/// </remarks>
internal static class HeaderSlots
{
    /// <summary>How many fields an ordinary one has room for: nearly every head fits, a browser's with its 17 fields too.</summary>
    public const int Usual = 32;

    [ThreadStatic]
    private static HeaderField[]? _first;
    [ThreadStatic]
    private static HeaderField[]? _second;

    /// <summary>The array of a head that begins.</summary>
    public static HeaderField[] Rent()
    {
        if (_first is { } first)
        {
            _first = null;
            return first;
        }

        if (_second is { } second)
        {
            _second = null;
            return second;
        }

        return Pool.Shared.Rent(Usual);
    }

    /// <summary>A larger one, with the fields of one that is full. That one has gone back.</summary>
    public static HeaderField[] Grow(HeaderField[] full)
    {
        var larger = Pool.Shared.Rent(full.Length * 2);
        full.CopyTo(larger, 0);
        Return(full);
        return larger;
    }

    /// <summary>Takes an array back, which nobody uses any more.</summary>
    public static void Return(HeaderField[] slots)
    {
        if (slots.Length == Usual)
        {
            if (_first is null)
            {
                _first = slots;
                return;
            }

            if (_second is null)
            {
                _second = slots;
                return;
            }
        }

        Pool.Shared.Return(slots);
    }

    // Apart, so that no look at a thread's own arrays has to ask whether it is there. Not the runtime's shared pool: that takes a monitor for each
    // array that changes threads, which costs several times as much.
    private static class Pool
    {
        // More fields than a head may have by default; 280 KB altogether. What is beyond it is left to the collector.
        public static readonly ArrayPool<HeaderField> Shared = ArrayPool<HeaderField>.Create(maxArrayLength: 128, maxArraysPerBucket: 64);
    }
}
