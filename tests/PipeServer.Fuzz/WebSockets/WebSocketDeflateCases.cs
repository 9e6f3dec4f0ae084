using System.IO.Compression;
using static PipeServer.Fuzz.WebSockets.CaseTable;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>The part of the table about permessage-deflate (RFC 7692).</summary>
internal static class WebSocketDeflateCases
{
    private const string Offer = "permessage-deflate; client_max_window_bits";

    // Its second half is like its first, 900 bytes before.
    private static readonly byte[] Repeated = [.. Bytes(900), .. Bytes(900)];

    private static readonly string Prose = string.Concat(Enumerable.Range(0, 400).Select(static i => $"line {i} is like the others, but for its number \u20AC\n"));

    public static void AddTo(CaseTable table)
    {
        table.Path = "/ws/deflate";
        table.Extensions = Offer;
        AddMessages(table);
        AddErrors(table);
        AddAgreements(table);
        table.Path = "/ws";
        table.Extensions = null;
    }

    private static Frame Compressed(Frame message, Deflater? deflater = null)
    {
        using var own = deflater is null ? new Deflater() : null;
        return message with { Reserved = Frame.Compressed, Payload = (deflater ?? own!).Deflate(message.Payload) };
    }

    // Each as one frame, compressed by one context.
    private static Frame[] AllCompressed(params Frame[] messages) => AllCompressed(keepsContext: true, CompressionLevel.Optimal, messages);

    private static Frame[] AllCompressed(bool keepsContext, CompressionLevel level, params Frame[] messages)
    {
        using var deflater = new Deflater(keepsContext, level);
        return [.. messages.Select(message => Compressed(message, deflater))];
    }

    private static Frame Raw(params byte[] bytes) => new(Opcode.Text, bytes) { Reserved = Frame.Compressed };

    private static void AddMessages(CaseTable table)
    {
        table.Section = "the examples, RFC 7692 §7.2.3";
        var hello = Raw(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00);
        table.Open("a block", [Texted("Hello")], hello);
        table.Open("in two fragments", [Texted("Hello")], Raw(0xF2, 0x48, 0xCD) with { IsFinal = false }, More(0xC9, 0xC9, 0x07, 0x00));
        table.Open("the same again, by the window", [Texted("Hello"), Texted("Hello")], hello, Raw(0xF2, 0x00, 0x11, 0x00, 0x00));
        table.Open("the same again, anew", [Texted("Hello"), Texted("Hello")], hello, hello);
        table.Open("a block that is not compressed", [Texted("Hello")], Raw(0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00));
        // The one of the examples that the framework's decompressor does not take. No browser compresses so, and it is refused in order.
        table.Fails("a block that says it is the last", CloseCode.InvalidPayload, [Texted("Hello")], hello, Raw(0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00));
        table.Open("two blocks", [Texted("Hello")], Raw(0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00));
        table.Open("an empty message", [Texted("")], Raw(0x00));

        table.Section = "compressed messages, RFC 7692 §7.2";
        foreach (var length in new[] { 0, 1, 2, 125, 126, 127, 4096, 65535, 65536, 100_000 })
        {
            table.Open($"{length} bytes of any values", [Binaried(Bytes(length))], Compressed(Binary(Bytes(length))));
            table.Open($"{length} times the same", [Texted(new string('*', length))], Compressed(Text(new string('*', length))));
        }

        table.Open("prose", [Texted(Prose)], Compressed(Text(Prose)));
        foreach (var size in new[] { 1, 7, 100, 2000 })
        {
            table.Open($"prose by {size}", [Texted(Prose)], Fragments(Compressed(Text(Prose)), size));
        }

        foreach (var level in new[] { CompressionLevel.NoCompression, CompressionLevel.Fastest, CompressionLevel.SmallestSize })
        {
            table.Open($"five, by {level}", [.. Enumerable.Repeat(Texted(Prose), 5)], AllCompressed(true, level, [.. Enumerable.Repeat(Text(Prose), 5)]));
        }

        table.Open("100 that reach back into each other", [.. Enumerable.Range(0, 100).Select(i => Texted($"message {i} of many"))], AllCompressed([.. Enumerable.Range(0, 100).Select(i => Text($"message {i} of many"))]));
        table.Open("reaching back by 32 KiB", [Binaried(Bytes(32700)), Binaried(Bytes(32700))], AllCompressed(Binary(Bytes(32700)), Binary(Bytes(32700))));
        table.Open("none is compressed", [Texted("a"), Binaried(Bytes(300))], Text("a"), Binary(Bytes(300)));
        table.Open("an empty one that is not, behind one that is", [Texted("Hello"), Binaried([]), Texted("")], hello, Binary(), Text(""));
        table.Open("an empty one that is not", [Binaried([]), Texted(""), Texted("a")], Binary(), Text("") with { IsFinal = false }, More(), Text("a"));
        table.Open("some are", [Texted("Hello"), Texted("plain"), Texted("Hello")], hello, Text("plain"), Raw(0xF2, 0x00, 0x11, 0x00, 0x00));
        table.Open("fragments of one that is not, behind one that is", [Texted("Hello"), Texted("plain")], hello, Text("pl") with { IsFinal = false }, More("ain"));
        table.Open(
            "pings between the fragments", [Ponged(1), Ponged(2), Texted("Hello"), Ponged(3)],
            Raw(0xF2, 0x48) with { IsFinal = false }, Ping(1), More(0xCD, 0xC9) with { IsFinal = false }, Ping(2), More(0xC9, 0x07, 0x00), Ping(3));
        table.Open("empty fragments", [Texted("Hello")], Raw() with { IsFinal = false }, More(0xF2, 0x48, 0xCD, 0xC9, 0xC9) with { IsFinal = false }, More() with { IsFinal = false }, More(0x07, 0x00), Pong());
        table.Open("an empty fragment at the end", [Texted("Hello")], Raw(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00) with { IsFinal = false }, More());
        table.Fails("a close frame behind", 4000, [Texted("Hello")], hello, Close(4000));
    }

