using static PipeServer.Fuzz.Http2.Http2CaseTable;

namespace PipeServer.Fuzz.Http2;

/// <summary>The frames one by one: RFC 9113 §6.</summary>
internal static class FrameCases
{
    private static readonly int[] SizeOrProtocol = [Code.FrameSizeError, Code.ProtocolError];

    public static void Add(Http2CaseTable table)
    {
        AddData(table);
        AddHeaders(table);
        AddPriorityAndReset(table);
        AddSettings(table);
        AddPingAndGoAway(table);
        AddWindowUpdate(table);
        AddWindows(table);
        AddContinuation(table);
    }

    private static void AddData(Http2CaseTable table)
    {
        table.Section = "DATA, RFC 9113 §6.1";
        table.Fails("on stream 0", Code.ProtocolError, Http2Frame.Data(0, "test", end: true));
        table.Fails("on stream 0, without a byte", Code.ProtocolError, Post(), Http2Frame.Data(0, ""));
        foreach (var padding in new[] { 0, 1, 100, 255 })
        {
            table.Answers($"padded by {padding}", Post(), Http2Frame.Data(1, "test", end: true).Pad(padding));
            table.Answers($"padded by {padding}, without a byte", Post(), Http2Frame.Data(1, "").Pad(padding), Http2Frame.Data(1, "a", end: true));
        }

        table.Fails("padding as long as the payload", Code.ProtocolError, Post(), Http2Frame.Data(1, [5, 1, 2, 3, 4], end: true) with { Flags = Flag.EndStream | Flag.Padded });
        table.Fails("padding longer than the payload", Code.ProtocolError, Post(), Http2Frame.Data(1, [255, 1, 2, 3, 4], end: true) with { Flags = Flag.EndStream | Flag.Padded });
        table.Fails("padding of 1 in one byte", Code.ProtocolError, Post(), Http2Frame.Data(1, [1], end: true) with { Flags = Flag.EndStream | Flag.Padded });
        table.Fails("padded, without the length", SizeOrProtocol, Post(), Http2Frame.Data(1, "", end: true) with { Flags = Flag.EndStream | Flag.Padded });
        table.Tolerates("padding that is not zero", [Code.ProtocolError], Post(), Http2Frame.Data(1, [2, (byte)'a', 7, 7], end: true) with { Flags = Flag.EndStream | Flag.Padded });
    }

    private static void AddHeaders(Http2CaseTable table)
    {
        table.Section = "HEADERS, RFC 9113 §6.2";
        table.Fails("on stream 0", Code.ProtocolError, Get(0));
        foreach (var padding in new[] { 0, 1, 255 })
        {
            table.Answers($"padded by {padding}", Get().Pad(padding));
            table.Answers($"padded by {padding}, with priority", Get().Depend(0).Pad(padding));
        }

        table.Answers("with priority", Get().Depend(0, 255));
        table.Answers("with priority, exclusive", Get().Depend(int.MinValue, 0));
        table.Answers("depends on an idle stream", Get().Depend(77));
        table.Answers("depends on another stream", [1, 3], Get(), Get(3).Depend(1));
        table.Fails("padding as long as the payload", Code.ProtocolError, Get() with { Payload = [11, .. new byte[10]], Flags = Flag.EndBoth | Flag.Padded });
        table.Fails("padding longer than the payload", Code.ProtocolError, Get() with { Payload = [255, .. HpackBytes.Block(Request)], Flags = Flag.EndBoth | Flag.Padded });
        table.Fails("padding that leaves no room for the priority", SizeOrProtocol, Get() with { Payload = [7, 0, 0, 0, 0, 1, 2, 3, 4, 5], Flags = Flag.EndBoth | Flag.Padded | Flag.Priority });
        table.Fails("padded, without the length", SizeOrProtocol, Get() with { Payload = [], Flags = Flag.EndBoth | Flag.Padded });
        table.Fails("half a priority", SizeOrProtocol, Get() with { Payload = [0, 0, 0, 0], Flags = Flag.EndBoth | Flag.Priority });
        table.Fails("padded, with half a priority", SizeOrProtocol, Get() with { Payload = [0, 0, 0, 0, 0], Flags = Flag.EndBoth | Flag.Padded | Flag.Priority });
        table.Malformed("without a field", Http2Frame.Headers(1, []));
        table.Malformed("with nothing but priority", Http2Frame.Headers(1, []).Depend(0));
        table.Errs("depends on itself", [Code.ProtocolError], Get().Depend(1));
        table.Errs("depends on itself, exclusive", [Code.ProtocolError], Get().Depend(int.MinValue | 1));
        table.Errs("depends on itself, in pieces", [Code.ProtocolError], Get().Depend(1) with { Flags = Flag.EndStream | Flag.Priority }, Http2Frame.Continuation(1, []));
    }

