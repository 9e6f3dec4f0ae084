using System.Buffers;

namespace PipeServer.Server.Http2;

/// <summary>
/// The open streams of a connection by their numbers. The owner's; other threads may look at <see cref="Snapshot"/>, and find a stream that has just ended, or
/// one of another connection: the array is shared.
/// </summary>
internal sealed class StreamTable
{
    private const int Smallest = 16; // the pool has no smaller ones

    private Http2Stream?[] _slots = []; // open addressing, a power of two, at most half full
    private int _displaced; // how many are not in the place of their number: none, as long as numbers follow each other and their streams end

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The stream, or null.</summary>
    public Http2Stream? Find(int id)
    {
        var slots = _slots;
        if (slots.Length == 0)
        {
            return null;
        }

        var mask = slots.Length - 1;
        for (var at = HomeOf(id, mask); slots[at] is { } stream; at = (at + 1) & mask)
        {
            if (stream.Id == id)
            {
                return stream;
            }
        }

        return null;
    }

    /// <summary>Adds one.</summary>
    public void Add(Http2Stream stream)
    {
        if (Count * 2 >= _slots.Length)
        {
            Grow();
        }

        Put(_slots, stream);
        Count++;
    }

    /// <summary>Takes one out, and closes the gap behind it.</summary>
    public void Remove(int id)
    {
        var (slots, mask) = (_slots, _slots.Length - 1);
        var at = HomeOf(id, mask);
        while (slots[at] is { } stream && stream.Id != id)
        {
            at = (at + 1) & mask;
        }

        if (slots[at] is null)
        {
            return;
        }

        slots[at] = null;
        Count--;
        if (at != HomeOf(id, mask))
        {
            _displaced--;
        }

        if (_displaced > 0)
        {
            CloseGap(slots, at);
        }
    }

    /// <summary>Gives back what the streams have needed; while there is none.</summary>
    public void Release()
    {
        if (_slots.Length > Smallest)
        {
            ArrayPool<Http2Stream?>.Shared.Return(_slots);
            Volatile.Write(ref _slots, []);
        }
    }

    /// <summary>All of them, with gaps. From any thread: what has just ended may be among them, and what is another connection's.</summary>
    public ReadOnlySpan<Http2Stream?> Snapshot => Volatile.Read(ref _slots);

    private void Grow()
    {
        var slots = _slots;
        var larger = ArrayPool<Http2Stream?>.Shared.Rent(Math.Max(Smallest, slots.Length * 2)); // of a power of two, as that pool's all are
        _displaced = 0;
        foreach (var other in slots)
        {
            if (other is not null)
            {
                Put(larger, other);
            }
        }

        Volatile.Write(ref _slots, larger);
        if (slots.Length > 0)
        {
            ArrayPool<Http2Stream?>.Shared.Return(slots, clearArray: true);
        }
    }

    private static int HomeOf(int id, int mask) => (id >> 1) & mask;

    private void CloseGap(Http2Stream?[] slots, int gap)
    {
        var mask = slots.Length - 1;
        for (var next = (gap + 1) & mask; slots[next] is { } moved; next = (next + 1) & mask)
        {
            if (next != HomeOf(moved.Id, mask))
            {
                slots[next] = null;
                _displaced--;
                Put(slots, moved);
            }
        }
    }

    private void Put(Http2Stream?[] slots, Http2Stream stream)
    {
        var mask = slots.Length - 1;
        var home = HomeOf(stream.Id, mask);
        var at = home;
        while (slots[at] is not null)
        {
            at = (at + 1) & mask;
        }

        slots[at] = stream;
        if (at != home)
        {
            _displaced++;
        }
    }
}