    private static void AddErrors(CaseTable table)
    {
        table.Section = "reserved bits with compression, RFC 7692 §6";
        var start = Raw(0xF2, 0x48, 0xCD) with { IsFinal = false };
        table.Fails("of a continuation", CloseCode.ProtocolError, start, More(0xC9, 0xC9, 0x07, 0x00) with { Reserved = Frame.Compressed });
        table.Fails("of a continuation of a message that is not compressed", CloseCode.ProtocolError, Text("a") with { IsFinal = false }, More("b") with { Reserved = Frame.Compressed });
        table.Fails("of a ping", CloseCode.ProtocolError, Ping(1) with { Reserved = Frame.Compressed });
        table.Fails("of a pong", CloseCode.ProtocolError, Pong(1) with { Reserved = Frame.Compressed });
        table.Fails("of a close frame", CloseCode.ProtocolError, Close(1000) with { Reserved = Frame.Compressed });
        table.Fails("of a ping within a message", CloseCode.ProtocolError, start, Ping(1) with { Reserved = Frame.Compressed });
        table.Fails("the others, of a text", CloseCode.ProtocolError, Text("a") with { Reserved = 0x20 });
        table.Fails("all, of a compressed text", CloseCode.ProtocolError, Raw(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00) with { Reserved = 0x70 });
        table.Extensions = null;
        table.Fails("the first, where nothing was agreed on", CloseCode.ProtocolError, Raw(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00));
        table.Extensions = Offer;

        table.Section = "no deflate, RFC 7692 §7.2.2, RFC 1951";
        void Corrupt(string id, params byte[] bytes) => table.Add(id, Encode(Raw(bytes)), [], CloseCode.InvalidPayload, CloseCode.ProtocolError);
        Corrupt("a block of type 3", 0x07, 0x00);
        Corrupt("a length that its complement is not", 0x00, 0x05, 0x00, 0x00, 0x00, 0x48, 0x65, 0x6C, 0x6C, 0x6F);
        Corrupt("reaching back beyond the beginning", 0xF2, 0x00, 0x11, 0x00, 0x00);
        Corrupt("too many codes", 0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF);
        Corrupt("0xFF", [.. Enumerable.Repeat((byte)0xFF, 100)]);
        table.Add(
            "behind a good one", [.. Encode(Raw(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00)), .. Encode(Raw(0x07, 0x00))], [Texted("Hello")],
            CloseCode.InvalidPayload, CloseCode.ProtocolError);

        table.Section = "no UTF-8 with compression, RFC 6455 §8.1";
        foreach (var bytes in new byte[][] { [0xFF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC2], [.. Enumerable.Repeat((byte)'x', 9000), 0xE1, 0x80] })
        {
            table.Fails($"{bytes.Length} bytes that end with {Convert.ToHexString(bytes.AsSpan(bytes.Length - 1))}", CloseCode.InvalidPayload, Compressed(Text(bytes)));
            table.Fails($"{bytes.Length} bytes that end with {Convert.ToHexString(bytes.AsSpan(bytes.Length - 1))}, a byte a frame", CloseCode.InvalidPayload, Fragments(Compressed(Text(bytes)), 1));
        }

        foreach (var bytes in new byte[][] { [0xC2], [0xE1, 0x80], [0xF1, 0x80, 0x80] })
        {
            var name = Convert.ToHexString(bytes);
            table.Fails($"{name} before an empty last fragment", CloseCode.InvalidPayload, Compressed(Text(bytes)) with { IsFinal = false }, More());
            table.Fails($"{name} before an empty last fragment, not compressed", CloseCode.InvalidPayload, Text(bytes) with { IsFinal = false }, More());
            table.Fails($"{name} at the end, not compressed", CloseCode.InvalidPayload, Text(bytes));
        }

        table.Section = "the limit of a compressed message, RFC 7692 §8";
        const int Limit = WebSocketServer.SmallMessageBytes;
        table.Path = "/ws/deflate/small";
        table.Open("as long as may be", [Texted(new string('x', Limit)), Texted(new string('y', Limit))], AllCompressed(Text(new string('x', Limit)), Text(new string('y', Limit))));
        table.Open("as long as may be, and hardly compressed", [Binaried(Bytes(Limit))], Compressed(Binary(Bytes(Limit))));
        table.Fails("one byte too long", CloseCode.TooBig, Compressed(Text(new string('x', Limit + 1))));
        table.Fails("too long, not compressed", CloseCode.TooBig, Text(new string('x', Limit + 1)));
        table.Fails("a length of 2^62, not compressed", CloseCode.TooBig, Binary(1, 2) with { ToldLength = 1UL << 62 });
        table.Fails("a length of 2^62, not compressed, in the last frame", CloseCode.TooBig, Binary(1) with { IsFinal = false }, More(2) with { ToldLength = 1UL << 62 });
        table.Fails("too long, in fragments", CloseCode.TooBig, Fragments(Compressed(Text(new string('x', 100_000))), 10));
        table.Fails("too long behind a good one", CloseCode.TooBig, [Texted("a")], AllCompressed(Text("a"), Text(new string('x', Limit + 1))));
        table.Fails("a bomb of 10 MB", CloseCode.TooBig, Compressed(Binary(new byte[10_000_000])));
        table.Path = "/ws/deflate";
        table.Fails("a bomb of 40 MB", CloseCode.TooBig, [Texted("a")], AllCompressed(Text("a"), Binary(new byte[40_000_000])));
    }

