using System.Text;
using PipeServer.Http;
using PipeServer.Http.Hpack;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>RFC 9113 §8.1 and RFC 9110 §6.5.1: what may stand behind a body.</summary>
public sealed class TrailerSinkTests
{
    private static readonly RequestLimits Limits = new(100, 200, 4);

    [Theory]
    [InlineData("", HeadStatus.Complete, "")]
    [InlineData("x-checksum=1|y=", HeadStatus.Complete, "x-checksum: 1|y: ")]
    [InlineData("x=1|content-length=5|host=a|authorization=b|te=gzip|cookie=c|y=2", HeadStatus.Complete, "x: 1|y: 2", 400, 7)] // dropped, whatever is in them
    [InlineData("x=1|:path=/", HeadStatus.Malformed, "x: 1")]
    [InlineData(":status=200", HeadStatus.Malformed, "")]
    [InlineData("X=1", HeadStatus.Malformed, "")]
    [InlineData("x=a\nb", HeadStatus.Malformed, "")]
    [InlineData("connection=close", HeadStatus.Malformed, "")]
    [InlineData("transfer-encoding=chunked", HeadStatus.Malformed, "")]
    [InlineData("content_length=1", HeadStatus.Malformed, "")]
    [InlineData("a=|b=|c=|d=", HeadStatus.Complete, "a: |b: |c: |d: ")]
    [InlineData("a=|b=|c=|d=|e=", HeadStatus.TooLarge, "a: |b: |c: |d: ")]
    [InlineData("a=23456789", HeadStatus.Complete, "a: 23456789", 41)] // and 32 of each field
    [InlineData("a=23456789", HeadStatus.TooLarge, "", 40)]
    public void They_are_taken_dropped_or_refused(string fields, object expected, string taken, int maxBytes = 200, int maxCount = 4)
    {
        var block = new List<byte>();
        foreach (var field in fields.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = field.Split('=', 2);
            block.AddRange([0x40, (byte)parts[0].Length, .. Encoding.ASCII.GetBytes(parts[0]), (byte)parts[1].Length, .. Encoding.ASCII.GetBytes(parts[1])]);
        }

        var trailers = new HeaderFields();
        var decoder = new HpackDecoder();
        var limits = Limits with { MaxRequestHeadBytes = maxBytes, MaxRequestHeaderCount = maxCount };
        Assert.Equal(expected, decoder.DecodeTrailers([.. block], trailers, limits));
        Assert.Equal(taken, string.Join('|', Enumerable.Range(0, trailers.Count).Select(
            index => $"{Encoding.ASCII.GetString(trailers.Name(index))}: {Encoding.ASCII.GetString(trailers.Value(index))}")));

        // The same out of the table, which has all of them, also what was dropped.
        var count = fields.Split('|', StringSplitOptions.RemoveEmptyEntries).Length;
        var again = new HeaderFields();
        Assert.Equal(expected, decoder.DecodeTrailers([.. Enumerable.Range(0, count).Select(index => (byte)(0xBE + count - 1 - index))], again, limits));
        Assert.Equal(trailers.Count, again.Count);
    }
}
