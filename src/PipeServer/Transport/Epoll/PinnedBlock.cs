using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.ObjectPool;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// A piece of memory that the garbage collector does not move, so that the system can be given its address; a link in the
/// chain of a connection's input or output.
/// </summary>
internal sealed class PinnedBlock : ReadOnlySequenceSegment<byte>
{
    private readonly byte[] _array;

    /// <summary>Where the block goes when its connection is done with it; null: to the garbage collector.</summary>
    private readonly ObjectPool<PinnedBlock>? _pool;

    private bool _isChanged; // since the last Reset

    // SAFETY: the array is on the pinned object heap, so its address holds as long as the array, which this object holds.
    public unsafe PinnedBlock(int bytes, ObjectPool<PinnedBlock>? pool)
    {
        _array = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        _pool = pool;
        Start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array));
        Memory = _array;
    }

    /// <summary>The address of the first byte.</summary>
    // SAFETY: valid for Capacity bytes as long as this object lives; users hold the object while they use it.
    public unsafe byte* Start { get; private set; }

    public int Capacity => Memory.Length;

    /// <summary>The memory of a block that has its own.</summary>
    public byte[] Array => _array;

    public PinnedBlock? NextBlock => (PinnedBlock?)Next;

    public Memory<byte> Slice(int start) => _array.AsMemory(start);

    public Span<byte> SpanFrom(int start) => _array.AsSpan(start);

    /// <summary>Makes a block without memory of its own stand for the memory of another owner, to be read only.</summary>
    // SAFETY: their array is pinned as long as it lives, and Memory holds it.
    public unsafe void Borrow(PinnedBytes bytes)
    {
        _isChanged = true;
        Start = bytes.Start;
        Memory = bytes.Memory;
    }

    /// <summary>Ends this block at a length, and puts another behind it.</summary>
    public void Append(PinnedBlock next, int length)
    {
        _isChanged = next._isChanged = true;
        Memory = Memory[..length];
        next.RunningIndex = RunningIndex + length;
        Next = next;
    }

    /// <summary>Makes it the only one of a chain again.</summary>
    public void Reset()
    {
        if (!_isChanged)
        {
            return; // the only one of a chain all the time, as nearly always
        }

        _isChanged = false;
        Memory = _array;
        RunningIndex = 0;
        Next = null;
    }

    /// <summary>Gives it back. Never throws: a block that there is no memory to keep goes to the garbage collector.</summary>
    public void Return()
    {
        if (_isChanged)
        {
            Reset();
        }

        if (!PinnedBlockPool.TryKeep(this))
        {
            ReturnToPool();
        }
    }

    private void ReturnToPool()
    {
        try
        {
            _pool?.Return(this);
        }
        catch (OutOfMemoryException)
        {
            // The pool had to grow for it.
        }
    }
}