    // Whatever is offered: messages are echoed, and what comes back keeps to what was agreed on. See ServerFrames and Inflater.
    private static void AddAgreements(CaseTable table)
    {
        table.Section = "what is agreed on, RFC 7692 §7.1";
        string[] offers =
        [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            .. Enumerable.Range(8, 8).Select(static bits => $"permessage-deflate; client_max_window_bits={bits}"),
            .. Enumerable.Range(8, 8).Select(static bits => $"permessage-deflate; server_max_window_bits={bits}"),
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9",
            "permessage-deflate; server_max_window_bits=\"10\"",
            "permessage-deflate; unknown, permessage-deflate",
            "permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=16, permessage-deflate; server_max_window_bits=0",
            "permessage-deflate; server_max_window_bits=9; server_max_window_bits=10",
            "x-webkit-deflate-frame, permessage-deflate",
            "permessage-bzip2; a=b",
        ];
        foreach (var path in new[] { "/ws/deflate", "/ws/deflate/nine", "/ws/deflate/alone", "/ws" })
        {
            table.Path = path;
            foreach (var offer in offers)
            {
                table.Extensions = offer;
                table.Open($"{path}: {offer}", [Binaried(Repeated), Texted(Prose), Binaried(Repeated)], Binary(Repeated), Text(Prose), Binary(Repeated));
            }
        }

        // What the client compresses, where it may: no farther back than 512 bytes, and nothing from before.
        table.Extensions = "permessage-deflate; client_max_window_bits";
        table.Path = "/ws/deflate/nine";
        table.Open("a window of 512 bytes", [Texted(Prose), Binaried(Bytes(3000))], AllCompressed(true, CompressionLevel.NoCompression, Text(Prose), Binary(Bytes(3000))));
        table.Path = "/ws/deflate/alone";
        table.Open(
            "messages that know nothing of each other", [Texted(Prose), Texted(Prose), Binaried(Repeated)],
            AllCompressed(false, CompressionLevel.Optimal, Text(Prose), Text(Prose), Binary(Repeated)));
        table.Fails("reaching back into the message before", CloseCode.InvalidPayload, [Texted("Hello")], Raw(0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00), Raw(0xF2, 0x00, 0x11, 0x00, 0x00));
    }
}
