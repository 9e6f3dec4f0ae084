using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace PipeServer.Http;

/// <summary>The lines of <c>text/event-stream</c>, as HTML's living standard has them (§9.2.5).</summary>
internal static class EventStreamFormat
{
    /// <summary>The name of an event that has none.</summary>
    public const string DefaultType = "message";

    // What is encoded at a time.
    private const int MaxPieceBytes = 4096;

    private static readonly SearchValues<char> NotInField = SearchValues.Create("\0\r\n");

    /// <summary>A comment, which clients skip.</summary>
    public static ReadOnlySpan<byte> Comment => ": \n\n"u8;

    /// <summary>True for what can be the value of a field that has one line: an id or a name.</summary>
    public static bool IsFieldValue(ReadOnlySpan<char> value) => !value.ContainsAny(NotInField);

    /// <summary>Writes a field whose value has one line.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="name">The field's name, with a colon and a space.</param>
    /// <param name="value">Without line ends and NUL.</param>
    public static void WriteField(IBufferWriter<byte> output, ReadOnlySpan<byte> name, ReadOnlySpan<char> value)
    {
        output.Write(name);
        WriteText(output, value);
        output.Write("\n"u8);
    }

    /// <summary>Writes how long a client waits before it connects again.</summary>
    public static void WriteRetry(IBufferWriter<byte> output, TimeSpan retry)
    {
        Span<byte> digits = stackalloc byte[20];
        _ = Utf8Formatter.TryFormat((long)retry.TotalMilliseconds, digits, out var length);
        output.Write("retry: "u8);
        output.Write(digits[..length]);
        output.Write("\n"u8);
    }

    /// <summary>Writes data: a line for each that they have, whatever ends them.</summary>
    public static void WriteData(IBufferWriter<byte> output, ReadOnlySpan<char> data)
    {
        while (true)
        {
            var end = data.IndexOfAny('\r', '\n');
            WriteField(output, "data: "u8, end < 0 ? data : data[..end]);
            if (end < 0)
            {
                return;
            }

            data = data[(data[end..] is ['\r', '\n', ..] ? end + 2 : end + 1)..];
        }
    }

    /// <summary>The same for data that are UTF-8 already.</summary>
    public static void WriteData(IBufferWriter<byte> output, ReadOnlySpan<byte> data)
    {
        while (true)
        {
            var end = data.IndexOfAny((byte)'\r', (byte)'\n');
            output.Write("data: "u8);
            output.Write(end < 0 ? data : data[..end]);
            output.Write("\n"u8);
            if (end < 0)
            {
                return;
            }

            data = data[(data[end..] is [(byte)'\r', (byte)'\n', ..] ? end + 2 : end + 1)..];
        }
    }

    // In pieces, so that a long text needs no block of its own length. Half a surrogate pair is U+FFFD.
    private static void WriteText(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var piece = text.Length <= MaxPieceBytes / 3 ? text.Length : (MaxPieceBytes / 3) - (char.IsHighSurrogate(text[(MaxPieceBytes / 3) - 1]) ? 1 : 0);
            var room = output.GetSpan(piece * 3);
            output.Advance(Encoding.UTF8.GetBytes(text[..piece], room));
            text = text[piece..];
        }
    }
}
