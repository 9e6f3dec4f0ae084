using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PipeServer.Http.Hpack;

/// <summary>
/// The fields that a client has had noted (RFC 7541 §2.3.2): a ring of their places, and one buffer with their bytes, which is compacted when its end is
/// reached. Both grow with what the client notes. Not thread-safe.
/// </summary>
internal sealed class DynamicTable
{
    /// <summary>The most that it may hold, which is the default of SETTINGS_HEADER_TABLE_SIZE.</summary>
    public const int MaxSize = 4096;

    private const int Overhead = 32; // RFC 7541 §4.1
    private const int LeastFields = 8;
    private const int LeastBytes = 256;
    private const int MostBytes = MaxSize * 3 / 2; // a third is free whenever it is compacted, so that this happens once in many fields
    private const int KeptBytes = 1024;

    private HpackField[] _ring = []; // a power of two
    private int _oldest;
    private int _count;
    private byte[] _bytes = [];
    private int _end;
    private int _size;
    private int _limit = MaxSize;

    /// <summary>What the fields lie in, until the next one is added.</summary>
    public byte[] Bytes => _bytes;

    /// <summary>How many fields there are.</summary>
    public int Count => _count;

    /// <summary>The size as RFC 7541 §4.1 counts it.</summary>
    public int Size => _size;

    /// <summary>A field; the newest is 0.</summary>
    public ref readonly HpackField this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            Debug.Assert((uint)index < (uint)_count, "Nobody asks for one that is not there.");
            return ref _ring[(_oldest + _count - 1 - index) & (_ring.Length - 1)];
        }
    }

    /// <summary>Sets what it may hold, at most <see cref="MaxSize"/>.</summary>
    public void SetLimit(int limit)
    {
        _limit = limit;
        Evict(0);
    }

    /// <summary>Adds a field. One that is too large empties the table (RFC 7541 §4.4).</summary>
    /// <param name="bytes">Name and value; not in the table's own bytes.</param>
    /// <param name="field">The lengths and the judgement.</param>
    public void Add(ReadOnlySpan<byte> bytes, in HpackField field)
    {
        var size = bytes.Length + Overhead;
        Evict(size);
        if (size > _limit)
        {
            return;
        }

        if (_bytes.Length - _end < bytes.Length)
        {
            MakeRoom(bytes.Length);
        }

        if (_count == _ring.Length)
        {
            GrowRing();
        }

        bytes.CopyTo(_bytes.AsSpan(_end));
        _ring[(_oldest + _count++) & (_ring.Length - 1)] = field with { Start = _end };
        _end += bytes.Length;
        _size += size;
    }

    /// <summary>Forgets all, for another client; keeps no more than an ordinary client needs.</summary>
    public void Reset()
    {
        (_oldest, _count, _end, _size, _limit) = (0, 0, 0, 0, MaxSize);
        if (_bytes.Length > KeptBytes)
        {
            (_ring, _bytes) = ([], []);
        }
    }

    private void Evict(int wanted)
    {
        while (_count > 0 && _size + wanted > _limit)
        {
            _size -= _ring[_oldest].Length + Overhead;
            _oldest = (_oldest + 1) & (_ring.Length - 1); // a place of the ring: a count of all that were forgotten would overflow
            _count--;
        }

        if (_count == 0)
        {
            (_oldest, _end) = (0, 0);
        }
    }

    private void MakeRoom(int length)
    {
        var start = _count == 0 ? _end : this[_count - 1].Start;
        var live = _end - start;
        var target = _bytes;
        if (live + length > _bytes.Length - (_bytes.Length / 4))
        {
            target = new byte[Math.Min(MostBytes, Math.Max(LeastBytes, Math.Max(live + length, _bytes.Length) * 2))];
        }

        _bytes.AsSpan(start, live).CopyTo(target);
        (_bytes, _end) = (target, live);
        for (var place = _oldest; place < _oldest + _count; place++)
        {
            ref var field = ref _ring[place & (_ring.Length - 1)];
            field = field with { Start = field.Start - start };
        }
    }

    private void GrowRing()
    {
        var larger = new HpackField[Math.Max(LeastFields, _ring.Length * 2)];
        for (var place = 0; place < _count; place++)
        {
            larger[place] = _ring[(_oldest + place) & (_ring.Length - 1)];
        }

        (_ring, _oldest) = (larger, 0);
    }
}
