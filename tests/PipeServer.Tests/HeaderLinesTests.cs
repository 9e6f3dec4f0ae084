namespace PipeServer.Tests;

/// <summary>Fields that are validated and encoded once.</summary>
public sealed class HeaderLinesTests
{
    [Fact]
    public void They_are_the_lines_that_are_sent()
    {
        var lines = new HeaderLines([new("X-A", " 1\t"), new("x-b", ""), new("X-A", "\u00E9")]);
        Assert.Equal(3, lines.Count);
        Assert.Equal("X-A: 1\r\nx-b: \r\nX-A: \u00E9\r\n", lines.ToString());
        Assert.Equal(0, new HeaderLines([]).Count);
    }

    [Theory]
    [InlineData("", "1")]
    [InlineData("a b", "1")]
    [InlineData("a:", "1")]
    [InlineData("\u00E9", "1")]
    [InlineData("X-A", "a\r\nX-B: c")]
    [InlineData("X-A", "\n")]
    [InlineData("X-A", "\0")]
    [InlineData("X-A", "\u0100")]
    public void What_could_split_a_response_is_refused(string name, string value) =>
        Assert.Throws<ArgumentException>(() => new HeaderLines([new("X-Good", "1"), new(name, value)]));

    [Theory]
    [InlineData("Content-Length")]
    [InlineData("transfer-encoding")]
    [InlineData("CONNECTION")]
    [InlineData("Date")]
    public void What_the_server_sets_is_refused(string name) =>
        Assert.Throws<InvalidOperationException>(() => new HeaderLines([new(name, "1")]));
}
