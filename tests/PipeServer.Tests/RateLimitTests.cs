namespace PipeServer.Tests;

/// <summary>The rate of requests as text and as numbers.</summary>
public sealed class RateLimitTests
{
    [Theory]
    [InlineData("10/s", 10, 1, 10, "10/s")]
    [InlineData("10/s:50", 10, 1, 50, "10/s:50")]
    [InlineData("10/s:10", 10, 1, 10, "10/s")]
    [InlineData("600/m", 600, 60, 600, "600/m")]
    [InlineData("600/m:1", 600, 60, 1, "600/m:1")]
    [InlineData("0.5/s", 0.5, 1, 1, "0.5/s")]
    [InlineData("2.50/s", 2.5, 1, 3, "2.5/s")]
    [InlineData("0.001/m", 0.001, 60, 1, "0.001/m")]
    [InlineData("1000000/s:1000000", 1_000_000, 1, 1_000_000, "1000000/s")]
    public void A_text_is_a_rate_and_a_burst(string text, double requests, int seconds, int burst, string canonical)
    {
        var limit = RateLimit.Parse(text);
        Assert.Equal(((decimal)requests, TimeSpan.FromSeconds(seconds), burst), (limit.Requests, limit.Period, limit.Burst));
        Assert.Equal(canonical, limit.ToString());
        var again = RateLimit.Parse(limit.ToString());
        Assert.True(limit == again && limit.Equals((object)again) && limit.GetHashCode() == again.GetHashCode());
        Assert.Equal(limit, seconds == 1 ? RateLimit.PerSecond((decimal)requests, burst) : RateLimit.PerMinute((decimal)requests, burst));
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("/s")]
    [InlineData("10/")]
    [InlineData("10/h")]
    [InlineData("10/S")]
    [InlineData("10/sec")]
    [InlineData("10 /s")]
    [InlineData(" 10/s")]
    [InlineData("10/s ")]
    [InlineData("-1/s")]
    [InlineData("+1/s")]
    [InlineData("0/s")]
    [InlineData("0.0001/s")]
    [InlineData("1.0005/s")]
    [InlineData("1,5/s")]
    [InlineData("1e3/s")]
    [InlineData("1000001/s")]
    [InlineData("99999999999999999999999999999999999/s")]
    [InlineData("10/s:")]
    [InlineData("10/s:0")]
    [InlineData("10/s:-1")]
    [InlineData("10/s:1.5")]
    [InlineData("10/s:1000001")]
    [InlineData("10/s:5:5")]
    [InlineData("10/s:５")]
    public void Anything_else_is_none(string text)
    {
        Assert.False(RateLimit.TryParse(text, null, out _));
        Assert.Contains($"'{text}' is not a rate of requests: it must be like 10/s", Assert.Throws<FormatException>(() => RateLimit.Parse(text)).Message);
    }

    [Fact]
    public void Numbers_have_their_ranges()
    {
        Assert.False(RateLimit.TryParse(null, null, out _));
        Assert.Equal("requests", Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.PerSecond(0)).ParamName);
        Assert.Equal("requests", Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.PerMinute(0.0015m)).ParamName);
        Assert.Equal("burst", Assert.Throws<ArgumentOutOfRangeException>(() => RateLimit.PerSecond(1, 0)).ParamName);
        Assert.True(RateLimit.PerSecond(1) != RateLimit.PerMinute(1) && RateLimit.PerSecond(1) != null);
    }
}
