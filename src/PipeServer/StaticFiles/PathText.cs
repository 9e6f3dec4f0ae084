using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace PipeServer.StaticFiles;

/// <summary>
/// Paths and names as text that loses no byte: one that is no part of UTF-8 is a low surrogate without a high one, U+DC80 to U+DCFF. No valid
/// text has such, so the way back is exact (Python's PEP 383 does the same). Thread-safe.
/// </summary>
internal static class PathText
{
    private const char FirstByte = '\uDC80';
    private const char LastByte = '\uDCFF';
    private const int ByteOffset = 0xDC00;

    // RFC 3986 §2.3: all that means the same encoded and not encoded, wherever it stands.
    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    public static string FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            var isValid = Rune.DecodeFromUtf8(bytes, out var rune, out var length) == OperationStatus.Done;
            if (isValid)
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (var value in bytes[..length])
                {
                    text.Append((char)(ByteOffset + value));
                }
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>The bytes of a text, at most three for each of its characters.</summary>
    /// <returns>How many were written.</returns>
    public static int GetBytes(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        var written = 0;
        while (FindByte(text) is var at and >= 0)
        {
            written += Encoding.UTF8.GetBytes(text[..at], bytes[written..]);
            bytes[written++] = (byte)(text[at] - ByteOffset);
            text = text[(at + 1)..];
        }

        return written + Encoding.UTF8.GetBytes(text, bytes[written..]);
    }

    /// <summary>True for a text that is no more than a text: none of its characters stands for a byte.</summary>
    public static bool IsUtf8(ReadOnlySpan<char> text) => FindByte(text) < 0;

    /// <summary>A name as a segment of a relative reference: nothing in it means anything, and each byte is the file system's.</summary>
    public static string Escape(string name)
    {
        if (!name.AsSpan().ContainsAnyExcept(Unreserved))
        {
            return name;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(name.Length));
        var escaped = new StringBuilder(name.Length * 2);
        foreach (var value in bytes.AsSpan(0, GetBytes(name, bytes)))
        {
            if (Unreserved.Contains((char)value))
            {
                escaped.Append((char)value);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
            }
        }

        ArrayPool<byte>.Shared.Return(bytes);
        return escaped.ToString();
    }

    /// <summary>As valid text: U+FFFD in the place of each byte that is none.</summary>
    public static string ToText(string name) => IsUtf8(name) ? name : Replace(name, static c => c is >= FirstByte and <= LastByte ? "\uFFFD" : null);

    /// <summary>
    /// The same for people: control characters, and those that turn the direction of what follows (a name that ends in <c>gpj.exe</c> looks
    /// like a picture then), are shown as what they are.
    /// </summary>
    public static string ToVisible(string name)
    {
        var text = ToText(name);
        return text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0
            ? text
            : Replace(text, static c => char.IsControl(c) || IsDirection(c) ? string.Create(CultureInfo.InvariantCulture, $"<U+{(int)c:X4}>") : null);
    }

    // Unicode's Bidi_Control, and the separators of lines and paragraphs.
    private static bool IsDirection(char c) => c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private static int FindByte(ReadOnlySpan<char> text)
    {
        var at = 0;
        while (true)
        {
            var next = text[at..].IndexOfAnyInRange(FirstByte, LastByte);
            if (next < 0)
            {
                return -1;
            }

            at += next;
            if (at == 0 || !char.IsHighSurrogate(text[at - 1]))
            {
                return at;
            }

            at++;
        }
    }

    private static string Replace(string text, Func<char, string?> replacement)
    {
        var result = new StringBuilder(text.Length + 16);
        for (var index = 0; index < text.Length; index++)
        {
            var c = text[index];
            if (char.IsHighSurrogate(c) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
            {
                result.Append(c).Append(text[++index]);
            }
            else
            {
                result.Append(replacement(c) ?? c.ToString());
            }
        }

        return result.ToString();
    }
}
