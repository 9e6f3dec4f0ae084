using System.Text;

namespace PipeServer.Http.Hpack;

/// <summary>Encodes fields by the static table alone (RFC 7541): as literals that no table takes, so that each can be sent on any connection. Pure.</summary>
internal static class HpackEncoder
{
    /// <summary>What a field needs beside its name and its value: where it is not in the static table, a byte and two lengths.</summary>
    public const int MaxOverhead = 1 + (2 * HpackInteger.MaxBytes);

    private const int WithoutIndexing = 0x00;
    private const int NeverIndexed = 0x10;

    // RFC 7541 §7.1.3: what can be guessed from how long it is once an intermediary keeps it in a table. A long one cannot.
    private const int ShortSecret = 20;

    /// <summary>Encodes a field as it is.</summary>
    /// <param name="buffer">Where to: <see cref="MaxOverhead"/> more than name and value.</param>
    /// <param name="name">The name, in any case.</param>
    /// <param name="value">The value.</param>
    /// <returns>How many bytes it has written.</returns>
    public static int Write(Span<byte> buffer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var length = WriteName(buffer, name, value, out _);
        length += HpackInteger.Write(buffer[length..], 0, 0x7F, value.Length);
        value.CopyTo(buffer[length..]);
        return length + value.Length;
    }

    /// <summary>Encodes a field that is sent more than once, with its strings shortened where that makes them shorter.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var buffer = new byte[name.Length + value.Length + MaxOverhead];
        var length = WriteName(buffer, name, value, out var isInTable);
        if (!isInTable)
        {
            var lower = new byte[name.Length];
            Ascii.ToLower(name, lower, out _);
            length = 1 + WriteShortened(buffer.AsSpan(1), lower);
        }

        length += WriteShortened(buffer.AsSpan(length), value);
        return buffer[..length];
    }

    // The bits of the name's representation, and the name where it is not in the table.
    private static int WriteName(Span<byte> buffer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, out bool isInTable)
    {
        var index = StaticTable.Shared.FindName(name);
        var pattern = IsSecret(index, value) ? NeverIndexed : WithoutIndexing;
        isInTable = index > 0;
        if (isInTable)
        {
            return HpackInteger.Write(buffer, pattern, 0x0F, index);
        }

        buffer[0] = (byte)pattern;
        var length = 1 + HpackInteger.Write(buffer[1..], 0, 0x7F, name.Length);
        Ascii.ToLower(name, buffer[length..], out _);
        return length + name.Length;
    }

    private static int WriteShortened(Span<byte> buffer, ReadOnlySpan<byte> text)
    {
        var shortened = HuffmanCode.EncodedBytes(text);
        if (shortened < text.Length)
        {
            var length = HpackInteger.Write(buffer, 0x80, 0x7F, shortened);
            return length + HuffmanCode.Shared.Encode(text, buffer[length..]);
        }

        var raw = HpackInteger.Write(buffer, 0, 0x7F, text.Length);
        text.CopyTo(buffer[raw..]);
        return raw + text.Length;
    }

    private static bool IsSecret(int index, ReadOnlySpan<byte> value) => index switch
    {
        StaticTable.Authorization or StaticTable.ProxyAuthorization => true,
        StaticTable.Cookie or StaticTable.SetCookie => value.Length < ShortSecret,
        _ => false,
    };
}
