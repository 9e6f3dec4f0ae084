using System.Runtime.InteropServices;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// Where OpenSSL finds the records of one connection and where it puts those that it makes: native memory, so that its address is OpenSSL's to keep.
/// Used by the thread that is inside a call for the connection, and by nobody else.
/// </summary>
// SAFETY: In and Out are addresses within memory that is pinned for that call; Overflow is the struct's own.
internal unsafe struct OpenSslIo
{
    // A certificate's chain may be long; what OpenSSL answers by itself later is short.
    private const int LongestOverflow = 128 * 1024;

    /// <summary>The records at hand.</summary>
    public byte* In;

    /// <summary>Where they end.</summary>
    public byte* InEnd;

    /// <summary>Room for what is to be sent.</summary>
    public byte* Out;

    /// <summary>Where that ends.</summary>
    public byte* OutEnd;

    private byte* _overflow;
    private int _capacity;

    /// <summary>How many bytes found no room; they come before anything that is made later.</summary>
    public int OverflowLength { get; private set; }

    /// <summary>How many there may be.</summary>
    public int OverflowLimit { get; set; }

    /// <summary>There were more, or there was no memory: the connection cannot go on.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The bytes that found no room.</summary>
    public readonly ReadOnlySpan<byte> Overflow => new(_overflow, OverflowLength);

    /// <summary>Takes bytes into the room, and what does not fit behind what has not fitted before.</summary>
    public bool TryWrite(byte* data, nuint count)
    {
        var fitting = OverflowLength > 0 ? 0 : Math.Min(count, (nuint)(OutEnd - Out));
        NativeMemory.Copy(data, Out, fitting);
        Out += fitting;
        return fitting == count || TryKeep(data + fitting, count - fitting);
    }

    /// <summary>They are sent. No memory is kept for the next ones, which may never come.</summary>
    public void DropOverflow()
    {
        NativeMemory.Free(_overflow);
        _overflow = null;
        _capacity = OverflowLength = 0;
    }

    private bool TryKeep(byte* data, nuint count)
    {
        if (HasFailed || count > (nuint)(Math.Min(OverflowLimit, LongestOverflow) - OverflowLength))
        {
            HasFailed = true;
            return false;
        }

        var needed = OverflowLength + (int)count;
        if (needed > _capacity)
        {
            try
            {
                var capacity = Math.Max(needed, 2 * _capacity);
                _overflow = (byte*)NativeMemory.Realloc(_overflow, (nuint)capacity);
                _capacity = capacity;
            }
            catch (OutOfMemoryException)
            {
                HasFailed = true;
                return false;
            }
        }

        NativeMemory.Copy(data, _overflow + OverflowLength, count);
        OverflowLength = needed;
        return true;
    }
}
