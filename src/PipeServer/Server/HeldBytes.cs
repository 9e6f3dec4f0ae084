using System.Buffers;
using System.Runtime.CompilerServices;

namespace PipeServer.Server;

/// <summary>
/// The bytes of a response's body that are held back until their number is known, in a pooled buffer. A mutable struct: it must be a field.
/// </summary>
internal struct HeldBytes
{
    // Kept from request to request; a larger buffer is given back.
    private const int KeptBytes = 16 * 1024;

    // Nearly every body that is held back fits into this; an exchange keeps as much from one connection to the next.
    private const int SmallBytes = 1024;

    private byte[] _buffer;

    public HeldBytes() => _buffer = [];

    /// <summary>How many there are.</summary>
    public int Length { get; private set; }

    /// <summary>They.</summary>
    public readonly ReadOnlySpan<byte> Span => _buffer.AsSpan(0, Length);

    /// <summary>Adds bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // the compiler does it or not as the program around it grows; a call is 40 instructions
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Length - Length < bytes.Length)
        {
            Reserve(bytes.Length);
        }

        bytes.CopyTo(_buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Room behind them, for <see cref="Advance"/>.</summary>
    public Memory<byte> GetMemory(int size)
    {
        if (_buffer.Length - Length < size)
        {
            Reserve(size);
        }

        return _buffer.AsMemory(Length);
    }

    /// <summary>Adds what was written into the room.</summary>
    public void Advance(int bytes) => Length += bytes;

    /// <summary>Forgets them; keeps a buffer that is not too large.</summary>
    public void Clear()
    {
        Length = 0;
        if (_buffer.Length > KeptBytes)
        {
            Return();
        }
    }

    /// <summary>Forgets them, and gives a buffer back that is larger than most answers need.</summary>
    public void Release()
    {
        Length = 0;
        if (_buffer.Length > SmallBytes)
        {
            Return();
        }
    }

    private void Reserve(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallBytes, Math.Max(_buffer.Length * 2, checked(Length + length))));
        Span.CopyTo(larger);
        if (_buffer.Length > 0)
        {
            Return();
        }

        _buffer = larger;
    }

    private void Return()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
