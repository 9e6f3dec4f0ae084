using static PipeServer.Fuzz.WebSockets.CaseTable;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>
/// The table: what each sequence of frames means by RFC 6455 and RFC 7692, and by the choices that this server makes where they leave one. Run by the
/// tests over every transport, and held against <see cref="WebSocketReference"/>.
/// </summary>
internal static class WebSocketCases
{
    /// <summary>The message that shows that a connection is still open.</summary>
    public static WebSocketEvent Marker { get; } = Texted("marker");

    public static IReadOnlyList<WebSocketCase> All { get; } = Create();

    private static IReadOnlyList<WebSocketCase> Create()
    {
        var table = new CaseTable();
        AddLengths(table);
        AddMasks(table);
        AddReserved(table);
        AddFragments(table);
        AddControls(table);
        WebSocketTextCases.AddTo(table);
        AddCloses(table);
        AddEnds(table);
        AddLimits(table);
        WebSocketDeflateCases.AddTo(table);
        return table.All;
    }

    private static void AddLengths(CaseTable table)
    {
        table.Section = "lengths, RFC 6455 §5.2";
        foreach (var length in new[] { 0, 1, 124, 125, 126, 127, 128, 4095, 4096, 4097, 65535, 65536, 65537 })
        {
            var text = new string('*', length);
            table.Open($"a text of {length}", [Texted(text)], Text(text));
            table.Open($"a binary message of {length}", [Binaried(Bytes(length))], Binary(Bytes(length)));
        }

        table.Open("two messages", [Texted("a"), Binaried([0, 255])], Text("a"), Binary(0, 255));
        table.Open("200 messages in one piece", [.. Enumerable.Range(0, 200).Select(i => Texted($"{i}"))], [.. Enumerable.Range(0, 200).Select(i => Text($"{i}"))]);

        // More bytes than a length needs: the shortest way MUST be used.
        foreach (var (length, form) in new[]
        {
            (0, LengthForm.TwoBytes), (1, LengthForm.TwoBytes), (125, LengthForm.TwoBytes),
            (0, LengthForm.EightBytes), (125, LengthForm.EightBytes), (126, LengthForm.EightBytes), (65535, LengthForm.EightBytes),
        })
        {
            table.Fails($"{length} told by {form}", CloseCode.ProtocolError, Binary(Bytes(length)) with { Form = form });
        }

        foreach (var told in new ulong[] { 1UL << 63, ulong.MaxValue, (1UL << 63) + 5 })
        {
            table.Fails($"a length of {told}, its first bit set", CloseCode.ProtocolError, Binary() with { ToldLength = told });
        }

        table.Section = "absurd lengths, RFC 6455 §10.4";
        foreach (var told in new ulong[] { (1UL << 63) - 1, 1UL << 62, 1UL << 32, int.MaxValue, (ulong)WebSocketServer.MaxMessageBytes + 1 })
        {
            table.Fails($"a length of {told}", CloseCode.TooBig, Binary(1, 2, 3) with { ToldLength = told });
            table.Fails($"a length of {told} in the last frame", CloseCode.TooBig, Binary(1) with { IsFinal = false }, More(2) with { ToldLength = told });
        }
    }

    private static void AddMasks(CaseTable table)
    {
        table.Section = "masks, RFC 6455 §5.1, §5.3";
        table.Fails("a text without a mask", CloseCode.ProtocolError, Text("a") with { Mask = null });
        table.Fails("an empty text without a mask", CloseCode.ProtocolError, Text("") with { Mask = null });
        table.Fails("a binary message without a mask", CloseCode.ProtocolError, Binary(Bytes(300)) with { Mask = null });
        table.Fails("a ping without a mask", CloseCode.ProtocolError, Ping(1) with { Mask = null });
        table.Fails("a pong without a mask", CloseCode.ProtocolError, Pong() with { Mask = null });
        table.Fails("a close frame without a mask", CloseCode.ProtocolError, Close(1000) with { Mask = null });
        table.Fails("a continuation without a mask", CloseCode.ProtocolError, Text("a") with { IsFinal = false }, More("b") with { Mask = null });
        table.Fails("one without a mask behind a good one", CloseCode.ProtocolError, [Texted("a")], Text("a"), Text("b") with { Mask = null });
        foreach (var mask in new[] { 0u, 1u, 0x01000000u, 0xFFFFFFFFu, 0x80808080u })
        {
            table.Open($"the mask {mask:X8}", [Texted("a text of thirty bytes or more")], Text("a text of thirty bytes or more") with { Mask = mask });
        }

        table.Open(
            "a mask of its own for each fragment", [Texted("one two three")],
            Text("one") with { IsFinal = false, Mask = 1 }, More(" tw") with { IsFinal = false, Mask = 0xABCDEF01 }, More("o three") with { Mask = 0x20202020 });
    }

