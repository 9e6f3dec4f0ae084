using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>RFC 3986 §5.2.4 and §6.2.2: one decoding, one removal of dot segments, before anything looks at the path.</summary>
public sealed class RequestTargetTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a", "/a")]
    [InlineData("/a/", "/a/")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a/..", "/")]
    [InlineData("/a/b/..", "/a/")]
    [InlineData("/a/b/.", "/a/b/")]
    [InlineData("/.", "/")]
    [InlineData("/a//../b", "/a/b")]
    [InlineData("/a/.b/..c/d..", "/a/.b/..c/d..")]
    [InlineData("/%61", "/a")]
    [InlineData("/a%20b", "/a b")]
    [InlineData("/%2e/a", "/a")]
    [InlineData("/a/%2E%2e/b", "/b")]
    [InlineData("/a/.%2e/b", "/b")]
    [InlineData("/%252e%252e/a", "/%2e%2e/a")]
    [InlineData("/a%2fb", "/a\0b")]
    [InlineData("/a/..%2fb", "/a/..\0b")]
    [InlineData("/%c3%a9", "/é")]
    [InlineData("/a%01b", "/a\u0001b")]
    public void Paths_are_decoded_once_and_free_of_dot_segments(string target, string expected)
    {
        var bytes = Encoding.ASCII.GetBytes(target);
        var parsed = new RequestTarget();
        Assert.Equal(RequestError.None, parsed.Parse(bytes, RequestMethod.Get));
        Assert.Equal(RequestError.None, parsed.PathError);
        Assert.Equal(expected, Encoding.UTF8.GetString(parsed.Path(bytes)));
    }

    [Theory]
    [InlineData("/..", nameof(RequestError.PathAboveRoot))]
    [InlineData("/../a", nameof(RequestError.PathAboveRoot))]
    [InlineData("/a/../../b", nameof(RequestError.PathAboveRoot))]
    [InlineData("/%2e%2e/a", nameof(RequestError.PathAboveRoot))]
    [InlineData("/%", nameof(RequestError.BadPercentEncoding))]
    [InlineData("/%4", nameof(RequestError.BadPercentEncoding))]
    [InlineData("/%zz", nameof(RequestError.BadPercentEncoding))]
    [InlineData("/%00", nameof(RequestError.BadPercentEncoding))]
    [InlineData("/a%0d", nameof(RequestError.BadPercentEncoding))]
    [InlineData("/a%0Ab", nameof(RequestError.BadPercentEncoding))]
    public void Bad_paths_are_refused_without_ending_the_connection(string target, string expected)
    {
        var parsed = new RequestTarget();
        Assert.Equal(RequestError.None, parsed.Parse(Encoding.ASCII.GetBytes(target), RequestMethod.Get));
        Assert.Equal(expected, parsed.PathError.ToString());
        Assert.Equal(400, RequestErrors.Status(parsed.PathError));
        Assert.False(RequestErrors.ClosesConnection(parsed.PathError));
    }

    // A file whose name is not UTF-8 could not be asked for: 400. Each byte counts now, and none becomes what it is not.
    [Theory]
    [InlineData("/%ff", "2FFF", "/%FF", "/%FF")]
    [InlineData("/a%E9b", "2F61E962", "/a%E9b", "/a%E9b")]
    [InlineData("/%c3%a9%e9", "2FC3A9E9", "/é%E9", "/%C3%A9%E9")]
    [InlineData("/%c0%af", "2FC0AF", "/%C0%AF", "/%C0%AF")]
    [InlineData("/%c0%ae%c0%ae/a", "2FC0AEC0AE2F61", "/%C0%AE%C0%AE/a", "/%C0%AE%C0%AE/a")]
    [InlineData("/%e0%80%af..%2fa", "2FE080AF2E2E0061", "/%E0%80%AF..%2Fa", "/%E0%80%AF..%2Fa")]
    [InlineData("/%ed%b2%80", "2FEDB280", "/%ED%B2%80", "/%ED%B2%80")]
    [InlineData("/%f0%9f%98%80%f0%9f", "2FF09F9880F09F", "/😀%F0%9F", "/%F0%9F%98%80%F0%9F")]
    [InlineData("/%ff/../b", "2F62", "/b", "/b")]
    [InlineData("/%61%2D%25ff%3f", "2F612D2566663F", "/a-%ff?", "/a-%25ff%3F")]
    public void Bytes_that_are_not_UTF8_are_kept_as_they_are(string target, string hexadecimal, string text, string escaped)
    {
        var bytes = Encoding.ASCII.GetBytes(target);
        var parsed = new RequestTarget();
        Assert.Equal(RequestError.None, parsed.Parse(bytes, RequestMethod.Get));
        Assert.Equal(RequestError.None, parsed.PathError);
        Assert.Equal(hexadecimal, Convert.ToHexString(parsed.Path(bytes)));
        Assert.Equal(text, RequestPath.ToText(parsed.Path(bytes), slash: "%2F"));
        Assert.Equal(escaped, RequestPath.ToEscaped(parsed.Path(bytes)));
    }
}
