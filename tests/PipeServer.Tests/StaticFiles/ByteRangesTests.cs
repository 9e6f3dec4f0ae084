using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>RFC 9110 §14.1.2, for a file of 1000 bytes.</summary>
public sealed class ByteRangesTests
{
    // Expected as start+length; "" for none that can be satisfied, null for a field that is not to be heeded.
    [Theory]
    [InlineData("bytes=0-0", "0+1")]
    [InlineData("bytes=0-499", "0+500")]
    [InlineData("BYTES=500-999", "500+500")]
    [InlineData("bytes=500-", "500+500")]
    [InlineData("bytes=-500", "500+500")]
    [InlineData("bytes=-5000", "0+1000")]
    [InlineData("bytes=990-5000", "990+10")]
    [InlineData("bytes=0-99999999999999999999999", "0+1000")]
    [InlineData("bytes=0-9223372036854775807", "0+1000")]
    [InlineData("bytes= 0-1 , 300-301", "0+2 300+2")]
    [InlineData("bytes=300-301,0-1", "300+2 0+2")]
    [InlineData("bytes=,0-1,,", "0+2")]
    [InlineData("bytes=0-99,50-149", "0+150")]
    [InlineData("bytes=0-99,100-199", "0+200")]
    [InlineData("bytes=0-99,170-199", "0+200")]
    [InlineData("bytes=0-9,500-509,5-600", "0+601")]
    [InlineData("bytes=0-9,2000-", "0+10")]
    [InlineData("bytes=1000-", "")]
    [InlineData("bytes=5000-6000", "")]
    [InlineData("bytes=99999999999999999999-", "")]
    [InlineData("bytes=-0", "")]
    [InlineData("bytes=", null)]
    [InlineData("bytes=,", null)]
    [InlineData("bytes", null)]
    [InlineData("bytes=-", null)]
    [InlineData("bytes=5", null)]
    [InlineData("bytes=5-4", null)]
    [InlineData("bytes=a-b", null)]
    [InlineData("bytes=1-2-3", null)]
    [InlineData("bytes=+1-2", null)]
    [InlineData("bytes=0x1-2", null)]
    [InlineData("bytes=1 -2", null)]
    [InlineData("bytes=--1", null)]
    [InlineData("bytes=0-1;2-3", null)]
    [InlineData("bytes=0-1,x", null)]
    [InlineData("items=0-1", null)]
    [InlineData("bytes =0-1", null)]
    public void A_field_means_these_parts(string field, string? expected)
    {
        var isHeeded = ByteRanges.TryParse(field, 1000, out var ranges);
        Assert.Equal(expected is not null, isHeeded);
        if (expected is not null)
        {
            Assert.Equal(expected, string.Join(' ', ranges.Select(static range => $"{range.Start}+{range.Length}")));
        }
    }

    // All of an empty file satisfies a suffix, and no Content-Range can say so: then it is sent without ranges. So it is for a range from
    // its start, which by the letter is a 416: a client that sends a Range with each request wants it.
    [Theory]
    [InlineData("bytes=-5", false)]
    [InlineData("bytes=0-,-1", false)]
    [InlineData("bytes=-0", true)]
    [InlineData("bytes=0-", false)]
    [InlineData("bytes=0-0", false)]
    [InlineData("bytes=5-9,0-99", false)]
    [InlineData("bytes=1-", true)]
    [InlineData("bytes=1-2,-0", true)]
    public void An_empty_file_has_no_parts(string field, bool isHeeded)
    {
        Assert.Equal(isHeeded, ByteRanges.TryParse(field, 0, out var ranges));
        Assert.Empty(ranges);
    }

    [Theory]
    [InlineData(ByteRanges.MaxRanges, true)]
    [InlineData(ByteRanges.MaxRanges + 1, false)]
    public void Their_number_is_bounded(int count, bool isHeeded) =>
        Assert.Equal(isHeeded, ByteRanges.TryParse("bytes=" + string.Join(',', Enumerable.Range(0, count).Select(static n => $"{n * 200}-{n * 200}")), 100_000, out _));
}
