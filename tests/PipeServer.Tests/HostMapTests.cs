using System.Text;

namespace PipeServer.Tests;

public sealed class HostMapTests
{
    private static readonly HostMap<string> Hosts = new(
    [
        new("example.com", "whole"), new("*.example.com", "below"), new("*.deep.example.com", "deeper"), new("www.deep.example.com", "deepest"),
        new("Other.Example.", "other"), new("xn--bcher-kva.example", "books"), new("192.0.2.1", "four"), new("[2001:db8::1]", "six"), new("a_b.test", "score"),
        new("localhost", "here"),
    ]);

    [Theory]
    [InlineData("example.com", "whole")]
    [InlineData("EXAMPLE.com", "whole")]
    [InlineData("example.com:8080", "whole")]
    [InlineData("example.com:", "whole")]
    [InlineData("example.com.", "whole")]
    [InlineData("example.com.:443", "whole")]
    [InlineData("www.example.com", "below")]
    [InlineData("a.b.c.Example.Com.:1", "below")]
    [InlineData("deep.example.com", "below")]
    [InlineData("x.deep.example.com", "deeper")]
    [InlineData("WWW.deep.example.com", "deepest")]
    [InlineData("x.www.deep.example.com", "deeper")]
    [InlineData("other.example", "other")]
    [InlineData("XN--BCHER-KVA.example", "books")]
    [InlineData("192.0.2.1:80", "four")]
    [InlineData("[2001:db8::1]", "six")]
    [InlineData("[2001:DB8:0:0:0:0:0:1]:443", "six")]
    [InlineData("[2001:0db8::0.0.0.1]", "six")]
    [InlineData("A_b.test", "score")]
    [InlineData("localhost:7878", "here")]
    public void A_host_is_found_by_each_of_its_spellings(string host, string value)
    {
        Assert.Equal(value, Hosts.Find(Encoding.ASCII.GetBytes(host)));
        Assert.Equal(value, Hosts.Find(host));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData(":80")]
    [InlineData("com")]
    [InlineData("example.com..")]
    [InlineData(".example.com")]
    [InlineData("..example.com")]
    [InlineData("a..example.com")]
    [InlineData("xexample.com")]
    [InlineData("*.example.org")]
    [InlineData("example.com:80:80")]
    [InlineData("example.com:65536")]
    [InlineData("example.com:http")]
    [InlineData("user@example.com")]
    [InlineData("example.com/")]
    [InlineData(" example.com")]
    [InlineData("example%2Ecom")]
    [InlineData("192.0.2.01")]
    [InlineData("2001:db8::1")]
    [InlineData("[2001:db8::2]")]
    [InlineData("[::ffff:192.0.2.1]")]
    [InlineData("[2001:db8::1%25eth0]")]
    [InlineData("[2001:db8::1]x")]
    [InlineData("[")]
    [InlineData("bücher.example")]
    [InlineData("example.com\0")]
    public void Nothing_else_is_found(string host)
    {
        Assert.Null(Hosts.Find(Encoding.UTF8.GetBytes(host)));
        Assert.Null(Hosts.Find(host));
    }

    // A name is at most 253 bytes long; a client's may be as long as a head.
    [Theory]
    [InlineData(253, true)]
    [InlineData(254, false)]
    [InlineData(30_000, false)]
    public void A_long_name_is_found_up_to_what_DNS_has(int length, bool isFound)
    {
        var name = string.Concat(Enumerable.Repeat("a.", length))[..(length - ".example.com".Length - 1)] + "b.example.com";
        Assert.Equal(length, name.Length);
        Assert.Equal(isFound ? "below" : null, Hosts.Find(name));
        Assert.Equal(isFound ? "below" : null, Hosts.Find(name + ".:65535"));
        Assert.Equal(isFound ? "below" : null, Hosts.Find(Encoding.ASCII.GetBytes(name + ".:65535")));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("*.", "empty")]
    [InlineData("*", "letters, digits")]
    [InlineData("*.*.com", "letters, digits")]
    [InlineData("www.*.com", "letters, digits")]
    [InlineData("a b", "letters, digits")]
    [InlineData("a..b", "letters, digits")]
    [InlineData(".a", "letters, digits")]
    [InlineData("a..", "letters, digits")]
    [InlineData("https://a", "port")]
    [InlineData("a/b", "letters, digits")]
    [InlineData("a:80", "port")]
    [InlineData("[::1", "IPv6")]
    [InlineData("::1]", "IPv6")]
    [InlineData("[::1]:80", "IPv6")]
    [InlineData("[1::2::3]", "IPv6")]
    [InlineData("[fe80::1%eth0]", "IPv6")]
    [InlineData("bücher.example", "xn--bcher-kva")]
    public void A_name_that_is_none_is_refused(string name, string reason)
    {
        var exception = Assert.Throws<ArgumentException>(() => new HostMap<string>([new(name, "x")]));
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.example", "A.example")]
    [InlineData("a.example", "a.example.")]
    [InlineData("*.example", "*.EXAMPLE")]
    [InlineData("[::1]", "::1")]
    [InlineData("[::1]", "[0:0:0:0:0:0:0:1]")]
    public void A_name_is_there_once(string one, string other) =>
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => new HostMap<string>([new(one, "x"), new(other, "y")])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_look_up_allocates_nothing()
    {
        var hosts = new[] { "example.com:80"u8.ToArray(), "a.b.c.d.Example.com"u8.ToArray(), "nowhere.test"u8.ToArray(), "[2001:db8::1]:443"u8.ToArray() };
        Look();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Look();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Look()
        {
            for (var round = 0; round < 1000; round++)
            {
                foreach (var host in hosts)
                {
                    _ = Hosts.Find(host);
                }
            }
        }
    }
}
