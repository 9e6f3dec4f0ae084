using System.Buffers;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

public sealed class RequestParserTests
{
    private static readonly RequestLimits Limits = new(8 * 1024, 32 * 1024, 100);

    public static TheoryData<string> ValidIds => [.. ProtocolCases.All.Where(static item => !item.IsRefusedHead).Select(static item => item.Id)];

    public static TheoryData<string> InvalidIds => [.. ProtocolCases.All.Where(static item => item.IsRefusedHead).Select(static item => item.Id)];

    [Theory]
    [MemberData(nameof(ValidIds))]
    public void A_valid_head_is_complete_whatever_the_split(string id)
    {
        var bytes = ProtocolCases.Get(id).EncodedHead;
        // What follows the head is not the parser's business.
        byte[] withMore = [.. bytes, .. "GARBAGE\n\0"u8];
        var whole = new RequestHead();
        Assert.Equal(ParseStatus.Complete, RequestParser.Parse(new ReadOnlySequence<byte>(withMore), whole, Limits));
        Assert.Equal(bytes.Length, whole.ByteLength);
        var meaning = Describe(whole);
        ForEverySplit(bytes, (head, status) =>
        {
            Assert.Equal(ParseStatus.Complete, status);
            Assert.Equal(bytes.Length, head.ByteLength);
            Assert.Equal(meaning, Describe(head));
            head.Detach();
            Assert.Equal(meaning, Describe(head));
        });
    }

    [Theory]
    [MemberData(nameof(InvalidIds))]
    public void An_invalid_head_gets_its_status_whatever_the_split(string id)
    {
        var item = ProtocolCases.Get(id);
        ForEverySplit(item.Encoded, (head, status) =>
        {
            Assert.Equal(ParseStatus.Invalid, status);
            Assert.Equal(item.Status, RequestErrors.Status(head.Error));
            Assert.True(RequestErrors.ClosesConnection(head.Error));
        });
    }