    private static void AddReserved(CaseTable table)
    {
        table.Section = "reserved bits, RFC 6455 §5.2";
        for (var bits = 0x10; bits <= 0x70; bits += 0x10)
        {
            table.Fails($"bits {bits:X2} of a text", CloseCode.ProtocolError, [Texted("good")], Text("good"), Text("a") with { Reserved = bits });
            table.Fails($"bits {bits:X2} of a ping", CloseCode.ProtocolError, Ping(1) with { Reserved = bits });
            table.Fails($"bits {bits:X2} of a continuation", CloseCode.ProtocolError, Text("a") with { IsFinal = false }, More("b") with { Reserved = bits });
        }

        table.Fails("a bit of a binary message", CloseCode.ProtocolError, Binary(1) with { Reserved = 0x10 });
        table.Fails("a bit of a pong", CloseCode.ProtocolError, Pong() with { Reserved = 0x20 });
        table.Fails("a bit of a close frame", CloseCode.ProtocolError, Close(1000) with { Reserved = 0x40 });

        table.Section = "reserved opcodes, RFC 6455 §5.2";
        foreach (var kind in new[] { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 })
        {
            table.Fails($"opcode {kind}", CloseCode.ProtocolError, new Frame(kind, []));
            table.Fails($"opcode {kind} with a payload, behind a text", CloseCode.ProtocolError, [Texted("good")], Text("good"), new Frame(kind, Bytes(20)), Ping());
            table.Fails($"opcode {kind} within a message", CloseCode.ProtocolError, Text("a") with { IsFinal = false }, new Frame(kind, []), More("b"));
        }
    }

    private static void AddFragments(CaseTable table)
    {
        table.Section = "fragments, RFC 6455 §5.4";
        var start = Text("one ") with { IsFinal = false };
        var middle = More("two ") with { IsFinal = false };
        table.Open("two", [Texted("one three")], start, More("three"));
        table.Open("three", [Texted("one two three")], start, middle, More("three"));
        table.Open("an empty one first", [Texted("two three")], Text("") with { IsFinal = false }, middle, More("three"));
        table.Open("an empty one last", [Texted("one two ")], start, middle, More(""));
        table.Open("an empty one between", [Texted("one three")], start, More("") with { IsFinal = false }, More("three"));
        table.Open("nothing but empty ones", [Texted("")], Text("") with { IsFinal = false }, More("") with { IsFinal = false }, More(""));
        table.Open("1000 empty ones", [Binaried([])], [Binary() with { IsFinal = false }, .. Enumerable.Repeat(More() with { IsFinal = false }, 1000), More()]);
        table.Open("two messages of fragments", [Texted("one three"), Binaried([1, 2])], start, More("three"), Binary(1) with { IsFinal = false }, More(2));
        foreach (var (length, size) in new[] { (100, 1), (300, 1), (1000, 7), (4096, 64), (65536, 1024), (70000, 4096), (70000, 65536) })
        {
            table.Open($"{length} bytes by {size}", [Binaried(Bytes(length))], Fragments(Binary(Bytes(length)), size));
        }

        table.Open("a ping between", [Ponged(7), Texted("one three")], start, Ping(7), More("three"));
        table.Open("an empty ping between", [Ponged(), Texted("one three")], start, Ping(), More("three"));
        table.Open("the longest ping between", [Ponged(Bytes(125)), Texted("one three")], start, Ping(Bytes(125)), More("three"));
        table.Open(
            "pings at every place", [Ponged(1), Ponged(2), Ponged(3), Texted("one two three"), Ponged(4)],
            Ping(1), start, Ping(2), middle, Ping(3), More("three"), Ping(4));
        table.Open("pongs at every place", [Texted("one two three")], Pong(1), start, Pong(2), middle, Pong(3), More("three"), Pong(4));
        table.Open("50 pings between", [.. Enumerable.Range(0, 50).Select(i => Ponged((byte)i)), Texted("one three")], [start, .. Enumerable.Range(0, 50).Select(i => Ping((byte)i)), More("three")]);
        table.Fails("a close frame between", CloseCode.Normal, start, Close(1000), More("three"));

        table.Fails("a continuation of nothing", CloseCode.ProtocolError, More("a"), Text("b"));
        table.Fails("an empty continuation of nothing", CloseCode.ProtocolError, More(""));
        table.Fails("a continuation of nothing that is not the last", CloseCode.ProtocolError, More("a") with { IsFinal = false });
        table.Fails("a continuation behind a whole message", CloseCode.ProtocolError, [Texted("a")], Text("a"), More("b"));
        table.Fails("a continuation behind a message of fragments", CloseCode.ProtocolError, [Texted("one three")], start, More("three"), More("b") with { IsFinal = false });
        table.Fails("a continuation behind a ping", CloseCode.ProtocolError, [Ponged()], Ping(), More("b"));
        table.Fails("a text within a text", CloseCode.ProtocolError, start, Text("b"));
        table.Fails("an empty text within a text", CloseCode.ProtocolError, start, Text(""));
        table.Fails("a text that begins within a text", CloseCode.ProtocolError, start, Text("b") with { IsFinal = false });
        table.Fails("a binary message within a text", CloseCode.ProtocolError, start, Binary(1));
        table.Fails("a text within a binary message", CloseCode.ProtocolError, Binary(1) with { IsFinal = false }, Text("a"));
        table.Fails("a text within a text, behind a ping", CloseCode.ProtocolError, [Ponged(1)], start, Ping(1), Text("b"));
    }

