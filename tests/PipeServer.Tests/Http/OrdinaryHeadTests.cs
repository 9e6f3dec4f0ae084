using System.Buffers;
using System.Runtime.Intrinsics.X86;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>
/// The pass over ordinary heads takes what it should, and says of it what the parser of all heads says. The comparison itself,
/// <see cref="HeadCheck"/>, is a target of the fuzzer too.
/// </summary>
public sealed class OrdinaryHeadTests
{
    private static readonly RequestLimits Limits = new(8 * 1024, 32 * 1024, 100);

    public static TheoryData<int> Ordinary => [.. Enumerable.Range(0, OrdinaryHeads.All.Count)];

    public static TheoryData<string> Ids => [.. ProtocolCases.All.Select(static item => item.Id)];

    [Theory]
    [MemberData(nameof(Ordinary))]
    public void An_ordinary_head_is_taken_whole_and_at_no_split(int index)
    {
        var bytes = Encoding.Latin1.GetBytes(OrdinaryHeads.All[index]);
        for (var split = 0; split <= bytes.Length; split++)
        {
            Assert.Null(HeadCheck.Find(bytes, split, out var isTaken));
            Assert.True(isTaken);
        }
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_case_of_the_table_means_the_same_at_every_split(string id)
    {
        var bytes = ProtocolCases.Get(id).Encoded;
        var step = bytes.Length > 2000 ? 97 : 1;
        for (var split = 0; split <= bytes.Length; split += step)
        {
            Assert.Null(HeadCheck.Find(bytes, split));
        }
    }

    [Theory]
    [InlineData("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("get / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("FOO / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GETT / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET  / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.2\r\nHost: a\r\n\r\n")]
    [InlineData("GET / http/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1 \r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\nHost: a\r\n\r\n")]
    [InlineData("GET /a%20b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /\u00E9 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /. HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /.well-known/a HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /0123456789012345678901234567890/./a HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost : a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX:  y\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: \ty\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: y \r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: y\t\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX:  \r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: y\0\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: y\u007F\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: y\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent_Length: 1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\ntransfer_Encoding: chunked\r\n\r\n")]
    public void What_is_not_ordinary_is_left_alone(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        for (var split = 0; split <= bytes.Length; split++)
        {
            Assert.Null(HeadCheck.Find(bytes, split, out var isTaken));
            Assert.False(isTaken);
        }
    }

    [Fact]
    public void Mutants_of_ordinary_heads_mean_the_same()
    {
        var random = new Random(20261126);
        var mutator = new Mutator(random, [.. OrdinaryHeads.Encoded]);
        var taken = 0;
        for (var count = 0; count < 30_000; count++)
        {
            var input = mutator.Next();
            var problem = HeadCheck.Find(input, random.Next(input.Length + 1), out var isTaken);
            Assert.True(problem is null, problem + "\n" + ParserCheck.Escape(Encoding.Latin1.GetString(input)));
            taken += isTaken ? 1 : 0;
        }

        Assert.InRange(taken, 6_000, 24_000); // nearly right: a good part is taken, a good part is not
    }

    // Lines of every length, so that each end comes to lie at every place of the pieces that are looked at in one go.
    [Fact]
    public void Every_length_of_path_query_name_and_value_means_the_same()
    {
        for (var length = 0; length < 140; length++)
        {
            var a = new string('a', length);
            foreach (var text in new[]
            {
                $"GET /{a} HTTP/1.1\r\nHost: a\r\n\r\n", $"GET /?{a} HTTP/1.1\r\nHost: a\r\n\r\n", $"GET /{a}?b HTTP/1.1\r\nHost: a\r\n\r\n",
                $"GET / HTTP/1.1\r\nHost: a{a}\r\n\r\n", $"GET / HTTP/1.1\r\nHost: {a}:80\r\n\r\n", $"GET / HTTP/1.1\r\nHost: a\r\nX: {a}\r\n\r\n",
                $"GET / HTTP/1.1\r\nHost: a\r\nX: {a}\u00E9{a}\ta\r\n\r\n", $"GET / HTTP/1.1\r\nX: {a}\r\nHost: a\r\nY: z\r\n\r\n",
                $"POST /{a} HTTP/1.1\r\nHost: a\r\nX: {a}\r\nContent-Length: 3\r\n\r\n", $"GET /{a}/.b HTTP/1.1\r\nHost: a\r\n\r\n",
            })
            {
                Assert.Null(HeadCheck.Find(Encoding.Latin1.GetBytes(text), length, out var isTaken));
                Assert.True(isTaken || text.Contains("/.") || text.Contains("Host: :"), text);
            }

            var name = $"GET / HTTP/1.1\r\nHost: a\r\nX{a}: b\r\n\r\n";
            Assert.Null(HeadCheck.Find(Encoding.Latin1.GetBytes(name), length, out var isNameTaken));
            Assert.Equal(length < 31, isNameTaken);
        }
    }

    // A byte of each value at each place of a head, which is also what the classes are for.
    [Fact]
    public void Every_byte_in_every_place_means_the_same()
    {
        foreach (var text in new[] { "GET /a/b?c HTTP/1.1\r\nHost: a:8\r\nX-Y: z\r\n\r\n", "POST /a HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" })
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            for (var at = 0; at < bytes.Length; at++)
            {
                for (var value = 0; value <= byte.MaxValue; value++)
                {
                    var changed = bytes.ToArray();
                    changed[at] = (byte)value;
                    Assert.Null(HeadCheck.Find(changed, at));
                }
            }
        }
    }

    [Fact]
    public void The_classes_are_those_of_the_grammar()
    {
        CheckClasses<ByteClasses128>();
        if (Avx2.IsSupported)
        {
            CheckClasses<ByteClasses256>();
        }
    }

    [Fact]
    public void A_head_is_taken_up_to_64_bytes_before_the_end_of_its_array()
    {
        var bytes = Encoding.Latin1.GetBytes(OrdinaryHeads.All[2]);
        for (var slack = 0; slack <= OrdinaryHead.Slack; slack++)
        {
            for (var start = 0; start < 3; start++)
            {
                var head = new RequestHead();
                var array = HeadCheck.Place(bytes, start, slack, slack);
                Assert.Equal(slack == OrdinaryHead.Slack, OrdinaryHead.TryParse(array, start, bytes.Length, head, Limits));
                head.Reset();
                Assert.Equal(ParseStatus.Complete, RequestParser.Parse(array, start, bytes.Length, head, Limits));
                Assert.Equal("/plaintext", Encoding.Latin1.GetString(head.Path));
            }
        }

        // A full buffer of pipelined requests: all but the last have the others behind them.
        byte[] full = [.. bytes, .. bytes, .. bytes];
        Assert.True(OrdinaryHead.TryParse(full, 0, full.Length, new RequestHead(), Limits));
        Assert.True(OrdinaryHead.TryParse(full, bytes.Length, full.Length - bytes.Length, new RequestHead(), Limits) == bytes.Length >= OrdinaryHead.Slack);
        Assert.False(OrdinaryHead.TryParse(full, bytes.Length * 2, bytes.Length, new RequestHead(), Limits));
    }

    [Theory]
    [InlineData(-1, 10)]
    [InlineData(0, -1)]
    [InlineData(0, 201)]
    [InlineData(190, 11)]
    [InlineData(201, 1)]
    [InlineData(int.MinValue, 100)]
    [InlineData(int.MaxValue, 100)]
    public void A_range_outside_of_the_array_is_an_error(int start, int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RequestParser.Parse(new byte[200], start, length, new RequestHead(), Limits));

    [Fact]
    public void More_fields_than_are_held_at_first_stay_in_order_and_leave_nothing_for_the_next()
    {
        var head = new RequestHead();
        foreach (var count in new[] { 15, 16, 17, 40, 99, 3, 0 })
        {
            head.Reset();
            var lines = string.Concat(Enumerable.Range(0, count).Select(static number => $"X-{number}: {number}\r\n"));
            var bytes = Encoding.Latin1.GetBytes($"GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
            var array = HeadCheck.Place(bytes, 0, OrdinaryHead.Slack, 1);
            if (!OrdinaryHead.TryParse(array, 0, bytes.Length, head, Limits))
            {
                // The first with so many: the parser of all heads makes room.
                Assert.InRange(count, 16, int.MaxValue);
                Assert.Equal(ParseStatus.Complete, RequestParser.Parse(array, 0, bytes.Length, head, Limits));
                head.Reset();
                Assert.True(OrdinaryHead.TryParse(array, 0, bytes.Length, head, Limits));
            }

            Assert.Equal(count + 1, head.Fields.Count);
            for (var number = 0; number < count; number++)
            {
                Assert.Equal($"X-{number}", Encoding.Latin1.GetString(head.Fields.Name(number + 1)));
                Assert.Equal($"{number}", Encoding.Latin1.GetString(head.Fields.Value(number + 1)));
            }

            Assert.Equal(count > 98 ? 99 : -1, head.Fields.IndexOf("x-98"u8));
        }
    }

    // A target that names its host, a body, an expectation or an error must not show through in the next request of the connection.
    [Fact]
    public void Nothing_of_an_earlier_head_shows_in_an_ordinary_one()
    {
        var ordinary = Encoding.Latin1.GetBytes(OrdinaryHeads.All[0]);
        var array = HeadCheck.Place(ordinary, 0, 64, 0);
        var fresh = new RequestHead();
        Assert.True(OrdinaryHead.TryParse(array, 0, ordinary.Length, fresh, Limits));
        var head = new RequestHead();
        foreach (var item in ProtocolCases.All)
        {
            head.Reset();
            _ = RequestParser.Parse(new ReadOnlySequence<byte>(item.Encoded), head, Limits);
            head.Detach();
            head.Reset();
            Assert.True(OrdinaryHead.TryParse(array, 0, ordinary.Length, head, Limits));
            Assert.Equal(
                (fresh.Error, fresh.NonFatalError, fresh.ByteLength, fresh.Method, fresh.MinorVersion, fresh.Framing, fresh.KeepAlive, fresh.ExpectsContinue),
                (head.Error, head.NonFatalError, head.ByteLength, head.Method, head.MinorVersion, head.Framing, head.KeepAlive, head.ExpectsContinue));
            Assert.Equal((TargetForm.Origin, false, false, RequestError.None), (head.Target.Form, head.Target.HasAuthority, head.Target.HasQuery, head.Target.PathError));
            Assert.Equal("/ / a", $"{Text(head.TargetBytes)} {Text(head.Path)} {Text(head.Host)}");
            Assert.Equal(1, head.Fields.Count);
            Assert.Equal(-1, head.Fields.IndexOf(KnownHeader.ContentLength));
        }
    }

    // A transport may have its bytes where no array is.
    [Fact]
    public void Heads_in_memory_that_is_no_array_are_copied()
    {
        foreach (var text in OrdinaryHeads.All.Take(3).Append("GET http://b/%41 HTTP/1.0\r\nHost: a\r\n\r\n"))
        {
            using var memory = new ForeignMemory(Encoding.Latin1.GetBytes(text));
            var head = new RequestHead();
            Assert.Equal(ParseStatus.Complete, RequestParser.Parse(new ReadOnlySequence<byte>(memory.Memory), head, Limits));
            memory.GetSpan().Clear(); // the receive buffer is given back
            head.Detach();
            Assert.Equal("GET", Text(head.MethodBytes));
            Assert.Equal(text[4..text.IndexOf(" HTTP", StringComparison.Ordinal)], Text(head.TargetBytes));
            head.Reset();
            Assert.True(head.MethodBytes.IsEmpty && head.TargetBytes.IsEmpty);
        }
    }

    [Fact]
    public void Lengths_of_names_follow_what_is_added_and_removed()
    {
        var fields = new HeaderFields();
        Assert.False(fields.MayHave(4));
        fields.Append("Four"u8, "1"u8);
        fields.Append("Fifth"u8, "2"u8);
        Assert.True(fields.MayHave(4) && fields.MayHave(5) && !fields.MayHave(6));
        Assert.Equal(1, fields.IndexOf("FIFTH"u8));
        Assert.True(fields.Remove("fOUR"u8));
        Assert.True(!fields.MayHave(4) && fields.MayHave(5));
        Assert.Equal(0, fields.IndexOf("Fifth"u8));
        Assert.Equal(-1, fields.IndexOf("Four"u8));
        fields.Append(Encoding.Latin1.GetBytes(new string('x', 37)), "3"u8);
        Assert.Equal(1, fields.IndexOf(Encoding.Latin1.GetBytes(new string('X', 37))));
        fields.Clear();
        Assert.False(fields.MayHave(5));
        Assert.Equal(-1, fields.IndexOf("Fifth"u8));
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    // SAFETY: 32 bytes can be read from each place, and one before it.
    private static unsafe void CheckClasses<TClasses>()
        where TClasses : struct, IByteClasses
    {
        var bytes = new byte[1 + 256 + 32];
        for (var index = 0; index < bytes.Length; index++)
        {
            bytes[index] = (byte)(index * 7); // every value in every place, and in every neighbourhood of 32 once
        }

        fixed (byte* first = bytes)
        {
            for (var at = 1; at <= 257; at++)
            {
                for (var bit = 0; bit < 32; bit++)
                {
                    var value = bytes[at + bit];
                    var isTarget = HttpCharacters.Target.Contains(value);
                    Assert.Equal(HttpCharacters.Token.Contains(value), !Has(TClasses.NotToken(first + at), bit));
                    Assert.Equal(isTarget && value is not ((byte)'?' or (byte)'%' or (byte)'\\'), !Has(TClasses.NotPath(first + at), bit));
                    Assert.Equal(isTarget, !Has(TClasses.NotQuery(first + at), bit));
                    Assert.Equal(HttpCharacters.RegName.Contains(value) && value != (byte)'%', !Has(TClasses.NotHost(first + at), bit));
                    Assert.Equal(value is >= 0x20 and < 0x7F, !Has(TClasses.NotPrintable(first + at), bit));
                }
            }

            for (var bit = 0; bit < 32; bit++)
            {
                new Span<byte>(bytes).Fill((byte)'a');
                bytes[1 + bit] = (byte)'.';
                Assert.Equal(0u, TClasses.DotsBehindSlashes(first + 1));
                bytes[bit] = (byte)'/';
                Assert.Equal(1u << bit, TClasses.DotsBehindSlashes(first + 1));
            }
        }

        static bool Has(uint mask, int bit) => ((mask >> bit) & 1) != 0;
    }

    private sealed class ForeignMemory(byte[] bytes) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => bytes;

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}
