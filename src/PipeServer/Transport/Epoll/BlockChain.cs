using System.Buffers;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// The bytes that a connection has in hand, in pinned blocks one behind the other: from the first byte that is still needed to the
/// last one that was written. A mutable struct: it must be a field.
/// </summary>
internal struct BlockChain
{
    private PinnedBlock? _last; // null while there is one block, as nearly always: then it is the head, and one reference is all that is written
    private int _headStart;
    private int _tailEnd;

    /// <summary>The block of the first byte; null when no block is held.</summary>
    public PinnedBlock? Head { get; private set; }

    /// <summary>The block of the last byte.</summary>
    public readonly PinnedBlock? Tail => _last ?? Head;

    /// <summary>True when there are no bytes, whether or not a block is held.</summary>
    public readonly bool IsEmpty => _headStart == _tailEnd && IsSingle;

    /// <summary>True when there is one block, or none.</summary>
    public readonly bool IsSingle => _last is null;

    /// <summary>How many bytes there are in a chain of one block.</summary>
    public readonly int Length => _tailEnd - _headStart;

    /// <summary>How many bytes can be written behind the last one, into its block.</summary>
    public readonly int Room => Tail is { } tail ? tail.Capacity - _tailEnd : 0;

    /// <summary>That room.</summary>
    public readonly Memory<byte> Free => Tail!.Slice(_tailEnd);

    /// <summary>The same, to be written into at once.</summary>
    public readonly Span<byte> FreeSpan => Tail!.SpanFrom(_tailEnd);

    /// <summary>The address of that room.</summary>
    // SAFETY: the block is pinned and the chain's alone; callers stay within Room.
    public readonly unsafe byte* FreeStart => Tail!.Start + _tailEnd;

    /// <summary>All bytes, of a chain that has a block.</summary>
    public readonly ReadOnlySequence<byte> Bytes => new(Head!, _headStart, Tail!, _tailEnd);

    /// <summary>The place of the first byte, in the numbering of <see cref="IndexOf"/>.</summary>
    public readonly long Start => Head is null ? 0 : Head.RunningIndex + _headStart;

    /// <summary>The place behind the last byte.</summary>
    public readonly long End => Tail is null ? 0 : Tail.RunningIndex + _tailEnd;

    /// <summary>The place that a position of <see cref="Bytes"/> stands for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is a position in something else.</exception>
    public static long IndexOf(SequencePosition position) =>
        position.GetObject() is PinnedBlock block
            ? block.RunningIndex + position.GetInteger()
            : throw new ArgumentOutOfRangeException(nameof(position), "The position is not one of the last result's buffer.");

    /// <summary>Where the bytes of a block of the chain start, and where they end.</summary>
    public readonly (int Start, int End) Extent(PinnedBlock block) =>
        (block == Head ? _headStart : 0, block == Tail ? _tailEnd : block.Memory.Length);

    /// <summary>Adds a block to be written into.</summary>
    public void Append(PinnedBlock block)
    {
        if (Head is null)
        {
            Head = block;
            _headStart = _tailEnd = 0;
            return;
        }

        Tail!.Append(block, _tailEnd);
        _last = block;
        _tailEnd = 0;
    }

    /// <summary>Drops all bytes of a chain of one block, which stays its owner's and is not given back.</summary>
    public void LetGo()
    {
        Head = null;
        _headStart = _tailEnd = 0;
    }

    /// <summary>Notes how many bytes were written into the room.</summary>
    public void Advance(int bytes) => _tailEnd += bytes;

    /// <summary>Drops bytes from the front, fewer than there are, and gives back the blocks that held nothing else.</summary>
    public void Drop(long bytes)
    {
        // Behind a block's last byte is the next one's first.
        while (Head != Tail && bytes >= Head!.Memory.Length - _headStart)
        {
            bytes -= Head.Memory.Length - _headStart;
            var block = Head;
            MoveTo(block.NextBlock);
            _headStart = 0;
            block.Return();
        }

        _headStart += (int)bytes;
    }

    /// <summary>Drops what a reader of <see cref="Bytes"/> has consumed. Keeps a block.</summary>
    /// <returns>True when the reader has not examined all.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A position lies in something else, or not in this order.</exception>
    public bool Consume(SequencePosition consumed, SequencePosition examined)
    {
        var (start, end) = (Start, End);
        var consumedAt = IndexOf(consumed);
        var examinedAt = IndexOf(examined);
        if (consumedAt < start || examinedAt < consumedAt || examinedAt > end)
        {
            throw new ArgumentOutOfRangeException(
                nameof(consumed), $"Consumed {consumedAt} and examined {examinedAt} must lie in this order between {start} and {end}.");
        }

        if (consumedAt == end)
        {
            Clear();
        }
        else
        {
            Drop(consumedAt - start);
        }

        return examinedAt < end;
    }

    /// <summary>Drops all bytes; keeps one block for the next.</summary>
    public void Clear()
    {
        ReturnBefore(Tail);
        Head!.Reset();
        _headStart = _tailEnd = 0;
    }

    /// <summary>Drops all bytes, and gives back every block.</summary>
    public void Return()
    {
        if (Head is not { } block)
        {
            return;
        }

        if (IsSingle)
        {
            LetGo();
            block.Return();
        }
        else
        {
            ReturnBefore(end: null);
            _headStart = _tailEnd = 0;
        }
    }

    /// <summary>Gives back a block without bytes, if there is one.</summary>
    public void ReturnIfEmpty()
    {
        if (Head is not null && IsEmpty)
        {
            Return();
        }
    }

    /// <summary>Sends from the front what the system takes of it, with one call; how much, or a negated error number.</summary>
    // SAFETY: the block is pinned and the chain's alone, and the bytes between the two marks were written.
    public readonly unsafe int SendTo(int descriptor, bool isMoreToCome) => IsSingle
        ? Libc.Send(descriptor, Head!.Start + _headStart, _tailEnd - _headStart, isMoreToCome)
        : SendManyTo(descriptor, isMoreToCome);

    // SAFETY: as in SendTo, for every block of the chain; the pieces live on this stack frame for the whole call.
    private readonly unsafe int SendManyTo(int descriptor, bool isMoreToCome)
    {
        var pieces = stackalloc Libc.Piece[Libc.MaxPieces];
        var count = 0;
        for (var block = Head; block is not null && count < Libc.MaxPieces; block = block.NextBlock)
        {
            var (start, end) = Extent(block);
            pieces[count++] = new Libc.Piece { Start = block.Start + start, Length = (nuint)(end - start) };
        }

        return Libc.SendMessage(descriptor, pieces, count, isMoreToCome);
    }

    private void ReturnBefore(PinnedBlock? end)
    {
        while (Head is { } block && block != end)
        {
            MoveTo(block.NextBlock);
            block.Return();
        }
    }

    private void MoveTo(PinnedBlock? next)
    {
        Head = next;
        if (next is null || next == _last)
        {
            _last = null;
        }
    }
}