    private static void AddPriorityAndReset(Http2CaseTable table)
    {
        table.Section = "PRIORITY, RFC 9113 §6.3";
        table.Fails("on stream 0", Code.ProtocolError, Http2Frame.Priority(0, 0));
        foreach (var length in new[] { 0, 1, 4, 6, 10 })
        {
            table.Errs($"{length} bytes", [Code.FrameSizeError], Post(), Any(FrameKind.Priority, 1, length));
        }

        table.Errs("too short, on a half-closed stream", [Code.FrameSizeError], Get(), Any(FrameKind.Priority, 1, 4));
        table.Answers("the least and the most weight", Http2Frame.Priority(1, 0, 0), Http2Frame.Priority(1, 0, 255), Get());
        table.Answers("exclusive, a dependency that is idle, a circle", Http2Frame.Priority(1, int.MinValue), Http2Frame.Priority(3, 5), Http2Frame.Priority(5, 3), Get());
        table.Errs("depends on itself, idle", [Code.ProtocolError], Http2Frame.Priority(1, 1));
        table.Errs("depends on itself, open", [Code.ProtocolError], Post(), Http2Frame.Priority(1, 1));

        table.Section = "RST_STREAM, RFC 9113 §6.4";
        table.Fails("on stream 0", Code.ProtocolError, Http2Frame.Reset(0));
        foreach (var length in new[] { 0, 3, 5, 8 })
        {
            table.Fails($"{length} bytes", Code.FrameSizeError, Post(), Any(FrameKind.RstStream, 1, length));
        }

        foreach (var code in new[] { 0, 8, 13, 14, 255, -1 })
        {
            table.Answers($"code {code}", [3], Post(), Http2Frame.Reset(1, code), Get(3));
        }

        table.Section = "PUSH_PROMISE, RFC 9113 §6.6";
        table.Fails("on stream 0", Code.ProtocolError, Any(FrameKind.PushPromise, 0, 4, Flag.EndHeaders));
        table.Fails("on a stream with an answer", Code.ProtocolError, Get(), CaseStep.Over(1), new Http2Frame(FrameKind.PushPromise, Flag.EndHeaders, 1, [0, 0, 0, 2, .. HpackBytes.Block(Request)]));
    }

