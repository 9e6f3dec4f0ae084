using System.Buffers;
using System.Diagnostics;

namespace PipeServer.Server.Http2;

/// <summary>
/// A piece of a <see cref="DataBuffer"/>: a pooled array. It is filled to its end before there is another behind it, so its memory never changes while
/// somebody reads a sequence that ends inside it.
/// </summary>
internal sealed class DataSegment : ReadOnlySequenceSegment<byte>
{
    private byte[] _array = [];

    /// <summary>How many bytes fit in.</summary>
    public int Capacity => _array.Length;

    /// <summary>The segment behind it in the chain, or in the list of those that are kept.</summary>
    public DataSegment? Following
    {
        get => (DataSegment?)Next;
        set => Next = value;
    }

    /// <summary>Takes an array of at least this length.</summary>
    /// <param name="bytes">How many bytes are to fit in.</param>
    /// <param name="offset">Where in the body its first byte is.</param>
    public void Rent(int bytes, long offset)
    {
        Debug.Assert(_array.Length == 0, "A segment gives its array back before it takes another.");
        _array = ArrayPool<byte>.Shared.Rent(bytes);
        Memory = _array;
        RunningIndex = offset;
    }

    /// <summary>Where bytes go from a place on.</summary>
    public Span<byte> From(int at) => _array.AsSpan(at);

    /// <summary>Gives the array up.</summary>
    /// <param name="isAbandoned">Somebody may still look into it: it is left to the garbage collector.</param>
    public void Release(bool isAbandoned)
    {
        if (!isAbandoned)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = [];
        Memory = default;
        Next = null;
    }
}
