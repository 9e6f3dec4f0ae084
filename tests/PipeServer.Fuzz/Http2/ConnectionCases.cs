using static PipeServer.Fuzz.Http2.Http2CaseTable;

namespace PipeServer.Fuzz.Http2;

/// <summary>The preface, frames as such, and streams as such: RFC 9113 §3 to §5.</summary>
internal static class ConnectionCases
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static readonly int[] ClosedOrProtocol = [Code.StreamClosed, Code.ProtocolError];

    public static void Add(Http2CaseTable table)
    {
        AddPreface(table);
        AddFormat(table);
        AddSizes(table);
        AddBlocks(table);
        AddIdle(table);
        AddOpen(table);
        AddHalfClosed(table);
        AddClosed(table);
        AddReset(table);
        AddNumbers(table);
        AddExtensions(table);
    }

    private static void AddPreface(Http2CaseTable table)
    {
        table.Section = "the preface, RFC 9113 §3.4";
        table.Open("alone with SETTINGS");
        table.Answers("with a request at once", Get());
        void Opened(Http2Case item, params byte[] opening) => table.Replace(item with { Opening = opening });
        Opened(table.Fails("without SETTINGS, a PING", Code.ProtocolError, Http2Frame.Ping()), Latin1(Preface));
        Opened(table.Fails("without SETTINGS, a request", Code.ProtocolError, Get()), Latin1(Preface));
        Opened(table.Fails("an ACK instead of SETTINGS", Code.ProtocolError, Http2Frame.SettingsAck()), Latin1(Preface));
        Opened(table.Fails("an unknown frame instead of SETTINGS", Code.ProtocolError, Any(77, 0, 3)), Latin1(Preface));
        Opened(table.Add("other words", OutcomeKind.Ends, []), Latin1("INVALID CONNECTION PREFACE\r\n\r\n"));
        Opened(table.Add("another last byte", OutcomeKind.Ends, []), Latin1(Preface[..^1] + "x" + new string('x', 50)));
        Opened(table.Add("another version", OutcomeKind.Ends, []), Latin1("PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n"));
        Opened(table.Add("another second part", OutcomeKind.Ends, []), Latin1("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"));
        Opened(table.Add("twice", OutcomeKind.ConnectionError, [Code.ProtocolError, Code.FrameSizeError]), Latin1(Preface + Preface));
        foreach (var length in new[] { 1, 3, 14, 18, 23, 24 })
        {
            Opened(table.Add($"cut behind {length} bytes", OutcomeKind.Ends, []) with { IsCut = true }, Latin1(Preface[..length]));
        }
    }

    private static void AddFormat(Http2CaseTable table)
    {
        table.Section = "the format of frames, RFC 9113 §4.1";
        foreach (var stream in new[] { 0, 1, 2, 77 })
        {
            table.Answers($"a frame of an unknown type on stream {stream}", Any(0x16, stream, 8), Get());
        }

        table.Answers("an unknown frame without a payload", Any(0xFF, 0, 0), Get());
        table.Answers("the longest unknown frame", Any(0x7F, 0, 16384, flags: 0xFF), Get());
        table.Answers("an unknown frame behind a request", Get(), Any(0x7F, 1, 3));
        table.Answers("an unknown frame within a body", Post(), Any(0x7F, 1, 3), Http2Frame.Data(1, "a", end: true));
        table.Answers("unknown flags of HEADERS", Get() with { Flags = Flag.EndBoth | 0x52 });
        table.Answers("unknown flags of DATA", Post(), Http2Frame.Data(1, "a", end: true) with { Flags = Flag.EndStream | 0xF6 });
        table.Open("unknown flags of PING", Http2Frame.Ping("flagsset") with { Flags = 0xFE });
        table.Open("unknown flags of SETTINGS", Http2Frame.SettingsOf() with { Flags = 0xFE });
        table.Answers("unknown flags of WINDOW_UPDATE", Http2Frame.WindowUpdate(0, 1) with { Flags = 0xFF }, Get());
        table.Answers("unknown flags of PRIORITY", Http2Frame.Priority(1, 0) with { Flags = 0xFF }, Get());
        table.Answers("unknown flags of CONTINUATION", Get() with { Flags = Flag.EndStream }, Http2Frame.Continuation(1, []) with { Flags = 0xFF });
        table.Open("the reserved bit of stream 0", Http2Frame.Ping("reserved") with { StreamId = int.MinValue });
        table.Answers("the reserved bit of stream 1", [1, 3], Get() with { StreamId = int.MinValue | 1 }, Get(3));
        foreach (var count in new[] { 1, 4, 8, 9, 12 })
        {
            var item = table.Add($"cut behind {count} bytes of a frame", OutcomeKind.Ends, [], new CaseStep(Raw: Http2Frame.Ping().Encode()[..count]));
            table.Replace(item with { IsCut = true });
        }

        table.Replace(table.Add("cut within a head", OutcomeKind.Ends, [], Get() with { Flags = 0 }) with { IsCut = true });
        table.Replace(table.Add("cut within a body", OutcomeKind.Ends, [], Post(), Http2Frame.Data(1, "a")) with { IsCut = true });
    }

    private static void AddSizes(Http2CaseTable table)
    {
        table.Section = "the sizes of frames, RFC 9113 §4.2";
        table.Answers("DATA as long as may be", Post(), Http2Frame.Data(1, new byte[16384], end: true));
        table.Errs("DATA one byte too long", [Code.FrameSizeError], Post(), Http2Frame.Data(1, new byte[16385], end: true));
        table.Answers("HEADERS as long as may be", PaddedTo(16384));
        table.Fails("HEADERS one byte too long", Code.FrameSizeError, PaddedTo(16385));
        table.Fails("CONTINUATION one byte too long", Code.FrameSizeError, Get() with { Flags = Flag.EndStream }, Any(FrameKind.Continuation, 1, 16385, Flag.EndHeaders));
        foreach (var kind in new[] { FrameKind.Settings, FrameKind.Ping, FrameKind.GoAway, FrameKind.WindowUpdate, FrameKind.PriorityUpdate, (byte)200 })
        {
            table.Fails($"a frame of type {kind} that is too long", Code.FrameSizeError, Any(kind, 0, 16390));
        }

        table.Errs("PRIORITY that is too long", [Code.FrameSizeError], Any(FrameKind.Priority, 1, 16390));
        table.Fails("the largest length there is", Code.FrameSizeError, Any(FrameKind.Ping, 0, 8) with { ToldLength = 0xFFFFFF });
    }

    private static void AddBlocks(Http2CaseTable table)
    {
        table.Section = "field blocks, RFC 9113 §4.3";
        var part = Get() with { Flags = Flag.EndStream };
        table.Fails("a block that cannot be decoded", Code.CompressionError, Http2Frame.Headers(1, [0x80]));
        table.Fails("a block that ends within a field", Code.CompressionError, Http2Frame.Headers(1, HpackBytes.Block(Request)[..^3]));
        table.Fails("a block that ends within a field, in CONTINUATION", Code.CompressionError, part, Http2Frame.Continuation(1, [0, 3, (byte)'a']));
        foreach (var (name, frame) in new (string, Http2Frame)[]
        {
            ("DATA", Http2Frame.Data(1, "a")), ("HEADERS of the stream", Get()), ("HEADERS of another stream", Get(3)), ("PRIORITY", Http2Frame.Priority(1, 0)),
            ("RST_STREAM", Http2Frame.Reset(1)), ("SETTINGS", Http2Frame.SettingsOf()), ("SETTINGS' ACK", Http2Frame.SettingsAck()), ("PING", Http2Frame.Ping()),
            ("GOAWAY", Http2Frame.GoAway()), ("WINDOW_UPDATE", Http2Frame.WindowUpdate(0, 1)), ("WINDOW_UPDATE of the stream", Http2Frame.WindowUpdate(1, 1)),
            ("CONTINUATION of another stream", Http2Frame.Continuation(3, [])), ("CONTINUATION of stream 0", Http2Frame.Continuation(0, [])),
            ("an unknown frame", Any(99, 1, 1)), ("PRIORITY_UPDATE", Http2Frame.PriorityUpdate(1, "u=1")), ("PUSH_PROMISE", Any(FrameKind.PushPromise, 1, 4)),
        })
        {
            table.Fails($"{name} within a block", Code.ProtocolError, part, frame);
        }
    }

    private static void AddIdle(Http2CaseTable table)
    {
        table.Section = "idle streams, RFC 9113 §5.1";
        foreach (var stream in new[] { 1, 2, 9, int.MaxValue })
        {
            table.Fails($"DATA on {stream}", Code.ProtocolError, Http2Frame.Data(stream, "test", end: true));
            table.Fails($"RST_STREAM on {stream}", Code.ProtocolError, Http2Frame.Reset(stream));
            table.Fails($"WINDOW_UPDATE on {stream}", Code.ProtocolError, Http2Frame.WindowUpdate(stream, 100));
            table.Fails($"CONTINUATION on {stream}", Code.ProtocolError, Http2Frame.Continuation(stream, HpackBytes.Block(Request)));
        }

        table.Fails("DATA without a byte", Code.ProtocolError, Http2Frame.Data(1, ""));
        table.Fails("PUSH_PROMISE", Code.ProtocolError, Any(FrameKind.PushPromise, 1, 4, Flag.EndHeaders));
        table.Open("PRIORITY", Http2Frame.Priority(1, 0, 255));
        table.Answers("PRIORITY, then a request", Http2Frame.Priority(1, 0), Get());
        table.Answers("PRIORITY of a later stream, then a request", Http2Frame.Priority(3, 0), Get());
        table.Answers("PRIORITY of a later stream, and of an even one", Http2Frame.Priority(2, 0), Http2Frame.Priority(2001, 1), Get());
        table.Answers("PRIORITY_UPDATE, then a request", Http2Frame.PriorityUpdate(1, "u=0"), Get());
    }

    private static void AddOpen(Http2CaseTable table)
    {
        table.Section = "open streams, RFC 9113 §5.1";
        table.Answers("a body in one", Post(), Http2Frame.Data(1, "test", end: true));
        table.Answers("a body in pieces, empty ones too", Post(), Http2Frame.Data(1, ""), Http2Frame.Data(1, "te"), Http2Frame.Data(1, ""), Http2Frame.Data(1, "st"), Http2Frame.Data(1, "", end: true));
        table.Answers("PRIORITY and WINDOW_UPDATE within a body", Post(), Http2Frame.Priority(1, 0), Http2Frame.WindowUpdate(1, 9), Http2Frame.Data(1, "a", end: true));
        table.Open("RST_STREAM", Post(), Http2Frame.Reset(1));
        table.Answers("RST_STREAM within a body, then another request", [3], Post(), Http2Frame.Data(1, "a"), Http2Frame.Reset(1), Get(3));
        table.Fails("CONTINUATION", Code.ProtocolError, Post(), Http2Frame.Continuation(1, []));
        table.Fails("CONTINUATION behind DATA", Code.ProtocolError, Post(), Http2Frame.Data(1, "a"), Http2Frame.Continuation(1, HpackBytes.Block([new("a", "b")])));
        table.Fails("PUSH_PROMISE", Code.ProtocolError, Post(), Any(FrameKind.PushPromise, 1, 4, Flag.EndHeaders));
        table.Answers("two bodies, one within the other", [1, 3], Post(), Post(3), Http2Frame.Data(1, "a"), Http2Frame.Data(3, "b"), Http2Frame.Data(1, "c", end: true), Http2Frame.Data(3, "d", end: true));
    }

    private static void AddHalfClosed(Http2CaseTable table)
    {
        table.Section = "half-closed streams, RFC 9113 §5.1";
        var shut = Http2Frame.SettingsOf((Setting.InitialWindowSize, 0)); // no answer with a body ends meanwhile
        table.Errs("DATA", [Code.StreamClosed], shut, Get(), Http2Frame.Data(1, "test", end: true));
        table.Errs("DATA without a byte", [Code.StreamClosed], shut, Get(), Http2Frame.Data(1, ""));
        table.Errs("HEADERS", [Code.StreamClosed], shut, Get(), Get());
        table.Errs("trailers behind the end of a body", [Code.StreamClosed], shut, Post(), Http2Frame.Data(1, "abc", end: true), Head(new Field("a", "b")));
        table.Errs("DATA behind the end of a body", [Code.StreamClosed], shut, Post(), Http2Frame.Data(1, "abc", end: true), Http2Frame.Data(1, "d", end: true));
        table.Errs("HEADERS without the end", [Code.StreamClosed], shut, Get(), Http2Frame.Headers(1, HpackBytes.Block(Request), end: false));
        table.Fails("CONTINUATION", ClosedOrProtocol, shut, Get(), Http2Frame.Continuation(1, HpackBytes.Block([new("a", "b")])));
        table.Open("PRIORITY", shut, Get(), Http2Frame.Priority(1, 0));
        table.Open("RST_STREAM", shut, Get(), Http2Frame.Reset(1));
        table.Answers("WINDOW_UPDATE", shut, Get(), Http2Frame.WindowUpdate(1, 100_000));
        table.Answers("PRIORITY, then WINDOW_UPDATE", shut, Get(), Http2Frame.Priority(1, 0), Http2Frame.WindowUpdate(1, 100_000));
        table.Answers("PRIORITY_UPDATE, then WINDOW_UPDATE", shut, Get(), Http2Frame.PriorityUpdate(1, "u=7"), Http2Frame.WindowUpdate(1, 100_000));
        table.Answers("an unknown frame, then WINDOW_UPDATE", shut, Get(), Any(88, 1, 1), Http2Frame.WindowUpdate(1, 100_000));
    }

    private static void AddClosed(Http2CaseTable table)
    {
        table.Section = "streams that both sides have ended, RFC 9113 §5.1";
        table.Fails("DATA", Code.StreamClosed, Get(), CaseStep.Over(1), Http2Frame.Data(1, "test", end: true));
        table.Fails("HEADERS", Code.StreamClosed, Get(), CaseStep.Over(1), Get());
        table.Fails("CONTINUATION", ClosedOrProtocol, Get(), CaseStep.Over(1), Http2Frame.Continuation(1, HpackBytes.Block([new("a", "b")])));
        table.Fails("DATA behind a body", Code.StreamClosed, Post(), Http2Frame.Data(1, "a", end: true), CaseStep.Over(1), Http2Frame.Data(1, "test"));
        table.Fails("trailers", Code.StreamClosed, Post(), Http2Frame.Data(1, "a", end: true), CaseStep.Over(1), Head(new Field("a", "b")));
        table.Answers("PRIORITY", Get(), CaseStep.Over(1), Http2Frame.Priority(1, 0));
        table.Answers("WINDOW_UPDATE", Get(), CaseStep.Over(1), Http2Frame.WindowUpdate(1, 1000));
        table.Answers("RST_STREAM", Get(), CaseStep.Over(1), Http2Frame.Reset(1));
        table.Answers("PRIORITY_UPDATE", Get(), CaseStep.Over(1), Http2Frame.PriorityUpdate(1, "u=3"));
        table.Answers("an unknown frame", Get(), CaseStep.Over(1), Any(88, 1, 1));
        table.Answers("another request", [1, 3], Get(), CaseStep.Over(1), Get(3));
    }

    private static void AddReset(Http2CaseTable table)
    {
        table.Section = "streams that were reset, RFC 9113 §5.1, §5.4.2";
        table.Errs("DATA behind a reset", [Code.StreamClosed], Post(), Http2Frame.Reset(1), Http2Frame.Data(1, "test", end: true));
        table.Errs("HEADERS behind a reset", [Code.StreamClosed], Post(), Http2Frame.Reset(1), Get());
        table.Errs("HEADERS behind the reset of a request without a body", [Code.StreamClosed], Get(), Http2Frame.Reset(1), Get());
        table.Fails("CONTINUATION behind a reset", ClosedOrProtocol, Post(), Http2Frame.Reset(1), Http2Frame.Continuation(1, HpackBytes.Block([new("a", "b")])));
        table.Open("PRIORITY behind a reset", Post(), Http2Frame.Reset(1), Http2Frame.Priority(1, 0));
        table.Tolerates("WINDOW_UPDATE behind a reset", [Code.StreamClosed], Post(), Http2Frame.Reset(1), Http2Frame.WindowUpdate(1, 1));
        table.Tolerates("a second reset", [Code.StreamClosed], Post(), Http2Frame.Reset(1), Http2Frame.Reset(1));
        var bad = Http2Frame.Headers(1, HpackBytes.Block([new(":nothing", "a"), .. Fields("POST")]), end: false);
        table.Malformed("DATA behind a reset of the server", bad, CaseStep.Over(1), Http2Frame.Data(1, "a"), Http2Frame.Data(1, "b", end: true));
        table.Malformed("trailers behind a reset of the server", bad, CaseStep.Over(1), Head(new Field("a", "b")));
        table.Malformed("WINDOW_UPDATE behind a reset of the server", bad, CaseStep.Over(1), Http2Frame.WindowUpdate(1, 1));
        table.Malformed("RST_STREAM behind a reset of the server", bad, CaseStep.Over(1), Http2Frame.Reset(1));
        table.Replace(table.Malformed("a request behind a reset of the server", bad, CaseStep.Over(1), Get(3)) with { Answered = [3] });
    }

    private static void AddNumbers(Http2CaseTable table)
    {
        table.Section = "numbers of streams, RFC 9113 §5.1.1, §5.1.2";
        table.Fails("an even one", Code.ProtocolError, Get(2));
        table.Fails("the largest even one", Code.ProtocolError, Get(int.MaxValue - 1));
        table.Fails("zero", Code.ProtocolError, Get(0));
        table.Fails("a smaller one than before", Code.ProtocolError, Get(5), Get(3));
        table.Answers("the first is not 1", [9], Get(9));
        table.Answers("some are left out", [1, 7, 101], Get(), Get(7), Get(101));
        table.Answers("the largest", [int.MaxValue], Get(int.MaxValue));
        table.Fails("a smaller one than the largest", Code.ProtocolError, Get(int.MaxValue), Get(1));
        table.Fails("DATA on one that was left out", ClosedOrProtocol, Get(5), Http2Frame.Data(3, "a"));
        table.Errs("HEADERS on the same once more", [Code.StreamClosed], Get(), Get());
        table.Fails("CONTINUATION on one that was left out", ClosedOrProtocol, Get(5), Http2Frame.Continuation(3, []));
        table.Answers("32 at once", [.. Enumerable.Range(0, 32).Select(static at => (2 * at) + 1)], [.. Enumerable.Range(0, 32).Select(static at => (CaseStep)Get((2 * at) + 1))]);
        CaseStep[] many = [Http2Frame.SettingsOf((Setting.InitialWindowSize, 0)), .. Enumerable.Range(0, 140).Select(static at => (CaseStep)Get((2 * at) + 1)), CaseStep.Barrier];
        var crowd = table.Add("more than are allowed at once", OutcomeKind.ErrorOrOpen, [Code.RefusedStream, Code.ProtocolError], many);
        table.Replace(crowd with
        {
            Stream = 279,
            Also = static client => client.Conversation.Resets.Count > 0 && client.Conversation.Resets.Values.All(static code => code is Code.RefusedStream or Code.ProtocolError) ? null
                : "none is refused",
        });
    }

    private static void AddExtensions(Http2CaseTable table)
    {
        table.Section = "errors and extensions, RFC 9113 §5.4, §5.5";
        table.Fails("requests behind an error are not answered", Code.ProtocolError, Http2Frame.Ping() with { StreamId = 3 }, Get());
        table.Replace(table.All[^1] with { Also = static client => client.Responses[1].Fields is null ? null : "the request behind it is answered" });
        table.Answers("unknown frames and settings everywhere", Any(0x0B, 0, 9), Http2Frame.SettingsOf((0x99, 1), (0xFFFF, uint.MaxValue)), Any(0x0A, 1, 3), Get(), Any(0xF0, 3, 0));
        table.Fails("an unknown frame within a block", Code.ProtocolError, Get() with { Flags = Flag.EndStream }, Any(0x16, 0, 8));
        table.Answers("a stream error leaves the others alone", [3, 5], Head(new Field("x", "y")), Get(3), Get(5));
        table.Replace(table.All[^1] with { Kind = OutcomeKind.StreamError, Codes = [Code.ProtocolError] });
    }

    // HEADERS whose payload has so many bytes, by padding and by fields.
    private static Http2Frame PaddedTo(int length)
    {
        const int Padding = 100;
        var request = HpackBytes.Block(Request);
        var value = new string('x', length - 1 - Padding - request.Length - 3 - 3); // a literal's begin and name, and the value's length
        return Http2Frame.Headers(1, [.. request, .. HpackBytes.Literal("x", value)]).Pad(Padding);
    }
}
