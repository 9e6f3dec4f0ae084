using System.Buffers.Binary;

namespace PipeServer.WebSockets;

/// <summary>The beginning of a frame that a client has sent (RFC 6455 §5.2).</summary>
/// <param name="Opcode">What it is.</param>
/// <param name="IsFinal">It ends its message.</param>
/// <param name="IsCompressed">RSV1: the message that it begins is compressed (RFC 7692 §6).</param>
/// <param name="PayloadLength">The bytes behind the header.</param>
/// <param name="Mask">What they are masked with, the first byte lowest.</param>
/// <param name="Length">The length of the header itself.</param>
internal readonly record struct FrameHeader(FrameOpcode Opcode, bool IsFinal, bool IsCompressed, long PayloadLength, uint Mask, int Length)
{
    /// <summary>The longest header of a masked frame.</summary>
    public const int MaxLength = 14;

    /// <summary>The longest payload of a close, ping or pong (RFC 6455 §5.5).</summary>
    public const int MaxControlPayload = 125;

    private const int MaskLength = 4;

    /// <summary>It is a close, a ping or a pong, which may come between the parts of a message.</summary>
    public bool IsControl => Opcode >= FrameOpcode.Close;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">What has come, at least <see cref="MaxLength"/> of it if there is so much.</param>
    /// <param name="isInMessage">The last frame of data did not end its message.</param>
    /// <param name="mayBeCompressed">Compression was agreed on.</param>
    /// <param name="header">The header, where it is whole.</param>
    /// <param name="violation">Which rule it breaks, as far as it has come; null for none.</param>
    /// <returns>False when it is not whole, or breaks a rule.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, bool isInMessage, bool mayBeCompressed, out FrameHeader header, out string? violation)
    {
        header = default;
        violation = null;
        if (bytes.IsEmpty)
        {
            return false;
        }

        var (isFinal, isCompressed, opcode) = ((bytes[0] & 0x80) != 0, (bytes[0] & 0x40) != 0, (FrameOpcode)(bytes[0] & 0x0F));
        violation = CheckFirstByte(bytes[0], opcode, isFinal, isCompressed, isInMessage, mayBeCompressed);
        if (violation is not null || bytes.Length < 2)
        {
            return false;
        }

        long payload = bytes[1] & 0x7F;
        violation = (bytes[1] & 0x80) == 0 ? "a frame of a client is not masked"
            : opcode >= FrameOpcode.Close && payload > MaxControlPayload ? "a control frame is longer than 125 bytes"
            : opcode == FrameOpcode.Close && payload == 1 ? "a close frame has half a status code"
            : null;
        var lengthBytes = payload switch { 126 => 2, 127 => 8, _ => 0 };
        if (violation is not null || bytes.Length < 2 + lengthBytes)
        {
            return false;
        }

        if (lengthBytes > 0)
        {
            payload = lengthBytes == 2 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) : BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
            violation = payload < 0 ? "the first bit of a length of 64 bits is set"
                : payload <= (lengthBytes == 2 ? MaxControlPayload : ushort.MaxValue) ? "a length is not told in its shortest form"
                : null;
        }

        var length = 2 + lengthBytes + MaskLength;
        if (violation is not null || bytes.Length < length)
        {
            return false;
        }

        header = new FrameHeader(
            opcode, isFinal, isCompressed, payload, BinaryPrimitives.ReadUInt32LittleEndian(bytes[(2 + lengthBytes)..]), length);
        return true;
    }

    private static string? CheckFirstByte(
        byte value, FrameOpcode opcode, bool isFinal, bool isCompressed, bool isInMessage, bool mayBeCompressed) => opcode switch
        {
            _ when (value & 0x30) != 0 => "a reserved bit is set",
            _ when isCompressed && (!mayBeCompressed || opcode is not (FrameOpcode.Text or FrameOpcode.Binary)) => "the bit RSV1 is set where it means nothing",
            FrameOpcode.Continuation => isInMessage ? null : "a continuation without a message",
            FrameOpcode.Text or FrameOpcode.Binary => isInMessage ? "a new message inside another one" : null,
            FrameOpcode.Close or FrameOpcode.Ping or FrameOpcode.Pong => isFinal ? null : "a control frame in parts",
            _ => "an opcode that is not known",
        };
}
