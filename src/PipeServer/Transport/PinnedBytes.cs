using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PipeServer.Transport;

/// <summary>
/// Bytes that never change and that the garbage collector does not move: any number of connections can have them sent from where
/// they lie. Immutable.
/// </summary>
public sealed class PinnedBytes
{
    private readonly byte[] _array;

    /// <summary>Copies bytes to where they can stay.</summary>
    // SAFETY: the array is on the pinned object heap, so its address holds as long as the array, which this object holds.
    public unsafe PinnedBytes(ReadOnlySpan<byte> bytes)
    {
        _array = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(_array);
        Start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array));
    }

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Memory => _array;

    /// <summary>The address of the first byte.</summary>
    // SAFETY: valid for the length of Memory as long as this object lives; users hold the object while they use it.
    internal unsafe byte* Start { get; }
}
