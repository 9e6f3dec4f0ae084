using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace PipeServer.Http.Frames;

/// <summary>The nine bytes that every frame begins with (RFC 9113 §4.1).</summary>
/// <param name="Length">The length of what follows.</param>
/// <param name="Type">The type, perhaps one that nobody knows.</param>
/// <param name="Flags">The flags, perhaps some that nobody knows.</param>
/// <param name="StreamId">The stream; 0 for the connection.</param>
internal readonly record struct FrameHeader(int Length, FrameType Type, FrameFlags Flags, int StreamId)
{
    /// <summary>The size of the header.</summary>
    public const int Bytes = 9;

    /// <summary>The longest frame that everybody must take (RFC 9113 §4.2), and the longest that this server takes.</summary>
    public const int MaxLength = 16384;

    /// <summary>Of SETTINGS and PING: the same was received.</summary>
    public const FrameFlags Ack = FrameFlags.EndStream;

    /// <summary>It has one of these flags.</summary>
    public bool Has(FrameFlags flags) => (Flags & flags) != FrameFlags.None;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">At least <see cref="Bytes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FrameHeader Read(ReadOnlySpan<byte> bytes) => new(
        (int)(BinaryPrimitives.ReadUInt32BigEndian(bytes) >> 8),
        (FrameType)bytes[3],
        (FrameFlags)bytes[4],
        (int)(BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]) & 0x7FFF_FFFF));

    /// <summary>Writes a header.</summary>
    /// <param name="bytes">At least <see cref="Bytes"/>.</param>
    /// <param name="length">The length of what follows.</param>
    /// <param name="type">The type.</param>
    /// <param name="flags">The flags.</param>
    /// <param name="streamId">The stream; 0 for the connection.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(Span<byte> bytes, int length, FrameType type, FrameFlags flags, int streamId)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, ((uint)length << 8) | (byte)type);
        bytes[4] = (byte)flags;
        BinaryPrimitives.WriteInt32BigEndian(bytes[5..], streamId);
    }
}
