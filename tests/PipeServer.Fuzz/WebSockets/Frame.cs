using System.Buffers.Binary;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>A frame of RFC 6455 §5.2, right or wrong.</summary>
/// <param name="Kind">Its opcode: <see cref="Opcode"/>, or a reserved one.</param>
/// <param name="Payload">What it carries, not masked.</param>
internal sealed record Frame(int Kind, byte[] Payload)
{
    /// <summary>The first of the three reserved bits: a compressed message (RFC 7692 §6).</summary>
    public const int Compressed = 0x40;

    /// <summary>It is the last of its message.</summary>
    public bool IsFinal { get; init; } = true;

    /// <summary>The reserved bits that are set, as they lie in the first byte.</summary>
    public int Reserved { get; init; }

    /// <summary>What it is masked with; null for a frame that is not.</summary>
    public uint? Mask { get; init; } = 0x37FA213D;

    /// <summary>How it tells its length.</summary>
    public LengthForm Form { get; init; }

    /// <summary>The length that it tells, if it lies.</summary>
    public ulong? ToldLength { get; init; }

    /// <summary>Its bytes.</summary>
    public byte[] Encode()
    {
        var length = ToldLength ?? (ulong)Payload.Length;
        var form = Form != LengthForm.Minimal ? Form : length > ushort.MaxValue ? LengthForm.EightBytes : length > 125 ? LengthForm.TwoBytes : LengthForm.Minimal;
        var bytes = new byte[14 + Payload.Length];
        bytes[0] = (byte)((IsFinal ? 0x80 : 0) | Reserved | Kind);
        bytes[1] = (byte)((Mask is null ? 0 : 0x80) | form switch { LengthForm.Minimal => (int)length, LengthForm.TwoBytes => 126, _ => 127 });
        var at = 2;
        if (form == LengthForm.TwoBytes)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), (ushort)length);
            at += 2;
        }
        else if (form == LengthForm.EightBytes)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(at), length);
            at += 8;
        }

        Span<byte> mask = stackalloc byte[4];
        if (Mask is { } key)
        {
            BinaryPrimitives.WriteUInt32BigEndian(mask, key);
            mask.CopyTo(bytes.AsSpan(at));
            at += 4;
        }

        for (var i = 0; i < Payload.Length; i++)
        {
            bytes[at + i] = (byte)(Payload[i] ^ mask[i & 3]);
        }

        return bytes[..(at + Payload.Length)];
    }
}
