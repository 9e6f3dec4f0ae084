using System.Buffers;

namespace PipeServer.Server.Http2;

/// <summary>
/// What has come of a body and is not consumed yet, in pooled arrays; all places in it count from the body's first byte. Not thread-safe, but for one
/// thing: what <see cref="Unread"/> has returned may be read while more is appended.
/// </summary>
internal sealed class DataBuffer
{
    // A small body has an array of its size, a long one arrays as long as the frames that most clients send.
    private const int LeastFirst = 512;
    private const int LeastNext = 4096;
    private const int Most = 16384;

    // As many as a window of the usual size fills.
    private const int MostSpares = 16;

    private DataSegment? _head;
    private DataSegment? _tail;
    private DataSegment? _spares;
    private int _spareCount;

    /// <summary>Where what is unread begins.</summary>
    public long Start { get; private set; }

    /// <summary>Where it ends.</summary>
    public long End { get; private set; }

    /// <summary>All that is not consumed.</summary>
    public ReadOnlySequence<byte> Unread => _head is null
        ? ReadOnlySequence<byte>.Empty
        : new ReadOnlySequence<byte>(_head, (int)(Start - _head.RunningIndex), _tail!, (int)(End - _tail!.RunningIndex));

    public void Append(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            var at = _tail is null ? 0 : (int)(End - _tail.RunningIndex);
            if (_tail is null || at == _tail.Capacity)
            {
                Extend(data.Length);
                at = 0;
            }

            var free = _tail!.From(at);
            var taken = Math.Min(free.Length, data.Length);
            data[..taken].CopyTo(free);
            data = data[taken..];
            End += taken;
        }
    }

    /// <summary>Where a position is that somebody has from <see cref="Unread"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is none of what is unread.</exception>
    public long PlaceOf(SequencePosition position)
    {
        var place = position.GetObject() switch
        {
            DataSegment segment => segment.RunningIndex + position.GetInteger(),
            null => Start,
            _ => -1,
        };
        return place >= Start && place <= End
            ? place
            : throw new ArgumentOutOfRangeException(nameof(position), "The position is not one of the last result's buffer.");
    }

    /// <summary>What lies before a place is not needed any more.</summary>
    public void ConsumeTo(long place)
    {
        Start = place;
        while (_head is not null && (place >= _head.RunningIndex + _head.Capacity || place == End))
        {
            DropHead(isAbandoned: false);
        }
    }

    /// <summary>Begins another body.</summary>
    public void Restart()
    {
        Clear(isAbandoned: false);
        Start = End = 0;
    }

    /// <summary>Gives back what is unread; the places stay.</summary>
    /// <param name="isAbandoned">Somebody may still look into it.</param>
    public void Clear(bool isAbandoned)
    {
        while (_head is not null)
        {
            DropHead(isAbandoned);
        }
    }

    private void Extend(int bytes)
    {
        var segment = _spares;
        if (segment is null)
        {
            segment = new DataSegment();
        }
        else
        {
            _spares = segment.Following;
            segment.Following = null;
            _spareCount--;
        }

        segment.Rent(Math.Clamp(bytes, _tail is null ? LeastFirst : LeastNext, Most), End);
        if (_tail is null)
        {
            _head = segment;
        }
        else
        {
            _tail.Following = segment;
        }

        _tail = segment;
    }

    private void DropHead(bool isAbandoned)
    {
        var segment = _head!;
        _head = segment.Following;
        _tail = _head is null ? null : _tail;
        segment.Release(isAbandoned);
        if (!isAbandoned && _spareCount < MostSpares)
        {
            segment.Following = _spares;
            _spares = segment;
            _spareCount++;
        }
    }
}
