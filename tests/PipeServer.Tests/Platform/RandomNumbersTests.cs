using PipeServer.Platform;

namespace PipeServer.Tests.Platform;

public sealed class RandomNumbersTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(33)]
    [InlineData(1000)]
    public void There_are_as_many_bytes_as_wanted(int count) => Assert.Equal(count, RandomNumbers.Bytes(count).Length);

    [Fact]
    public void No_two_are_alike()
    {
        Assert.Equal(100, Enumerable.Range(0, 100).Select(static _ => Convert.ToHexString(RandomNumbers.Bytes(16))).Distinct().Count());
        Assert.Equal(100, Enumerable.Range(0, 100).Select(static _ => RandomNumbers.Next()).Distinct().Count());
        Assert.Equal(256, RandomNumbers.Bytes(10_000).Distinct().Count());
    }
}
