using System.Net;
using PipeServer.Server;

namespace PipeServer.Tests.Server;

public sealed class AddressQuotaTests
{
    // A client that came by IPv4 and by the same address mapped to IPv6 was two, and got twice its share.
    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    [InlineData("fe80::1", "fe80::1%2")]
    public void An_address_counts_once_however_it_is_written(string one, string other)
    {
        var quota = new AddressQuota(1);
        Assert.True(quota.TryTake(IPAddress.Parse(one)));
        Assert.False(quota.TryTake(IPAddress.Parse(other)));
        quota.Return(IPAddress.Parse(one));
        Assert.True(quota.TryTake(IPAddress.Parse(other)));
    }
}