    private static void AddSettings(Http2CaseTable table)
    {
        table.Section = "SETTINGS, RFC 9113 §6.5";
        table.Answers("none", Http2Frame.SettingsOf(), Get());
        table.Fails("an ACK with a payload", Code.FrameSizeError, Http2Frame.SettingsOf((1, 4096)) with { Flags = Flag.Ack });
        table.Fails("an ACK with one byte", Code.FrameSizeError, Any(FrameKind.Settings, 0, 1, Flag.Ack));
        table.Fails("on stream 1", Code.ProtocolError, Http2Frame.SettingsOf() with { StreamId = 1 });
        table.Fails("on an open stream", Code.ProtocolError, Post(), Http2Frame.SettingsOf() with { StreamId = 1 });
        table.Fails("an ACK on stream 1", Code.ProtocolError, Http2Frame.SettingsAck() with { StreamId = 1 });
        foreach (var length in new[] { 1, 3, 5, 7, 13 })
        {
            table.Fails($"{length} bytes", Code.FrameSizeError, Any(FrameKind.Settings, 0, length));
        }

        table.Tolerates("an ACK that nobody asked for", [Code.ProtocolError], Http2Frame.SettingsAck(), Http2Frame.SettingsAck(), Http2Frame.SettingsAck());

        table.Section = "the values of SETTINGS, RFC 9113 §6.5.2";
        foreach (var value in new[] { 2L, 255, int.MaxValue, uint.MaxValue })
        {
            table.Fails($"ENABLE_PUSH {value}", Code.ProtocolError, Http2Frame.SettingsOf((Setting.EnablePush, value)));
            table.Fails($"NO_RFC7540_PRIORITIES {value}, RFC 9218 §2.1", Code.ProtocolError, Http2Frame.SettingsOf((Setting.NoRfc7540Priorities, value)));
        }

        foreach (var value in new[] { 1L << 31, (1L << 31) + 1, uint.MaxValue })
        {
            table.Fails($"INITIAL_WINDOW_SIZE {value}", Code.FlowControlError, Http2Frame.SettingsOf((Setting.InitialWindowSize, value)));
        }

        foreach (var value in new[] { 0L, 1, 16383, 1 << 24, uint.MaxValue })
        {
            table.Fails($"MAX_FRAME_SIZE {value}", Code.ProtocolError, Http2Frame.SettingsOf((Setting.MaxFrameSize, value)));
        }

        foreach (var (id, value) in new (int, long)[]
        {
            (Setting.HeaderTableSize, 0), (Setting.HeaderTableSize, uint.MaxValue), (Setting.EnablePush, 0), (Setting.EnablePush, 1), (Setting.MaxConcurrentStreams, 0),
            (Setting.MaxConcurrentStreams, uint.MaxValue), (Setting.InitialWindowSize, int.MaxValue), (Setting.InitialWindowSize, 1), (Setting.MaxFrameSize, 16384),
            (Setting.MaxFrameSize, (1 << 24) - 1), (Setting.MaxHeaderListSize, uint.MaxValue), (Setting.EnableConnectProtocol, 0),
            (0, 7), (7, 7), (0xFFFF, 7),
        })
        {
            table.Answers($"setting {id} of {value}", Http2Frame.SettingsOf((id, value)), Get());
            table.Replace(table.All[^1] with { Answered = id == Setting.InitialWindowSize && value == 1 ? [] : [1] });
        }

        table.Fails("a wrong one behind right ones", Code.ProtocolError, Http2Frame.SettingsOf((Setting.HeaderTableSize, 4096), (Setting.InitialWindowSize, 70000), (Setting.MaxFrameSize, 3)));
        table.Fails("a wrong one behind a request", Code.FlowControlError, Get(), Http2Frame.SettingsOf((Setting.InitialWindowSize, 1L << 31)));
        table.Replace(table.Answers("the last of two values counts", Http2Frame.SettingsOf((Setting.InitialWindowSize, 0), (Setting.InitialWindowSize, 3)), Get(), CaseStep.Received(3)) with
        {
            Answered = [],
            Also = static client => client.Responses[1].BodyLength == 3 ? null : $"{client.Responses[1].BodyLength} bytes instead of 3",
        });
        table.Answers("one at a time, many", [.. Enumerable.Range(0, 20).Select(static at => (CaseStep)Http2Frame.SettingsOf((Setting.InitialWindowSize, 70000 + at))), Get()]);
    }

    private static void AddPingAndGoAway(Http2CaseTable table)
    {
        table.Section = "PING, RFC 9113 §6.7";
        table.Open("one", Http2Frame.Ping("12345678"));
        table.Open("several, answered in order", [.. Enumerable.Range(0, 10).Select(static at => (CaseStep)Http2Frame.Ping(Http2TestClient.Tag(at)))]);
        table.Open("an answer that nobody asked for", Http2Frame.Ping("12345678", ack: true));
        table.Answers("within a body", Post(), Http2Frame.Ping("withinit"), Http2Frame.Data(1, "a", end: true));
        table.Fails("on stream 1", Code.ProtocolError, Http2Frame.Ping() with { StreamId = 1 });
        table.Fails("an answer on stream 1", Code.ProtocolError, Http2Frame.Ping(ack: true) with { StreamId = 1 });
        foreach (var length in new[] { 0, 6, 7, 9, 16 })
        {
            table.Fails($"{length} bytes", Code.FrameSizeError, Any(FrameKind.Ping, 0, length));
        }

        table.Section = "GOAWAY, RFC 9113 §6.8";
        table.Fails("on stream 1", Code.ProtocolError, Http2Frame.GoAway() with { StreamId = 1 });
        table.Fails("on an open stream", Code.ProtocolError, Post(), Http2Frame.GoAway() with { StreamId = 1 });
        foreach (var length in new[] { 0, 4, 7 })
        {
            table.Fails($"{length} bytes", Code.FrameSizeError, Any(FrameKind.GoAway, 0, length));
        }

        void Left(Http2Case item) => table.Replace(item with { Kind = OutcomeKind.ErrorOrOpen, Codes = [Code.NoError] });
        Left(table.Open("with words", Http2Frame.GoAway(debug: "that is why")));
        Left(table.Open("with an unknown code", Http2Frame.GoAway(code: 9999)));
        Left(table.Answers("behind a request", Get(), Http2Frame.GoAway()));
        Left(table.Answers("within a body", Post(), Http2Frame.Data(1, "a"), Http2Frame.GoAway(), Http2Frame.Data(1, "b", end: true)));
    }

