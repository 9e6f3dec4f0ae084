using System.Buffers;

namespace PipeServer.Tls;

/// <summary>Where a record of TLS ends: pure functions over the five bytes before it (RFC 8446 §5.1).</summary>
internal static class RecordHeader
{
    /// <summary>Of the header.</summary>
    public const int Length = 5;

    /// <summary>What a record has of data at most.</summary>
    public const int MaxDataBytes = 16 * 1024;

    /// <summary>Of what a record may hold at most: TLS 1.2 lets encryption add 2,048 bytes (RFC 5246 §6.2.3).</summary>
    public const int MaxContentBytes = MaxDataBytes + 2048;

    /// <summary>The type of records that hold alerts.</summary>
    public const byte Alert = 21;

    /// <summary>The type of those that a handshake begins with.</summary>
    public const byte Handshake = 22;

    private const byte ChangeCipherSpec = 20;
    private const byte ApplicationData = 23;

    /// <summary>
    /// The length of the first record, header included; 0 while it has not come as a whole; -1 where this is no record: another type, another version
    /// than 3.x, or longer than a record may be.
    /// </summary>
    public static int LengthOfFirst(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> header = stackalloc byte[Length];
        var known = (int)Math.Min(bytes.Length, Length);
        bytes.Slice(0, known).CopyTo(header);
        if ((known > 0 && header[0] is < ChangeCipherSpec or > ApplicationData) || (known > 1 && header[1] != 3))
        {
            return -1;
        }

        if (known < Length)
        {
            return 0;
        }

        var content = (header[3] << 8) | header[4];
        return content > MaxContentBytes ? -1 : bytes.Length < Length + content ? 0 : Length + content;
    }
}