    private static void AddControls(CaseTable table)
    {
        table.Section = "control frames, RFC 6455 §5.5";
        foreach (var length in new[] { 0, 1, 124, 125 })
        {
            table.Open($"a ping of {length}", [Ponged(Bytes(length))], Ping(Bytes(length)));
            table.Open($"a pong of {length}", [], Pong(Bytes(length)));
        }

        foreach (var kind in new[] { Opcode.Close, Opcode.Ping, Opcode.Pong })
        {
            foreach (var length in new[] { 126, 127, 200, 65536 })
            {
                table.Fails($"opcode {kind} with {length} bytes", CloseCode.ProtocolError, new Frame(kind, [0x03, 0xE8, .. Enumerable.Repeat((byte)'x', length - 2)]));
            }

            table.Fails($"opcode {kind} in fragments", CloseCode.ProtocolError, new Frame(kind, []) { IsFinal = false }, More(""));
            table.Fails($"opcode {kind} in fragments, within a message", CloseCode.ProtocolError, Text("a") with { IsFinal = false }, new Frame(kind, []) { IsFinal = false }, More("b"));
            table.Fails($"opcode {kind}, its length told by two bytes", CloseCode.ProtocolError, new Frame(kind, [0x03, 0xE8]) { Form = LengthForm.TwoBytes });
            table.Fails($"opcode {kind}, its length told by eight bytes", CloseCode.ProtocolError, new Frame(kind, [0x03, 0xE8]) { Form = LengthForm.EightBytes });
            table.Fails($"opcode {kind} of an absurd length", CloseCode.ProtocolError, new Frame(kind, [1]) { ToldLength = 1UL << 40 });
        }

        table.Open("a ping of no UTF-8", [Ponged(0, 255, 254, 253, 252, 251, 0)], Ping(0, 255, 254, 253, 252, 251, 0));
        table.Open("10 pings at once", [.. Enumerable.Range(0, 10).Select(i => Ponged((byte)i))], [.. Enumerable.Range(0, 10).Select(i => Ping((byte)i))]);
        table.Open("500 pings of 125 at once", [.. Enumerable.Range(0, 500).Select(i => Ponged([.. Bytes(124), (byte)i]))], [.. Enumerable.Range(0, 500).Select(i => Ping([.. Bytes(124), (byte)i]))]);
        table.Open("100 pongs", [], [.. Enumerable.Repeat(Pong(Bytes(30)), 100)]);
        table.Open("pongs and pings", [Ponged(2), Ponged(4)], Pong(1), Ping(2), Pong(3), Ping(4));
        table.Open("pings between messages", [Ponged(1), Texted("a"), Ponged(2), Texted("b")], Ping(1), Text("a"), Ping(2), Text("b"));
        table.Fails("pings, then an error", CloseCode.ProtocolError, [Ponged(1), Ponged(2)], Ping(1), Ping(2), new Frame(3, []), Ping(3));
    }