    private static void AddWindowUpdate(Http2CaseTable table)
    {
        table.Section = "WINDOW_UPDATE, RFC 9113 §6.9";
        table.Fails("0 on the connection", Code.ProtocolError, Http2Frame.WindowUpdate(0, 0));
        table.Fails("0 on the connection, with the reserved bit", Code.ProtocolError, Http2Frame.WindowUpdate(0, int.MinValue));
        table.Errs("0 on a stream", [Code.ProtocolError], Post(), Http2Frame.WindowUpdate(1, 0));
        table.Errs("0 on a stream, with the reserved bit", [Code.ProtocolError], Post(), Http2Frame.WindowUpdate(1, int.MinValue));
        foreach (var length in new[] { 0, 3, 5, 8 })
        {
            table.Fails($"{length} bytes on the connection", Code.FrameSizeError, Any(FrameKind.WindowUpdate, 0, length));
            table.Fails($"{length} bytes on a stream", Code.FrameSizeError, Post(), Any(FrameKind.WindowUpdate, 1, length));
        }

        table.Answers("1 on the connection", Http2Frame.WindowUpdate(0, 1), Get());
        table.Answers("1 on a stream", Post(), Http2Frame.WindowUpdate(1, 1), Http2Frame.Data(1, "a", end: true));
        table.Answers("with the reserved bit", Http2Frame.WindowUpdate(0, int.MinValue | 10), Get());
        table.Answers("the most on the connection", Http2Frame.WindowUpdate(0, int.MaxValue - 65535), Get());
        table.Answers("the most on a stream", Post(), Http2Frame.WindowUpdate(1, int.MaxValue - 65535), Http2Frame.Data(1, "a", end: true));
        table.Fails("one more than the most on the connection", Code.FlowControlError, Http2Frame.WindowUpdate(0, int.MaxValue - 65534));
        table.Resets("one more than the most on a stream", Code.FlowControlError, Post(), Http2Frame.WindowUpdate(1, int.MaxValue - 65534));
        table.Fails("twice the most on the connection", Code.FlowControlError, Http2Frame.WindowUpdate(0, int.MaxValue), Http2Frame.WindowUpdate(0, int.MaxValue));
        table.Resets("twice the most on a stream", Code.FlowControlError, Post(), Http2Frame.WindowUpdate(1, int.MaxValue), Http2Frame.WindowUpdate(1, int.MaxValue));
    }

