using System.Text;
using static PipeServer.Fuzz.WebSockets.CaseTable;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>The part of the table about UTF-8 (RFC 6455 §8.1, RFC 3629).</summary>
internal static class WebSocketTextCases
{
    private static readonly string[] Valid =
    [
        "Hello-\u00B5@\u00DF\u00F6\u00E4\u00FC\u00E0\u00E1-UTF-8!!", "\u03BA\u1F79\u03C3\u03BC\u03B5", "\0", "\u007F", "\u0080", "\u07FF", "\u0800", "\uD7FF", "\uE000", "\uFFFD",
        "\uFEFF", "\uFFFE", "\uFFFF", "\U00010000", "\U0001FFFE", "\U0010FFFF", "\U0001F468\u200D\U0001F469\u200D\U0001F467", "a\u0301\u0302\u0303",
    ];

    // No text is one of these, or begins with one.
    private static readonly (string Name, byte[] Bytes)[] Wrong =
    [
        ("a lone continuation 80", [0x80]), ("a lone continuation BF", [0xBF]), ("two continuations", [0x80, 0xBF]),
        ("C0 80, overlong", [0xC0, 0x80]), ("C0 AF, overlong", [0xC0, 0xAF]), ("C1 BF, overlong", [0xC1, 0xBF]),
        ("E0 80 AF, overlong", [0xE0, 0x80, 0xAF]), ("E0 9F BF, overlong", [0xE0, 0x9F, 0xBF]), ("F0 80 80 AF, overlong", [0xF0, 0x80, 0x80, 0xAF]),
        ("F0 8F BF BF, overlong", [0xF0, 0x8F, 0xBF, 0xBF]), ("F8 88 80 80 80", [0xF8, 0x88, 0x80, 0x80, 0x80]), ("FC 84 80 80 80 80", [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80]),
        ("FE", [0xFE]), ("FF", [0xFF]), ("U+D800", [0xED, 0xA0, 0x80]), ("U+DBFF", [0xED, 0xAF, 0xBF]), ("U+DC00", [0xED, 0xB0, 0x80]), ("U+DFFF", [0xED, 0xBF, 0xBF]),
        ("a pair of surrogates", [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80]), ("U+110000", [0xF4, 0x90, 0x80, 0x80]), ("F5", [0xF5, 0x80, 0x80, 0x80]), ("F7 BF BF BF", [0xF7, 0xBF, 0xBF, 0xBF]),
        ("C2 without its end", [0xC2, (byte)'a']), ("E1 80 without its end", [0xE1, 0x80, (byte)'a']), ("F1 80 80 without its end", [0xF1, 0x80, 0x80, (byte)'a']),
        ("E1 begun anew", [0xE1, 0x80, 0xE1, 0x80, 0x80]), ("C3 twice", [0xC3, 0xC3, 0xA4]),
    ];

    // A text may begin with these, and may not end so.
    private static readonly byte[][] Halves = [[0xC2], [0xE1], [0xE1, 0x80], [0xF1], [0xF1, 0x80], [0xF1, 0x80, 0x80], [0xF4, 0x8F, 0xBF], [0xED, 0x9F]];

    public static void AddTo(CaseTable table)
    {
        AddValid(table);
        AddWrong(table);
    }

    private static void AddValid(CaseTable table)
    {
        table.Section = "UTF-8, RFC 6455 §8.1";
        foreach (var text in Valid)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var name = string.Join(' ', text.Take(4).Select(static c => $"{(int)c:X4}"));
            table.Open($"{name}", [Texted(text)], Text(text));
            table.Open($"{name}, a byte a frame", [Texted(text)], Fragments(Text(text), 1));
            table.Open(
                $"{name}, a byte a frame and a ping behind each", [.. bytes[1..].Select(static b => Ponged(b)), Texted(text)],
                [.. Fragments(Text(text), 1).SelectMany((frame, i) => frame.IsFinal ? new[] { frame } : [frame, Ping(bytes[i + 1])])]);
        }

