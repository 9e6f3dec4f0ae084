using System.Buffers;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// The data of a connection that is decrypted and not consumed, in one pooled array that is held no longer than there is some. A mutable struct: it must
/// be a field.
/// </summary>
internal struct PlaintextBuffer
{
    // As much as a record can hold, so that one that comes first is always taken whole.
    private const int UsualBytes = RecordHeader.MaxDataBytes;

    // A rest of no more than this is moved to an array of this length before a wait.
    private const int SmallBytes = 4 * 1024;

    // Less room than that is not worth a call.
    private const int MinRoom = 1024;

    private int _end;

    /// <summary>Holds the data; null when there is none, and no room was asked for.</summary>
    public byte[]? Array { get; private set; }

    /// <summary>Where it starts.</summary>
    public int Start { get; private set; }

    /// <summary>How much there is.</summary>
    public readonly int Length => _end - Start;

    public readonly bool IsEmpty => _end == Start;

    /// <summary>The data.</summary>
    public readonly ReadOnlySequence<byte> Data => Array is null ? default : new ReadOnlySequence<byte>(Array, Start, Length);

    /// <summary>Room for more behind it: never none. Data that was shown to somebody may have moved.</summary>
    public Span<byte> MakeRoom()
    {
        if (Array is null)
        {
            Array = ArrayPool<byte>.Shared.Rent(UsualBytes);
        }
        else if (Array.Length - _end < MinRoom)
        {
            MakeMoreRoom(Array);
        }

        return Array.AsSpan(_end);
    }

    /// <summary>So much of the room was written.</summary>
    public void Advance(int count)
    {
        _end += count;
        ReturnIfEmpty();
    }

    /// <summary>Data is consumed, and examined, up to positions of <see cref="Data"/>; true when some is not examined.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A position lies in something else, or not in this order.</exception>
    public bool Consume(SequencePosition consumed, SequencePosition examined)
    {
        if (Array is null)
        {
            return false; // there was nothing, and so are the positions
        }

        var (consumedAt, examinedAt) = (IndexOf(consumed), IndexOf(examined));
        if (consumedAt < Start || examinedAt < consumedAt || examinedAt > _end)
        {
            throw new ArgumentOutOfRangeException(
                nameof(consumed), $"Consumed {consumedAt} and examined {examinedAt} must lie in this order between {Start} and {_end}.");
        }

        var hasUnexamined = examinedAt < _end;
        DropTo(consumedAt);
        ReturnIfEmpty();
        return hasUnexamined;
    }

    /// <summary>What lies before this place in the array is consumed. The array is kept: somebody may still look at it.</summary>
    public void DropTo(int start) => Start = start;

    /// <summary>Drops all of it.</summary>
    public void Clear()
    {
        _end = Start;
        ReturnIfEmpty();
    }

    /// <summary>Before a wait, which may be long: a little data needs little memory.</summary>
    public void Shrink()
    {
        ReturnIfEmpty();
        if (Array is { Length: > SmallBytes } array && Length <= SmallBytes)
        {
            Move(array, SmallBytes);
        }
    }

    // The sign bit marks an end.
    private readonly int IndexOf(SequencePosition position) =>
        position.GetObject() == Array
            ? position.GetInteger() & int.MaxValue
            : throw new ArgumentOutOfRangeException(nameof(position), "The position is not one of the last result's buffer.");

    private void MakeMoreRoom(byte[] array)
    {
        if (Length > array.Length / 2)
        {
            Move(array, Math.Max(UsualBytes, 2 * array.Length));
            return;
        }

        array.AsSpan(Start, Length).CopyTo(array);
        (Start, _end) = (0, Length);
    }

    private void Move(byte[] array, int length)
    {
        var other = ArrayPool<byte>.Shared.Rent(length);
        array.AsSpan(Start, Length).CopyTo(other);
        ArrayPool<byte>.Shared.Return(array);
        (Array, Start, _end) = (other, 0, Length);
    }

    private void ReturnIfEmpty()
    {
        if (IsEmpty && Array is { } array)
        {
            (Array, Start, _end) = (null, 0, 0);
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
