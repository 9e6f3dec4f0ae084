using System.Numerics;
using System.Runtime.CompilerServices;

namespace PipeServer.Http.Hpack;

/// <summary>The bytes that a block's fields are decoded into, one behind the other. What nobody takes is written over by the next field.</summary>
/// <param name="bytes">An array that is there already; perhaps an empty one.</param>
internal struct FieldArena(byte[] bytes)
{
    private const int LeastBytes = 512;

    /// <summary>The bytes.</summary>
    public byte[] Bytes { get; private set; } = bytes;

    /// <summary>How many of them are taken. The next field is put there.</summary>
    public int Used { get; set; }

    /// <summary>Makes room behind what is taken, and behind some bytes of a field that has been begun.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Reserve(int begun, int count)
    {
        if (Bytes.Length - Used - begun < count)
        {
            Grow(begun, count);
        }
    }

    /// <summary>Copies a part of a field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int begun, ReadOnlySpan<byte> part)
    {
        Reserve(begun, part.Length);
        part.CopyTo(Bytes.AsSpan(Used + begun));
    }

    /// <summary>A part of the field that is put there.</summary>
    public readonly ReadOnlySpan<byte> Part(int start, int length) => Bytes.AsSpan(Used + start, length);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int begun, int count)
    {
        var kept = Used + begun;
        var larger = new byte[Math.Max(LeastBytes, (int)BitOperations.RoundUpToPowerOf2((uint)(kept + count)))];
        Bytes.AsSpan(0, kept).CopyTo(larger);
        Bytes = larger;
    }
}