        // At every split, and across the ends of the buffers that a message passes on its way.
        var mixed = Encoding.UTF8.GetBytes("a\u00E4\u20AC\U0001F600z");
        for (var split = 1; split < mixed.Length; split++)
        {
            table.Open($"all lengths, split at {split}", [Texted(mixed)], Text(mixed[..split]) with { IsFinal = false }, More(mixed[split..]));
            table.Open($"all lengths, an empty frame at {split}", [Texted(mixed)], Text(mixed[..split]) with { IsFinal = false }, More() with { IsFinal = false }, More(mixed[split..]));
        }

        for (var before = 4090; before <= 4096; before++)
        {
            var text = new string('x', before) + "\u20AC\U0001F600" + new string('y', 100);
            table.Open($"characters behind {before} bytes", [Texted(text)], Text(text));
        }

        table.Open("100,000 bytes of all lengths", [Texted(string.Concat(Enumerable.Repeat("a\u00E4\u20AC\U0001F600z", 9100)))], Text(string.Concat(Enumerable.Repeat("a\u00E4\u20AC\U0001F600z", 9100))));
        foreach (var (name, bytes) in Wrong)
        {
            table.Open($"{name} in a binary message", [Binaried(bytes)], Binary(bytes));
        }
    }

    private static void AddWrong(CaseTable table)
    {
        table.Section = "no UTF-8, RFC 6455 §8.1";
        var good = Encoding.UTF8.GetBytes("\u03BA\u1F79\u03C3\u03BC\u03B5");
        foreach (var (name, bytes) in Wrong)
        {
            table.Fails(name, CloseCode.InvalidPayload, Text(bytes));
            table.Fails($"{name} within a text", CloseCode.InvalidPayload, Text([.. good, .. bytes, .. good]));
            table.Fails($"{name}, a byte a frame", CloseCode.InvalidPayload, Fragments(Text([.. good, .. bytes, .. good]), 1));
        }

        foreach (var bytes in Halves)
        {
            var name = Convert.ToHexString(bytes);
            table.Fails($"{name} at the end", CloseCode.InvalidPayload, Text([.. good, .. bytes]));
            table.Fails($"{name} at the end of the last fragment", CloseCode.InvalidPayload, Text([.. good]) with { IsFinal = false }, More(bytes));
            table.Fails($"{name} before an empty last fragment", CloseCode.InvalidPayload, Text([.. good, .. bytes]) with { IsFinal = false }, More());
            table.Fails($"{name} continued wrongly", CloseCode.InvalidPayload, Text([.. good, .. bytes]) with { IsFinal = false }, More("a"));
            table.Fails($"{name} is not the next message's", CloseCode.InvalidPayload, [Texted("b")], Text("b"), Text(bytes), Text("a"));
        }

        // Who waits for the end of the message or of the frame waits forever.
        table.Section = "no UTF-8, at once, RFC 6455 §8.1";
        table.Fails("in a first fragment", CloseCode.InvalidPayload, Text([.. good, 0xF4, 0x90, 0x80, 0x80]) with { IsFinal = false });
        table.Fails("in a second fragment", CloseCode.InvalidPayload, Text(good) with { IsFinal = false }, More(0xED, 0xA0, 0x80) with { IsFinal = false });
        table.Fails("by the first byte of a fragment", CloseCode.InvalidPayload, Text([.. good, 0xF4]) with { IsFinal = false }, More(0x90) with { IsFinal = false });
        table.Add("in half a frame", Encode(Text([.. good, 0xF4, 0x90, 0x80, 0x80, .. good]))[..^8], [], CloseCode.InvalidPayload);
        table.Add("in the first bytes of a long frame", Encode(Text([.. good, 0xFF, .. Enumerable.Repeat((byte)'x', 60000)]))[..1000], [], CloseCode.InvalidPayload);
    }
}
