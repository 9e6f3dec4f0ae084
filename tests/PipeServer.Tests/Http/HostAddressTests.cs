using System.Net;
using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>Addresses and networks as numbers, against those of System.Net.</summary>
public sealed class HostAddressTests
{
    [Fact]
    public void An_address_is_the_one_of_the_platform()
    {
        var random = new Random(65);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[i % 2 == 0 ? 4 : 16];
            random.NextBytes(bytes);
            for (var at = random.Next(20); at < bytes.Length; at++)
            {
                bytes[at] = (byte)(random.Next(3) == 0 ? 1 : 0); // runs of zeros, which are left out
            }

            var address = new IPAddress(bytes);
            var number = HostAddress.Of(address);
            Assert.Equal(bytes.Length == 4 || address.IsIPv4MappedToIPv6, number.IsIPv4);
            Assert.True(HostAddress.TryParse(Encoding.ASCII.GetBytes(address.ToString()), out var read), address.ToString());
            Assert.Equal(number, read);
            Assert.Equal(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, number.ToIPAddress());
            Assert.Equal(number, HostAddress.Of(address.MapToIPv6()));
        }
    }

    [Fact]
    public void A_zone_is_left_out() => Assert.Equal(HostAddress.Of(IPAddress.Parse("fe80::1")), HostAddress.Of(IPAddress.Parse("fe80::1%3")));

    // What the platform also takes, and others read as another address.
    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.2.3")]
    [InlineData("01.2.3.4")]
    [InlineData("0x1.2.3.4")]
    [InlineData("1.2.3.4 ")]
    [InlineData("[::1]")]
    [InlineData("::1%1")]
    [InlineData("::1/64")]
    [InlineData("::1:1.2.3.4:1")]
    [InlineData("1.2.3.4::")]
    [InlineData("::1.2.3")]
    public void Nothing_else_is_an_address(string text) => Assert.False(HostAddress.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Theory]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "ffff::1", true)]
    [InlineData("::/0", "192.0.2.1", false)] // as nginx has it: the other family needs a network of its own
    [InlineData("::/0", "::ffff:192.0.2.1", false)]
    [InlineData("10.0.0.0/8", "10.255.255.255", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.0.0.1", true)]
    [InlineData("10.0.0.0/8", "a00::", false)]
    [InlineData("::ffff:10.0.0.0/104", "10.1.2.3", true)] // it held nothing
    [InlineData("::ffff:10.0.0.0/104", "11.1.2.3", false)]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.6", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::", false)]
    [InlineData("2001:db8::1", "2001:db8::1", true)]
    [InlineData("2001:db8::1", "2001:db8::2", false)]
    [InlineData("unix", "127.0.0.1", false)]
    public void A_network_holds_its_addresses(string network, string address, bool isIn)
    {
        var proxy = TrustedProxy.Parse(network);
        var peer = IPAddress.Parse(address);
        Assert.Equal(isIn, proxy.Includes(new IPEndPoint(peer, 1)));
        if (proxy.Prefix is { } prefix)
        {
            Assert.Equal(isIn, prefix.Includes(HostAddress.Of(peer)));
            Assert.Equal(isIn, NetworkPrefix.AnyIncludes([new NetworkPrefix(IPNetwork.Parse("203.0.113.0/24")), prefix], HostAddress.Of(peer)));
        }

        Assert.Equal(network == "unix", proxy.Includes(null));
    }
}