    private static void AddWindows(Http2CaseTable table)
    {
        table.Section = "windows, RFC 9113 §6.9.1, §6.9.2";
        void Sends(Http2Case item, params int[] lengths) => table.Replace(item with
        {
            Answered = [],
            Also = client => client.Responses[1].DataLengths.Where(static one => one > 0).SequenceEqual(lengths) ? null
                : $"DATA of {string.Join(", ", client.Responses[1].DataLengths)} instead of {string.Join(", ", lengths)}",
        });
        static CaseStep Initial(long value) => Http2Frame.SettingsOf((Setting.InitialWindowSize, value));
        static CaseStep Update(int increment) => Http2Frame.WindowUpdate(1, increment);
        var none = CaseStep.Barrier; // twice: a PING may be answered before DATA that were due
        Sends(table.Open("a window of 1", Initial(1), Get(), CaseStep.Received(1), none), 1);
        Sends(table.Open("no window", Initial(0), Get(), none, none));
        Sends(table.Open("a window that opens by 1 and by 2", Initial(0), Get(), none, none, Update(1), CaseStep.Received(1), Update(2), CaseStep.Received(3), none), 1, 2);
        Sends(table.Open("SETTINGS open the windows of open streams", Initial(0), Get(), none, Initial(1), CaseStep.Received(1), none), 1);
        Sends(table.Open("a window that becomes negative", Initial(3), Get(), CaseStep.Received(3), Initial(2), none, Update(2), CaseStep.Received(4), none), 3, 1);
        Sends(table.Open("a window that becomes negative, and is not opened enough", Initial(5), Get(), CaseStep.Received(5), Initial(0), Update(4), none, Update(1), none, none), 5);
        Sends(table.Open("a negative window, opened by SETTINGS", Initial(5), Get(), CaseStep.Received(5), Initial(0), none, none, Initial(7), CaseStep.Received(7), none), 5, 2);
        table.Answers("a window of all bytes but one, then the last", Initial(10), Get(), CaseStep.Received(10), Update(1));
        table.Answers("a window of 0 for one stream only", [1, 3], Initial(0), Get(), Get(3), CaseStep.Barrier, Http2Frame.WindowUpdate(3, 100), CaseStep.Over(3), Http2Frame.WindowUpdate(1, 100));
        table.Answers("an answer without a body needs no window", Initial(0), Http2Frame.Headers(1, HpackBytes.Block(Fields("HEAD"))));
        table.Fails("SETTINGS that make a stream's window too large", Code.FlowControlError, Post(), Http2Frame.WindowUpdate(1, int.MaxValue - 65535), Initial(65536));
        table.Answers("SETTINGS that make a window as large as may be", Post(), Http2Frame.WindowUpdate(1, int.MaxValue - 65536), Initial(65536), Http2Frame.Data(1, "a", end: true));
    }

    private static void AddContinuation(Http2CaseTable table)
    {
        table.Section = "CONTINUATION, RFC 9113 §6.10";
        var block = HpackBytes.Block(Request);
        table.Answers("one", Http2Frame.Headers(1, block[..9]) with { Flags = Flag.EndStream }, Http2Frame.Continuation(1, block[9..]));
        table.Answers("an empty HEADERS, then all", Http2Frame.Headers(1, []) with { Flags = Flag.EndStream }, Http2Frame.Continuation(1, block));
        table.Answers("an empty last one", Http2Frame.Headers(1, block) with { Flags = Flag.EndStream }, Http2Frame.Continuation(1, []));
        table.Answers("some empty ones between", Http2Frame.Headers(1, block[..3]) with { Flags = Flag.EndStream }, Http2Frame.Continuation(1, [], end: false), Http2Frame.Continuation(1, [], end: false), Http2Frame.Continuation(1, block[3..]));
        table.Answers("behind padding and priority", (Http2Frame.Headers(1, block[..9]) with { Flags = Flag.EndStream }).Depend(0).Pad(3), Http2Frame.Continuation(1, block[9..]));
        table.Answers("of trailers", Post(), Http2Frame.Data(1, "a"), Http2Frame.Headers(1, [0, 1]) with { Flags = Flag.EndStream }, Http2Frame.Continuation(1, [(byte)'a', 1, (byte)'b']));
        table.Answers("a byte at a time", [.. Http2Frame.Head(1, block[..8], end: true, maxFrameBytes: 1).SkipLast(1), Http2Frame.Continuation(1, block[7..])]);
        table.Fails("first of all", Code.ProtocolError, Http2Frame.Continuation(1, block));
        table.Fails("on stream 0", Code.ProtocolError, Http2Frame.Headers(1, block[..9]) with { Flags = Flag.EndStream }, Http2Frame.Continuation(0, block[9..]));
        table.Fails("on another stream", Code.ProtocolError, Http2Frame.Headers(1, block[..9]) with { Flags = Flag.EndStream }, Http2Frame.Continuation(3, block[9..]));
        table.Fails("behind the end of the head", Code.ProtocolError, Post(), Http2Frame.Continuation(1, HpackBytes.Block([new("a", "b")])));
        table.Fails("behind the end of CONTINUATION", Code.ProtocolError, Post() with { Flags = 0 }, Http2Frame.Continuation(1, []), Http2Frame.Continuation(1, []));
        table.Fails("behind DATA", Code.ProtocolError, Post(), Http2Frame.Data(1, "a"), Http2Frame.Continuation(1, HpackBytes.Block([new("a", "b")])));
        table.Fails("behind a PING", Code.ProtocolError, Get() with { Flags = Flag.EndStream }, Http2Frame.Ping(), Http2Frame.Continuation(1, []));
    }
}
