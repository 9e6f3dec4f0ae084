namespace PipeServer.Tests;

public sealed class StrictTransportSecurityTests
{
    [Theory]
    [InlineData("31536000", "max-age=31536000")]
    [InlineData("0", "max-age=0")]
    [InlineData("max-age=2147483647", "max-age=2147483647")]
    [InlineData(" MAX-AGE=5 ; INCLUDESUBDOMAINS ", "max-age=5; includeSubDomains")]
    [InlineData("includeSubDomains; 0", "max-age=0; includeSubDomains")]
    [InlineData("63072000; includeSubDomains; preload", "max-age=63072000; includeSubDomains; preload")]
    public void The_text_form_is_the_fields_value(string text, string value)
    {
        Assert.Equal(value, StrictTransportSecurity.Parse(text).ToString());
        Assert.Equal(value, StrictTransportSecurity.Parse(value).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData(";")]
    [InlineData("includeSubDomains")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1,000")]
    [InlineData("2147483648")]
    [InlineData("1; 2")]
    [InlineData("1; includeSubDomains; includeSubDomains")]
    [InlineData("1; X-Other")]
    [InlineData("1\r\nX: y")]
    [InlineData("31536000; preload")]
    [InlineData("31535999; includeSubDomains; preload")]
    [InlineData("public")]
    public void Anything_else_is_refused(string text)
    {
        Assert.False(StrictTransportSecurity.TryParse(text, null, out _));
        Assert.Contains("must be seconds", Assert.Throws<FormatException>(() => StrictTransportSecurity.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_constructor_holds_to_the_same_rules()
    {
        Assert.Equal("max-age=1", new StrictTransportSecurity(TimeSpan.FromSeconds(1.9)).ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => new StrictTransportSecurity(TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new StrictTransportSecurity(TimeSpan.FromSeconds(2147483648)));
        Assert.Throws<ArgumentException>(() => new StrictTransportSecurity(TimeSpan.FromDays(365), preload: true));
        Assert.Throws<ArgumentException>(() => new StrictTransportSecurity(TimeSpan.FromDays(364), includeSubdomains: true, preload: true));
    }
}
