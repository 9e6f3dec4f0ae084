using System.Buffers;
using System.Runtime.CompilerServices;

namespace PipeServer.Server.Http1;

/// <summary>
/// The bytes of a response's body that are held back until their number is known, in a pooled buffer. A mutable struct: it must be a field.
/// </summary>
internal struct HeldBytes
{
    // Kept from request to request; a larger buffer is given back.
    private const int KeptBytes = 16 * 1024;

    // Nearly every body that is held back fits into this.
    private const int SmallBytes = 1024;

    // One for each thread, and the shared pool behind it: a thread that takes more than it gives does not run dry, and none gathers any. It is not
    // forgotten while it is lent: mostly it comes back to where it was, and what need not be written costs no write barrier.
    [ThreadStatic]
    private static byte[]? _spare;
    [ThreadStatic]
    private static bool _isSpareLent;

    private byte[] _buffer; // somebody else's while there is no room
    private int _room; // 0, or the length of the buffer

    public HeldBytes() => _buffer = [];

    /// <summary>How many there are.</summary>
    public int Length { get; private set; }

    /// <summary>They.</summary>
    public readonly ReadOnlySpan<byte> Span => _buffer.AsSpan(0, Length);

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_room - Length < bytes.Length)
        {
            Reserve(bytes.Length);
        }

        bytes.CopyTo(_buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Room behind them, for <see cref="Advance"/>.</summary>
    public Memory<byte> GetMemory(int size)
    {
        if (_room - Length < size)
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
        if (_room > KeptBytes)
        {
            Return();
        }
    }

    /// <summary>Forgets them, and gives the buffer back.</summary>
    public void Release()
    {
        Length = 0;
        if (_room > 0)
        {
            Return();
        }
    }

    private void Reserve(int length)
    {
        if (_room == 0 && length <= SmallBytes && !_isSpareLent && _spare is { } spare)
        {
            _isSpareLent = true;
            _room = SmallBytes;
            if (_buffer != spare)
            {
                _buffer = spare;
            }

            return;
        }

        ReserveOther(length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ReserveOther(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallBytes, Math.Max(_room * 2, checked(Length + length))));
        Span.CopyTo(larger);
        if (_room > 0)
        {
            Return();
        }

        (_buffer, _room) = (larger, larger.Length);
    }

    private void Return()
    {
        _room = 0;
        if (_isSpareLent && _buffer == _spare)
        {
            _isSpareLent = false;
        }
        else
        {
            ReturnOther();
        }
    }

    // What has come from another thread, or from the shared pool. The spare that a thread has lent to another one, it need not see again.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void ReturnOther()
    {
        if (_buffer.Length == SmallBytes && (_isSpareLent || _spare is null))
        {
            (_spare, _isSpareLent) = (_buffer, false);
        }
        else
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
