using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>What may stand in a Location field, and what a redirect to this host is.</summary>
public sealed class RedirectLocationTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/a/b?c=d&e=%20#f?/")]
    [InlineData("https://example.com")]
    [InlineData("HTTPS://user@[::1]:8080/a;b=c?d")]
    [InlineData("//example.com/a")]
    [InlineData("a/b:c")]
    [InlineData("./1:2")]
    [InlineData("?page=2")]
    [InlineData("#top")]
    [InlineData("mailto:a@example.com")]
    [InlineData("app+x.y-1:callback?code=1")]
    public void A_reference_goes_out_as_it_is(string location) => Assert.Equal(location, RedirectLocation.Encode(location));

    [Theory]
    [InlineData("/caf\u00e9?q=\u20ac#\U0001F600", "/caf%C3%A9?q=%E2%82%AC#%F0%9F%98%80")]
    [InlineData("https://b\u00fccher.example/\u00fc", "https://b%C3%BCcher.example/%C3%BC")]
    public void What_is_not_ascii_is_encoded(string location, string expected) => Assert.Equal(expected, RedirectLocation.Encode(location));

    // A line end would split the response; a browser takes tabs and line ends out of a location, and a backslash for a slash.
    [Theory]
    [InlineData("")]
    [InlineData("/a\r\nSet-Cookie: x=y")]
    [InlineData("/a\n")]
    [InlineData("/\t/evil.example")]
    [InlineData("/a\0")]
    [InlineData("/a\u007f")]
    [InlineData("/a\u0085")]
    [InlineData("/a b")]
    [InlineData(" /a")]
    [InlineData("/\\evil.example")]
    [InlineData("/a\"b")]
    [InlineData("/<script>")]
    [InlineData("/a^b")]
    [InlineData("/a`b")]
    [InlineData("/{a}|b")]
    [InlineData("/a[1]")]
    [InlineData("/100%")]
    [InlineData("/%4")]
    [InlineData("/%zz")]
    [InlineData("1:2")]
    [InlineData(":a")]
    [InlineData("a b:c")]
    [InlineData("http:/a")]
    [InlineData("https:evil.example")]
    [InlineData("https://")]
    [InlineData("///evil.example")]
    [InlineData("https://[::g]/")]
    [InlineData("https://example.com:port/")]
    [InlineData("https://example.com:99999/")]
    [InlineData("https://a@b@c d/")]
    [InlineData("/a#b#c")]
    public void What_is_no_reference_is_refused(string location) => Assert.Throws<ArgumentException>(() => RedirectLocation.Encode(location));

    [Fact]
    public void Half_a_surrogate_pair_is_refused()
    {
        Assert.Throws<ArgumentException>(static () => RedirectLocation.Encode("/\ud800"));
        Assert.Throws<ArgumentException>(static () => RedirectLocation.Encode("/\udc00\ud800x"));
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/a?b#c", true)]
    [InlineData("/a//b", true)]
    [InlineData("/\u00e9", true)]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("a", false)]
    [InlineData("//evil.example", false)]
    [InlineData("/\\evil.example", false)]
    [InlineData("/\t/evil.example", false)]
    [InlineData("/a\r\nb", false)]
    [InlineData("https://evil.example/", false)]
    [InlineData("\\/evil.example", false)]
    public void A_local_one_is_a_path_with_one_slash(string? location, bool expected) => Assert.Equal(expected, Redirects.IsLocal(location));
}
