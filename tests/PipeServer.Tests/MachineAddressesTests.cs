using System.Net;
using PipeServer.Transport;

namespace PipeServer.Tests;

/// <summary>What is told of a socket that listens on all addresses: those that the machine has, and no other.</summary>
public sealed class MachineAddressesTests
{
    // http://[::1] was told on machines without IPv6, and an address that the loopback interface has been given was not.
    [Theory]
    [InlineData("0.0.0.0", "192.0.2.1 127.0.0.1 ::1 2001:db8::1", "127.0.0.1:80 192.0.2.1:80")]
    [InlineData("::", "192.0.2.1 127.0.0.1 ::1 2001:db8::1", "[::1]:80 [2001:db8::1]:80 127.0.0.1:80 192.0.2.1:80")]
    [InlineData("::", "127.0.0.1 192.0.2.1", "127.0.0.1:80 192.0.2.1:80")]
    [InlineData("::", "127.0.0.1 127.0.0.1", "127.0.0.1:80")]
    [InlineData("::", "", "[::1]:80")]
    [InlineData("0.0.0.0", "::1", "127.0.0.1:80")]
    public void All_addresses_are_those_of_the_machine(string address, string own, string expected)
    {
        var addresses = own.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse).ToList();
        Assert.Equal(expected, string.Join(' ', MachineAddresses.Expand(new IPEndPoint(IPAddress.Parse(address), 80), addresses)));
    }

    [Fact]
    public void A_socket_for_IPv6_alone_is_told_without_IPv4() =>
        Assert.Equal("[::1]:80", string.Join(' ', MachineAddresses.Expand(new IPv6OnlyEndPoint(80), [IPAddress.Loopback, IPAddress.IPv6Loopback])));

    [Fact]
    public void Of_many_addresses_some_are_told() =>
        Assert.Equal(8, MachineAddresses.Expand(
            new IPEndPoint(IPAddress.Any, 80), [.. Enumerable.Range(1, 100).Select(static last => IPAddress.Parse($"192.0.2.{last}"))]).Count);
}
