using PipeServer.Http.Hpack;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>RFC 7541 §5.1 and the examples of its Appendix C.1.</summary>
public sealed class HpackIntegerTests
{
    [Theory]
    [InlineData(10, 5, "0A")]
    [InlineData(1337, 5, "1F9A0A")]
    [InlineData(42, 8, "2A")]
    [InlineData(30, 5, "1E")]
    [InlineData(31, 5, "1F00")]
    [InlineData(158, 5, "1F7F")]
    [InlineData(159, 5, "1F8001")]
    [InlineData(0, 4, "00")]
    [InlineData(15, 4, "0F00")]
    public void They_are_written_and_read(int value, int prefix, string hex)
    {
        var mask = (1 << prefix) - 1;
        var buffer = new byte[HpackInteger.MaxBytes];
        var length = HpackInteger.Write(buffer, 0, mask, value);
        Assert.Equal(hex, Convert.ToHexString(buffer[..length]));
        var at = 0;
        Assert.True(HpackInteger.TryRead(buffer, ref at, mask, out var read));
        Assert.Equal((value, length), (read, at));
    }

    [Fact]
    public void Every_prefix_and_length_comes_back_and_is_nothing_without_its_end()
    {
        var buffer = new byte[HpackInteger.MaxBytes];
        for (var prefix = 4; prefix <= 7; prefix++)
        {
            var mask = (1 << prefix) - 1;
            foreach (var value in Enumerable.Range(0, 40_000).Append((1 << 28) - 1))
            {
                var length = HpackInteger.Write(buffer, 0, mask, value);
                var at = 0;
                Assert.True(HpackInteger.TryRead(buffer.AsSpan(0, length), ref at, mask, out var read));
                Assert.Equal((value, length), (read, at));
                at = 0;
                Assert.Equal(length == 1, HpackInteger.TryRead(buffer.AsSpan(0, Math.Max(1, length - 1)), ref at, mask, out _));
            }
        }
    }

    [Fact]
    public void What_is_larger_than_any_that_has_a_meaning_is_refused()
    {
        foreach (var hex in (string[])["1FFFFFFFFF07", "1F8080808000", "1FFFFFFFFFFFFFFFFFFF7F"])
        {
            var at = 0;
            Assert.False(HpackInteger.TryRead(Convert.FromHexString(hex), ref at, 0x1F, out _));
        }
    }
}
