using System.Runtime.CompilerServices;
using PipeServer.Http.Hpack;

namespace PipeServer.Http;

/// <summary>A Content-Type field line as it is sent. Immutable.</summary>
internal sealed class ContentTypeLine
{
    /// <summary>The size of <see cref="Padded"/> for all but the longest.</summary>
    public const int UsualBytes = 64;

    /// <summary>Encodes a value.</summary>
    /// <param name="value">As the handler gives it.</param>
    /// <param name="encoded">The same as bytes, validated, and without white space around it.</param>
    public ContentTypeLine(string value, ReadOnlySpan<byte> encoded)
    {
        Value = value;
        var start = Name.Length + 2;
        Length = start + encoded.Length + 2;
        Padded = new byte[Math.Max(UsualBytes, Length)];
        Name.CopyTo(Padded);
        ": "u8.CopyTo(Padded.AsSpan(Name.Length));
        encoded.CopyTo(Padded.AsSpan(start));
        "\r\n"u8.CopyTo(Padded.AsSpan(start + encoded.Length));
    }

    /// <summary>The field's name.</summary>
    public static ReadOnlySpan<byte> Name => "Content-Type"u8;

    /// <summary>The value as the handler gives it.</summary>
    public string Value { get; }

    /// <summary>The line with its line end, and zeros behind it: most lines are copied by two instructions, whatever their length.</summary>
    public byte[] Padded { get; }

    /// <summary>The line's own length in bytes.</summary>
    public int Length { get; }

    /// <summary>The value as it is sent.</summary>
    public ReadOnlySpan<byte> Encoded => Padded.AsSpan((Name.Length + 2)..(Length - 2));

    /// <summary>The field as HTTP/2 has it; made by whoever asks first.</summary>
    public byte[] Http2
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => field ??= HpackEncoder.Encode(Name, Encoded);
    }

    /// <summary>Copies the line to the start of a buffer with room for all of <see cref="Padded"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CopyTo(Span<byte> buffer)
    {
        if (Padded.Length == UsualBytes)
        {
            Padded.AsSpan(0, UsualBytes).CopyTo(buffer);
        }
        else
        {
            Padded.AsSpan(0, Length).CopyTo(buffer);
        }
    }
}
