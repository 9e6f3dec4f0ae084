using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>RFC 9112 §7.1, at every split point.</summary>
public sealed class ChunkedDecoderTests
{
    private static readonly RequestLimits Limits = new(8 * 1024, 200, 3);

    [Theory]
    [InlineData("0\r\n\r\n", "")]
    [InlineData("5\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("05\r\nhello\r\n00\r\n\r\n", "hello")]
    [InlineData("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world")]
    [InlineData("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789")]
    [InlineData("2\r\n\r\n\r\n0\r\n\r\n", "\r\n")]
    [InlineData("1;a\r\nx\r\n0;b;c\r\n\r\n", "x")]
    [InlineData("1;a=b\r\nx\r\n0\r\n\r\n", "x")]
    [InlineData("1 ; a = b\r\nx\r\n0\r\n\r\n", "x")]
    [InlineData("1;a=\"b;\\\"c\r\"\r\nx\r\n0\r\n\r\n", null)]
    [InlineData("1;a=\"b; \\\"c\"\r\nx\r\n0\r\n\r\n", "x")]
    [InlineData("1\t;a=\"\u00FF\"\t;b\r\nx\r\n0\r\n\r\n", "x")]
    [InlineData("1\r\nx\r\n0\r\nTrailer: value\r\nContent-Length: 5\r\n\r\n", "x")]
    [InlineData("1\r\nx\r\n0\r\nA:\r\nB: c\r\nC:d\r\n\r\n", "x")]
    [InlineData("0000000000000001\r\nx\r\n0\r\n\r\n", "x")]
    // Chunk sizes
    [InlineData("\r\n", null)]
    [InlineData("g\r\n", null)]
    [InlineData("-1\r\n", null)]
    [InlineData("+1\r\nx\r\n", null)]
    [InlineData("0x1\r\nx\r\n", null)]
    [InlineData("1_0\r\n", null)]
    [InlineData(" 1\r\nx\r\n", null)]
    [InlineData("1 \r\nx\r\n", null)]
    [InlineData("00000000000000001\r\nx\r\n", null)]
    [InlineData("8000000000000000\r\n", null)]
    [InlineData("ffffffffffffffff\r\n", null)]
    // Line ends
    [InlineData("1\nx\r\n0\r\n\r\n", null)]
    [InlineData("1\rx\r\n0\r\n\r\n", null)]
    [InlineData("1\r\nx\n0\r\n\r\n", null)]
    [InlineData("1\r\nx\r0\r\n\r\n", null)]
    [InlineData("1\r\nxy\r\n0\r\n\r\n", null)]
    [InlineData("1\r\nx0\r\n\r\n", null)]
    [InlineData("0\r\n\n", null)]
    [InlineData("0\r\n\r\r\n", null)]
    [InlineData("0\n\n", null)]
    // Extensions
    [InlineData("1;\r\nx\r\n", null)]
    [InlineData("1;;a\r\nx\r\n", null)]
    [InlineData("1;a=\r\nx\r\n", null)]
    [InlineData("1;=b\r\nx\r\n", null)]
    [InlineData("1;a b\r\nx\r\n", null)]
    [InlineData("1;a \r\nx\r\n", null)]
    [InlineData("1;a=b \r\nx\r\n", null)]
    [InlineData("1;a=\"b\r\n", null)]
    [InlineData("1;a=\"b\"c\r\n", null)]
    [InlineData("1;a\u0001\r\nx\r\n", null)]
    [InlineData("1;a\nx\r\n", null)]
    // Trailers
    [InlineData("0\r\nA\r\n\r\n", null)]
    [InlineData("0\r\n: b\r\n\r\n", null)]
    [InlineData("0\r\n A: b\r\n\r\n", null)]
    [InlineData("0\r\nA : b\r\n\r\n", null)]
    [InlineData("0\r\nA: b\n\r\n", null)]
    [InlineData("0\r\nA: b\0\r\n\r\n", null)]
    [InlineData("0\r\nA: b\r\n c\r\n\r\n", null)]
    [InlineData("0\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n\r\n", null)]
    public void Bodies_are_decoded_or_refused_whatever_the_split(string text, string? expected)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        byte[] withMore = [.. bytes, .. "GET"u8];
        for (var split = 0; split <= bytes.Length; split++)
        {
            Check(expected, bytes.Length, withMore[..split], withMore[split..]);
        }

        Check(expected, bytes.Length, [.. withMore.Select(static value => new[] { value })]);
    }

    [Theory]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    public void The_limit_on_extensions_is_exact_and_for_all_chunks_together(int length, bool isValid)
    {
        // A chunk's extension takes the semicolon and the name. The CR behind it was counted too.
        var first = $"1;{new string('a', 1000 - 1)}\r\nx\r\n";
        var second = $"0;{new string('a', length - 1000 - 1)}\r\n\r\n";
        Check(isValid ? "x" : null, first.Length + second.Length, Encoding.ASCII.GetBytes(first), Encoding.ASCII.GetBytes(second));
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public void The_limit_on_trailers_is_exact(int length, bool isValid)
    {
        // "A: " + value + CRLF, and the empty line that ends them, as for a head.
        var body = $"0\r\nA: {new string('b', length - 7)}\r\n\r\n";
        Check(isValid ? "" : null, body.Length, Encoding.ASCII.GetBytes(body));
    }

    // Decoders of idle connections held the arrays of the largest trailers that they had ever seen.
    [Fact]
    public void Trailers_that_are_given_back_hold_no_array()
    {
        const int Count = 100;
        var trailers = string.Concat(Enumerable.Range(0, 40).Select(static number => $"X-{number}: {new string('v', 100)}\r\n"));
        var body = Encoding.ASCII.GetBytes($"0\r\n{trailers}\r\n");
        var most = 0;
        var all = new ChunkedDecoder[Count];
        UseAll(0, 5); // the arrays that all of them share
        var before = GC.GetAllocatedBytesForCurrentThread();
        UseAll(5, Count);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Count, 1, 1500); // their arrays took 9,000 each
        Assert.Equal(40, most);
        Assert.All(all, static decoder => Assert.Equal(0, decoder.Trailers.Fields.Count));

        void UseAll(int from, int to)
        {
            for (var index = from; index < to; index++)
            {
                all[index] = new ChunkedDecoder();
                all[index].Decode(body, new RequestLimits(8 * 1024, 32 * 1024, 100), out _, out _);
                most = Math.Max(most, all[index].Trailers.Fields.Count);
                all[index].Trailers.Release();
            }
        }
    }

    [Fact]
    public void A_decoder_can_be_used_again()
    {
        var decoder = new ChunkedDecoder();
        for (var i = 0; i < 3; i++)
        {
            decoder.Reset();
            Assert.Equal(ChunkedStatus.Invalid, decoder.Decode("x"u8, Limits, out _, out _));
            decoder.Reset();
            Assert.Equal(ChunkedStatus.Complete, decoder.Decode("0\r\n\r\n"u8, Limits, out var consumed, out _));
            Assert.Equal(5, consumed);
        }
    }

    private static void Check(string? expected, int length, params byte[][] pieces)
    {
        var decoder = new ChunkedDecoder();
        decoder.Reset();
        var body = new List<byte>();
        var taken = 0;
        var status = ChunkedStatus.NeedMoreData;
        foreach (var piece in pieces)
        {
            ReadOnlySpan<byte> rest = piece;
            do
            {
                status = decoder.Decode(rest, Limits, out var consumed, out var data);
                body.AddRange(data);
                rest = rest[consumed..];
                taken += consumed;
            }
            while (status == ChunkedStatus.Data);
            if (status != ChunkedStatus.NeedMoreData)
            {
                break;
            }
        }

        if (expected is null)
        {
            Assert.Equal(ChunkedStatus.Invalid, status);
            Assert.NotEqual(RequestError.None, decoder.Error);
        }
        else
        {
            Assert.Equal(ChunkedStatus.Complete, status);
            Assert.Equal(expected, Encoding.Latin1.GetString([.. body]));
            Assert.Equal(length, taken);
        }
    }
}