    [Theory]
    [MemberData(nameof(ValidIds))]
    public void Every_true_prefix_of_a_valid_head_needs_more_data(string id)
    {
        var bytes = ProtocolCases.Get(id).EncodedHead;
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(
                ParseStatus.NeedMoreData,
                RequestParser.Parse(new ReadOnlySequence<byte>(bytes.AsMemory(0, length)), new RequestHead(), Limits));
        }
    }

    [Fact]
    public void Fields_are_slices_with_white_space_trimmed_and_bytes_kept()
    {
        var head = Parse("GET /a%20b/../c?d=e HTTP/1.1\r\nHost: h\r\nX-One:  \t a b \u00A0\t \r\nx-one:2\r\nConnection: keep-alive, CLOSE\r\n\r\n");
        Assert.Equal(RequestMethod.Get, head.Method);
        Assert.Equal("/c", Encoding.UTF8.GetString(head.Path));
        Assert.Equal("d=e", Encoding.UTF8.GetString(head.Query));
        Assert.Equal("a b \u00A0", Encoding.Latin1.GetString(head.Fields.Value(1)));
        Assert.Equal(1, head.Fields.IndexOf("X-ONE"u8));
        Assert.Equal(2, head.Fields.IndexOf("X-ONE"u8, 2));
        Assert.Equal(-1, head.Fields.IndexOf("X-ONE"u8, 3));
        Assert.False(head.KeepAlive);
    }

    [Theory]
    [InlineData("HTTP/1.1", "", true)]
    [InlineData("HTTP/1.1", "Connection: close\r\n", false)]
    [InlineData("HTTP/1.1", "Connection: foo , \tClose\r\n", false)]
    [InlineData("HTTP/1.1", "Connection: foo\r\nConnection: close\r\n", false)]
    [InlineData("HTTP/1.1", "Connection: closed\r\n", true)]
    [InlineData("HTTP/1.0", "", false)]
    [InlineData("HTTP/1.0", "Connection: Keep-Alive\r\n", true)]
    [InlineData("HTTP/1.0", "Connection: keep-alive, close\r\n", false)]
    public void Keep_alive_follows_version_and_options(string version, string headers, bool expected) =>
        Assert.Equal(expected, Parse($"GET / {version}\r\nHost: a\r\n{headers}\r\n").KeepAlive);

    [Fact]
    public void Expectations_are_for_1_1_with_a_body()
    {
        Assert.True(Parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n").ExpectsContinue);
        Assert.False(Parse("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").ExpectsContinue);
        Assert.False(Parse("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n").ExpectsContinue);
        Assert.Equal(RequestError.UnsupportedExpectation, Parse("POST / HTTP/1.1\r\nHost: a\r\nExpect: beer\r\n\r\n").NonFatalError);
        Assert.Equal(RequestError.UnsupportedExpectation, Parse("POST / HTTP/1.0\r\nExpect: beer\r\n\r\n").NonFatalError);
        Assert.Equal(RequestError.None, Parse("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").NonFatalError);
    }

    // Limits are honoured to the byte, at any split.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void The_request_line_limit_is_exact(int over)
    {
        var bytes = ProtocolCase.Encode($"GET /{new string('a', 200 - 14 + over)} HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200 + over, Array.IndexOf(bytes, (byte)'\r'));
        ForEverySplit(bytes, (head, status) =>
        {
            Assert.Equal(over == 0 ? ParseStatus.Complete : ParseStatus.Invalid, status);
            Assert.Equal(over == 0 ? RequestError.None : RequestError.TargetTooLong, head.Error);
        }, new RequestLimits(200, 1000, 10));
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "")]
    [InlineData(0, "\r\n\r\n")]
    [InlineData(1, "\r\n\r\n")]
    public void The_head_limit_is_exact_and_leaves_out_empty_lines_before(int over, string before)
    {
        const string Rest = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
        var bytes = ProtocolCase.Encode(before + Rest.Replace("X: ", "X: " + new string('x', 300 - Rest.Length + over)));
        ForEverySplit(bytes, (head, status) =>
        {
            Assert.Equal(over == 0 ? ParseStatus.Complete : ParseStatus.Invalid, status);
            Assert.Equal(over == 0 ? RequestError.None : RequestError.HeadTooLarge, head.Error);
        }, new RequestLimits(200, 300, 10));
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(10, false)]
    public void The_field_limit_is_exact(int more, bool isValid)
    {
        var expected = isValid ? ParseStatus.Complete : ParseStatus.Invalid;
        var bytes = ProtocolCase.Encode($"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Repeat("X: y\r\n", more))}\r\n");
        ForEverySplit(bytes, (_, status) => Assert.Equal(expected, status), new RequestLimits(200, 1000, 10));
    }

    [Fact]
    public void A_four_kibibyte_target_passes_with_the_default_limits()
    {
        var options = new HttpServerOptions();
        var limits = new RequestLimits(options.MaxRequestLineBytes, options.MaxRequestHeadBytes, options.MaxRequestHeaderCount);
        var bytes = ProtocolCase.Encode($"GET /{new string('a', 4096)} HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(ParseStatus.Complete, RequestParser.Parse(new ReadOnlySequence<byte>(bytes), new RequestHead(), limits));
    }

    // A client that never ends its line must not be able to hide a mistake until the time-out.
    [Theory]
    [InlineData("GET / HTTP/1.1\rX")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\r")]
    [InlineData("\u0016\u0003\u0001")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("\rG")]
    public void What_no_further_byte_can_mend_is_refused_at_once(string text) =>
        ForEverySplit(ProtocolCase.Encode(text), (_, status) => Assert.Equal(ParseStatus.Invalid, status));

    // Random mutations of valid heads: never an exception, and the same answer for every way to cut them.
    [Fact]
    public void Mutants_get_one_meaning_whatever_the_split()
    {
        var random = new Random(20261121);
        var seeds = ProtocolCases.All.Where(static item => item.Bytes.Length < 200).Select(static item => item.Encoded).ToList();
        var interesting = ProtocolCase.Encode("\r\n\0 \t:,;/?*%\u00FF.[]@-0aHG");
        for (var i = 0; i < 20_000; i++)
        {
            var mutant = seeds[random.Next(seeds.Count)].ToList();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var at = random.Next(mutant.Count + 1);
                switch (random.Next(4))
                {
                    case 0:
                        mutant.Insert(at, interesting[random.Next(interesting.Length)]);
                        break;
                    case 1 when at < mutant.Count:
                        mutant.RemoveAt(at);
                        break;
                    case 2 when at < mutant.Count:
                        mutant[at] = interesting[random.Next(interesting.Length)];
                        break;
                    default:
                        var length = random.Next(Math.Min(8, mutant.Count - at + 1));
                        mutant.InsertRange(at, mutant.GetRange(at, length));
                        break;
                }
            }

            byte[] bytes = [.. mutant];
            var whole = new RequestHead();
            var status = RequestParser.Parse(new ReadOnlySequence<byte>(bytes), whole, Limits);
            var split = random.Next(bytes.Length + 1);
            var inTwo = new RequestHead();
            var first = RequestParser.Parse(new ReadOnlySequence<byte>(bytes.AsMemory(0, split)), inTwo, Limits);
            var second = first == ParseStatus.NeedMoreData ? RequestParser.Parse(Sequence(bytes, split), inTwo, Limits) : first;
            if (status == ParseStatus.NeedMoreData && first == ParseStatus.NeedMoreData)
            {
                Assert.Equal(status, second);
            }
            else
            {
                Assert.True(status == second, $"{status} whole, {second} split at {split}: {Encoding.Latin1.GetString(bytes)}");
                if (status == ParseStatus.Complete)
                {
                    Assert.Equal(Describe(whole), Describe(inTwo));
                }
            }
        }
    }

    private static RequestHead Parse(string text)
    {
        var head = new RequestHead();
        Assert.Equal(ParseStatus.Complete, RequestParser.Parse(new ReadOnlySequence<byte>(ProtocolCase.Encode(text)), head, Limits));
        return head;
    }

    // In two pieces at every point, as one buffer that grew, with room behind it and without, and as two segments; and byte by byte.
    private static void ForEverySplit(byte[] bytes, Action<RequestHead, ParseStatus> check, RequestLimits? limits = null)
    {
        var step = bytes.Length > 2000 ? 97 : 1;
        for (var split = 0; split <= bytes.Length; split += step)
        {
            // The pass over ordinary heads wants room, and what lies there are the bytes that have not come yet: it must not see them.
            foreach (var room in new[] { 0, OrdinaryHead.Slack })
            {
                var array = HeadCheck.Place(bytes, 1, room, split);
                var head = new RequestHead();
                var status = RequestParser.Parse(array, 1, split, head, limits ?? Limits);
                if (status == ParseStatus.NeedMoreData)
                {
                    status = RequestParser.Parse(array, 1, bytes.Length, head, limits ?? Limits);
                }

                check(head, status);
            }

            foreach (var isOneSegment in new[] { true, false })
            {
                var head = new RequestHead();
                var status = RequestParser.Parse(new ReadOnlySequence<byte>(bytes.AsMemory(0, split)), head, limits ?? Limits);
                if (status == ParseStatus.NeedMoreData)
                {
                    var all = isOneSegment ? new ReadOnlySequence<byte>(bytes.ToArray()) : Sequence(bytes, split);
                    status = RequestParser.Parse(all, head, limits ?? Limits);
                }

                check(head, status);
            }
        }

        var slow = new RequestHead();
        var slowStatus = ParseStatus.NeedMoreData;
        for (var length = 1; length <= bytes.Length && slowStatus == ParseStatus.NeedMoreData; length++)
        {
            slowStatus = RequestParser.Parse(new ReadOnlySequence<byte>(bytes.AsMemory(0, length)), slow, limits ?? Limits);
        }

        check(slow, slowStatus);

        // A head in three or more pieces made the parser throw: what it had scanned lay beyond the first piece, where it
        // began again. One segment for each byte, the head kept from attempt to attempt.
        if (bytes.Length <= 2000)
        {
            var inPieces = new RequestHead();
            var piecesStatus = ParseStatus.NeedMoreData;
            var first = new Segment(bytes.AsMemory(0, 1), 0);
            var last = first;
            for (var length = 1; length <= bytes.Length && piecesStatus == ParseStatus.NeedMoreData; length++)
            {
                if (length > 1)
                {
                    var next = new Segment(bytes.AsMemory(length - 1, 1), length - 1);
                    last.Append(next);
                    last = next;
                }

                piecesStatus = RequestParser.Parse(new ReadOnlySequence<byte>(first, 0, last, 1), inPieces, limits ?? Limits);
            }

            check(inPieces, piecesStatus);
        }
    }

    private static ReadOnlySequence<byte> Sequence(byte[] bytes, int split)
    {
        var first = new Segment(bytes.AsMemory(0, split), 0);
        var second = new Segment(bytes.AsMemory(split), split);
        first.Append(second);
        return new ReadOnlySequence<byte>(first, 0, second, bytes.Length - split);
    }

    private static string Describe(RequestHead head)
    {
        var text = new StringBuilder()
            .Append(head.Method).Append(' ').Append(Encoding.Latin1.GetString(head.MethodBytes)).Append(' ')
            .Append(head.Target.Form).Append(' ').Append(Encoding.Latin1.GetString(head.TargetBytes)).Append(' ')
            .Append(Encoding.Latin1.GetString(head.Path)).Append('?').Append(Encoding.Latin1.GetString(head.Query)).Append(' ')
            .Append(head.MinorVersion).Append(' ').Append(head.Framing).Append(' ').Append(head.KeepAlive).Append(' ').Append(head.NonFatalError);
        for (var i = 0; i < head.Fields.Count; i++)
        {
            text.Append('\n').Append(Encoding.Latin1.GetString(head.Fields.Name(i))).Append('=').Append(Encoding.Latin1.GetString(head.Fields.Value(i)));
        }

        return text.ToString();
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public void Append(Segment next) => Next = next;
    }
}