    private static void AddCloses(CaseTable table)
    {
        table.Section = "close frames, RFC 6455 §5.5.1, §7.4";
        foreach (var code in new[] { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4999 })
        {
            table.Fails($"code {code}", code, Close(code));
            table.Fails($"code {code} with a reason", code, [Texted("a")], Text("a"), Close(code, "that is why"));
        }

        foreach (var code in new[] { 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 5001, 32768, 65535 })
        {
            table.Fails($"code {code}, which no frame may carry", CloseCode.ProtocolError, Close(code));
            table.Fails($"code {code} with a reason, which no frame may carry", CloseCode.ProtocolError, [Texted("a")], Text("a"), Close(code, "why"));
        }

        table.Add("no code", Encode(Close()), [], CloseCode.Empty, CloseCode.Normal);
        table.Fails("half a code", CloseCode.ProtocolError, Close(3));
        table.Fails("the longest reason", CloseCode.Normal, Close(1000, new string('x', 123)));
        table.Fails("a reason that is too long", CloseCode.ProtocolError, Close(1000, new string('x', 124)));
        table.Fails("a reason of many languages", 4000, Close(4000, "Grüße 日本語 \U0001F600"));
        table.Fails("a reason of no UTF-8", CloseCode.InvalidPayload, Close(0x03, 0xE8, 0xCE, 0xBA, 0xE1, 0xBD, 0xB9, 0xED, 0xA0, 0x80, 0x65));
        table.Fails("a reason of half a character", CloseCode.InvalidPayload, Close(0x03, 0xE8, (byte)'x', 0xE2, 0x82));
        table.Fails("a text behind it", CloseCode.Normal, Close(1000), Text("a"));
        table.Fails("a ping behind it", CloseCode.Normal, [Ponged(1)], Ping(1), Close(1000), Ping(2));
        table.Fails("another one behind it", CloseCode.Normal, Close(1000), Close(1001));
        table.Fails("a frame behind it that is wrong", CloseCode.Normal, Close(1000), new Frame(15, [1]) { Reserved = 0x70, Mask = null });
        table.Add("bytes behind it", [.. Encode(Close(1000)), .. Bytes(200_000)], [], CloseCode.Normal);
        table.Fails("messages before it, in one piece", 4321, [Texted("a"), Ponged(1), Binaried(Bytes(5000))], Text("a"), Ping(1), Binary(Bytes(5000)), Close(4321));
        table.Add("bytes behind an error", [.. Encode(Text("a") with { Mask = null }), .. Bytes(200_000)], [], CloseCode.ProtocolError);
    }

    private static void AddEnds(CaseTable table)
    {
        table.Section = "clients that go, RFC 6455 §7.1.7";
        var frame = Encode(Text("a message of some bytes"));
        table.Cut("at once", [], []);
        table.Cut("behind a message", frame, [Texted("a message of some bytes")]);
        table.Cut("behind a close frame", Encode(Close(1000)), [], CloseCode.Normal);
        table.Cut("within a message of fragments", Encode(Text("a") with { IsFinal = false }), []);
        foreach (var count in new[] { 1, 2, 4, 6, 7, frame.Length - 1 })
        {
            table.Cut($"behind {count} bytes of a frame", frame[..count], []);
        }

        table.Cut("within a long length", Encode(Binary(Bytes(70000)))[..6], []);
        table.Cut("within a long payload", Encode(Binary(Bytes(70000)))[..30000], []);
        table.Cut("behind an error", Encode(new Frame(3, [])), [], CloseCode.ProtocolError);
        table.Cut("behind a ping", Encode(Ping(1, 2)), [Ponged(1, 2)]);
    }

    private static void AddLimits(CaseTable table)
    {
        table.Section = "the limit of a message, RFC 6455 §10.4";
        table.Path = "/ws/small";
        const int Limit = WebSocketServer.SmallMessageBytes;
        table.Open("as long as may be", [Binaried(Bytes(Limit))], Binary(Bytes(Limit)));
        table.Open("as long as may be, in fragments", [Binaried(Bytes(Limit))], Fragments(Binary(Bytes(Limit)), 99));
        table.Open("two that are longer together", [Binaried(Bytes(Limit)), Binaried(Bytes(900))], Binary(Bytes(Limit)), Binary(Bytes(900)));
        table.Open("pings do not count", [Ponged(Bytes(125)), Ponged(Bytes(125)), Binaried(Bytes(Limit))],
            [.. Fragments(Binary(Bytes(Limit)), 500)[..1], Ping(Bytes(125)), Ping(Bytes(125)), .. Fragments(Binary(Bytes(Limit)), 500)[1..]]);
        table.Fails("one byte too long", CloseCode.TooBig, Binary(Bytes(Limit + 1)));
        table.Fails("one byte too long, in fragments", CloseCode.TooBig, Fragments(Text(new string('x', Limit + 1)), 100));
        table.Fails("a last fragment that tells too much", CloseCode.TooBig, Binary(Bytes(500)) with { IsFinal = false }, More(Bytes(501)));
        table.Fails("much too long", CloseCode.TooBig, Text(new string('x', 300_000)));
        table.Fails("too long behind a good one", CloseCode.TooBig, [Texted("a")], Text("a"), Text(new string('x', Limit + 1)), Text("b"));
        table.Path = "/ws";
    }
}
