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
    [InlineData("/%ff", nameof(RequestError.BadPercentEncoding))]
    [InlineData("/%c0%ae%c0%ae/a", nameof(RequestError.BadPercentEncoding))]
    public void Bad_paths_are_refused_without_ending_the_connection(string target, string expected)
    {
        var parsed = new RequestTarget();
        Assert.Equal(RequestError.None, parsed.Parse(Encoding.ASCII.GetBytes(target), RequestMethod.Get));
        Assert.Equal(expected, parsed.PathError.ToString());
        Assert.Equal(400, RequestErrors.Status(parsed.PathError));
        Assert.False(RequestErrors.ClosesConnection(parsed.PathError));
    }
}
