using System.Buffers;
using System.Globalization;
using System.Text;

namespace PipeServer.Diagnostics;

/// <summary>
/// A text as one line of UTF-8: what ends a line, moves the cursor, or changes the order in which text is shown is written as an escape
/// (<c>\n</c>, <c>\u001b</c>), so that no text can pass for two lines, or for another line.
/// </summary>
internal static class EscapedLine
{
    /// <summary>What is beyond is cut off, and told.</summary>
    public const int MaxCharacters = 16 * 1024;

    private const int MaxBytesOfOne = 6; // \u001b

    private static readonly SearchValues<char> Unsafe = SearchValues.Create([.. UnsafeCharacters()]);

    /// <summary>Room for the line of a text of this length, with its end.</summary>
    public static int MaxBytes(int characters) => (Math.Min(characters, MaxCharacters) * MaxBytesOfOne) + 64;

    /// <summary>True for a character that is escaped. There is none beyond the first plane of Unicode.</summary>
    public static bool IsUnsafe(Rune rune) => rune.IsBmp && Unsafe.Contains((char)rune.Value);

    /// <summary>Writes the line and its end.</summary>
    /// <param name="text">Any text; halves of surrogate pairs become U+FFFD.</param>
    /// <param name="line">At least <see cref="MaxBytes"/>.</param>
    /// <returns>The bytes written.</returns>
    public static int Encode(ReadOnlySpan<char> text, Span<byte> line)
    {
        var cut = Math.Max(0, text.Length - MaxCharacters);
        var rest = text[..^cut];
        var at = 0;
        while (!rest.IsEmpty)
        {
            var plain = rest.IndexOfAny(Unsafe) is >= 0 and var found ? found : rest.Length;
            at += Encoding.UTF8.GetBytes(rest[..plain], line[at..]);
            rest = rest[plain..];
            if (!rest.IsEmpty)
            {
                at += Encoding.UTF8.GetBytes(Escape(rest[0]), line[at..]);
                rest = rest[1..];
            }
        }

        if (cut > 0)
        {
            at += Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $" … ({cut} more characters)"), line[at..]);
        }

        line[at] = (byte)'\n';
        return at + 1;
    }

    private static string Escape(char unsafeCharacter) => unsafeCharacter switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unsafeCharacter:x4}"),
    };

    // Controls (C0, DEL, C1), line and paragraph separators, and the marks that turn the direction of text (Unicode UAX #9) or are not seen.
    private static IEnumerable<char> UnsafeCharacters()
    {
        (int First, int Last)[] ranges =
            [(0x00, 0x1F), (0x7F, 0x9F), (0x61C, 0x61C), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB)];
        return ranges.SelectMany(static range => Enumerable.Range(range.First, range.Last - range.First + 1)).Select(static code => (char)code);
    }
}
