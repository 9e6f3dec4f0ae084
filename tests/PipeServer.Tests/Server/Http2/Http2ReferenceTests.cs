using PipeServer.Fuzz.Http2;
using PipeServer.Fuzz.Http2Fuzz;

namespace PipeServer.Tests.Server.Http2;

/// <summary>The oracle of the fuzzer of frames, by itself: an oracle that excuses everything finds nothing.</summary>
public sealed class Http2ReferenceTests
{
    private static readonly Http2Frame Get = Http2Frame.Headers(1, HpackBytes.Block(Head("GET", "/inline/a")));

    // Scripts are right in every way, so that nothing is excused, and nearly all streams have to be answered.
    [Fact]
    public void Of_a_right_script_nothing_may_fail()
    {
        var (answered, all) = (0, 0);
        for (var seed = 0; seed < 500; seed++)
        {
            var expected = Expect([.. Http2Script.Next(new Random(seed))]);
            Assert.True(expected is { IsHttp2: true, IsTruncated: false, IsLeft: false, MustEndWith: null, MayEndWith.Count: 0 }, $"seed {seed}");
            Assert.All(expected.Streams, static stream => Assert.False(stream.Value.MustBeRefused));
            all += expected.Streams.Count;
            answered += expected.Streams.Count(static stream => stream.Value.MustBeAnswered);
        }

        Assert.InRange(answered, all * 3 / 4, all);
    }

    // Most changes do something that the reference sees: of those that it does not see, most are changes of what nobody looks at.
    [Fact]
    public void Attacks_are_of_all_kinds()
    {
        var attacks = Enumerable.Range(0, 1000).Select(static seed => Http2Reference.Expect(Http2Attack.Of(seed).Bytes)).ToList();
        Assert.InRange(attacks.Count(static expected => expected.MustEndWith is not null), 200, 600);
        Assert.InRange(attacks.Count(static expected => expected.MustEndWith is null && expected.MayEndWith.Count == 0), 200, 800);
        Assert.InRange(attacks.Count(static expected => expected.Streams.Values.Any(static stream => stream.MustBeRefused)), 30, 600);
        Assert.InRange(attacks.Sum(static expected => expected.Streams.Values.Count(static stream => stream.MustBeAnswered)), 1500, 10_000);
        Assert.All(
            Enumerable.Range(0, 15).Where(static code => code is Code.ProtocolError or Code.FlowControlError or Code.StreamClosed or Code.FrameSizeError or Code.CompressionError),
            code => Assert.Contains(attacks, expected => expected.MustEndWith?.Contains(code) == true));
    }

    [Fact]
    public void A_right_request_is_answered_by_its_own_body()
    {
        var stream = Expect(Http2Frame.SettingsOf(), Get).Streams[1];
        Assert.True(stream.MustBeAnswered);
        Assert.Equal("/inline/a"u8.ToArray(), stream.Body);
        Assert.Empty(stream.ResetCodes);
        Assert.False(stream.MayBeRefused);
    }

    [Fact]
    public void An_answer_that_the_window_does_not_let_through_is_not_due()
    {
        Assert.False(Expect(Http2Frame.SettingsOf((Setting.InitialWindowSize, 0)), Get).Streams[1].MustBeAnswered);
        Assert.True(Expect(Http2Frame.SettingsOf((Setting.InitialWindowSize, 0)), Get, Http2Frame.WindowUpdate(1, 9)).Streams[1].MustBeAnswered);
    }

    [Fact]
    public void A_malformed_request_is_refused_alone()
    {
        var expected = Expect(
            Http2Frame.SettingsOf(), Http2Frame.Headers(1, HpackBytes.Block([.. Head("GET", "/inline/a"), new("X-Upper", "1")])), Http2Frame.Headers(3, HpackBytes.Block(Head("GET", "/inline/b"))));
        Assert.True(expected.Streams[1] is { MustBeRefused: true, MayBeGood: false });
        Assert.Contains(Code.ProtocolError, expected.Streams[1].ResetCodes);
        Assert.True(expected.Streams[3].MustBeAnswered);
        Assert.Null(expected.MustEndWith);
    }

    // Found by the fuzzer: a stream that depends on itself was to be refused even where its header block never ends. The server waits for the end of a block,
    // which has to be decoded whole (RFC 9113 §4.3), as the client waited for the refusal, until both had no patience left.
    [Fact]
    public void A_stream_that_depends_on_itself_is_refused_when_its_head_is_whole()
    {
        var self = Http2Frame.Headers(1, HpackBytes.Block(Head("POST", "/inline/a"))).Depend(1);
        var open = self with { Flags = (byte)(self.Flags & ~Flag.EndHeaders) };
        Assert.True(Expect(Http2Frame.SettingsOf(), self).Streams[1].MustBeRefused);
        Assert.True(Expect(Http2Frame.SettingsOf(), open, Http2Frame.Continuation(1, [])).Streams[1].MustBeRefused);
        var expected = Expect(Http2Frame.SettingsOf(), open, Http2Frame.Continuation(1, [], end: false));
        Assert.False(expected.Streams[1].MustBeRefused);
        Assert.True(expected.IsTruncated);
        Assert.Contains(Code.ProtocolError, expected.MayEndWith); // at once is right, too
    }

    [Fact]
    public void Errors_of_the_connection_have_their_codes()
    {
        Assert.Equal([Code.ProtocolError], Expect(Get).MustEndWith!);
        Assert.Equal([Code.ProtocolError], Expect(Http2Frame.SettingsOf(), Http2Frame.Data(1, "idle")).MustEndWith!);
        Assert.Equal([Code.FrameSizeError], Expect(Http2Frame.SettingsOf(), Http2Frame.Ping("short")).MustEndWith!);
        Assert.Equal([Code.FlowControlError], Expect(Http2Frame.SettingsOf((Setting.InitialWindowSize, 0x8000_0000))).MustEndWith!);
        Assert.Equal([Code.CompressionError], Expect(Http2Frame.SettingsOf(), Http2Frame.Headers(1, [0x80])).MustEndWith!);
        Assert.Equal([Code.ProtocolError], Expect(Http2Frame.SettingsOf(), Http2Frame.WindowUpdate(2, 1)).MustEndWith!);
    }

    private static List<Field> Head(string method, string path) => [new(":method", method), new(":scheme", "http"), new(":path", path), new(":authority", "localhost")];

    private static Http2Expectation Expect(params IEnumerable<Http2Frame> frames) =>
        Http2Reference.Expect([.. Http2Frame.Preface, .. frames.SelectMany(static frame => frame.Encode())]);
}
