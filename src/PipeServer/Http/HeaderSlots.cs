using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace PipeServer.Http;

/// <summary>
/// Arrays for the fields of a head, shared by all connections: those that wait hold none. Any thread may rent and return; an array may go back
/// on another thread than it was rented on.
/// </summary>
/// <remarks>
/// Each thread has a stack of its own. Where requests are parsed on one thread and answered on another, arrays go one way: a thread whose stack is
/// full passes it on as it is, and one whose stack is empty takes a full one, so that one exchange serves many requests. What is kept is bounded: one
/// stack for a thread, and <see cref="MostShared"/> for all together; what is beyond that is left to the collector.
/// </remarks>
internal static class HeaderSlots
{
    /// <summary>How many fields an ordinary one has room for: nearly every head fits, a browser's with its 17 fields too.</summary>
    public const int Usual = 32;

    // Full stacks, and as many empty ones: 41 KB.
    private const int MostShared = 4;

    [ThreadStatic]
    private static Stack? _own;

    /// <summary>The array of a head that begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HeaderField[] Rent() => _own is { IsEmpty: false } own ? own.Take() : RentShared();

    /// <summary>A larger one, with the fields of one that is full. That one has gone back.</summary>
    public static HeaderField[] Grow(HeaderField[] full)
    {
        var larger = Larger.Pool.Rent(full.Length * 2);
        full.CopyTo(larger, 0);
        Return(full);
        return larger;
    }

    /// <summary>Takes an array back, which nobody uses any more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Return(HeaderField[] slots)
    {
        if (slots.Length == Usual && _own is { IsFull: false } own)
        {
            own.Keep(slots);
        }
        else
        {
            ReturnOther(slots);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static HeaderField[] RentShared()
    {
        if (Shared.TakeFull(_own) is { } full)
        {
            _own = full;
            return full.Take();
        }

        return new HeaderField[Usual];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReturnOther(HeaderField[] slots)
    {
        if (slots.Length == Usual)
        {
            _own = Shared.TakeEmpty(_own);
            _own.Keep(slots);
        }
        else if (slots.Length > Usual)
        {
            Larger.Pool.Return(slots);
        }
    }

    // Of one thread at a time. A place is not emptied when its array is taken: the one that comes back next is mostly the same, and what need not
    // be written costs no write barrier.
    private sealed class Stack
    {
        private const int Most = 16;

        private readonly Place[] _places = new Place[Most];
        private int _count;

        public bool IsEmpty => _count == 0;

        public bool IsFull => _count == Most;

        public HeaderField[] Take() => _places[--_count].Slots!;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Keep(HeaderField[] slots)
        {
            ref var place = ref _places[_count++];
            if (place.Slots != slots)
            {
                place.Slots = slots;
            }
        }

        // An array of arrays asks at each write whether it may hold what is written.
        private struct Place
        {
            public HeaderField[]? Slots;
        }
    }

    // Apart, so that no look at a thread's own stack has to ask whether this is there. Queues without locks: two threads that come at once may keep
    // one stack more than told.
    private static class Shared
    {
        private static readonly ConcurrentQueue<Stack> Full = new();
        private static readonly ConcurrentQueue<Stack> Empty = new();

        /// <summary>A full stack in the place of an empty one, or of none; null, and nothing is exchanged, when there is none that is full.</summary>
        public static Stack? TakeFull(Stack? empty)
        {
            if (!Full.TryDequeue(out var full))
            {
                return null;
            }

            Put(Empty, empty);
            return full;
        }

        /// <summary>An empty stack in the place of a full one, or of none.</summary>
        public static Stack TakeEmpty(Stack? full)
        {
            Put(Full, full);
            return Empty.TryDequeue(out var empty) ? empty : new Stack();
        }

        private static void Put(ConcurrentQueue<Stack> stacks, Stack? stack)
        {
            if (stack is not null && stacks.Count < MostShared)
            {
                stacks.Enqueue(stack);
            }
        }
    }

    private static class Larger
    {
        // More fields than a head may have by default; 240 KB altogether.
        public static readonly ArrayPool<HeaderField> Pool = ArrayPool<HeaderField>.Create(maxArrayLength: 128, maxArraysPerBucket: 64);
    }
}
