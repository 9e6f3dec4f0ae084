using System.Net;
using PipeServer.Cli.Admin;

namespace PipeServer.Tests.Cli.Admin;

/// <summary>What <c>--admin</c> takes.</summary>
public sealed class AdminAddressTests
{
    [Theory]
    [InlineData("9090", "127.0.0.1:9090", false)]
    [InlineData("0", "127.0.0.1:0", false)]
    [InlineData("127.0.0.2:80", "127.0.0.2:80", false)]
    [InlineData("[::1]:9090", "[::1]:9090", false)]
    [InlineData("localhost:9090", "localhost:9090", false)]
    [InlineData("[::ffff:127.0.0.1]:9090", "[::ffff:127.0.0.1]:9090", false)]
    [InlineData("0.0.0.0:9090", "0.0.0.0:9090", true)]
    [InlineData("[::]:9090", "[::]:9090", true)]
    [InlineData("192.0.2.1:9090", "192.0.2.1:9090", true)]
    [InlineData("unix:@name", "unix:@name", false)]
    [InlineData("unix:/run/a.sock", "unix:/run/a.sock,mode=600", false)]
    [InlineData("unix:/run/a.sock,group=adm", "unix:/run/a.sock,mode=660,group=adm", false)]
    [InlineData("unix:/run/a.sock,mode=666", "unix:/run/a.sock,mode=666", false)]
    [InlineData("unix:/run/a,,host=b", "unix:/run/a,,host=b,mode=600", false)]
    public void A_place_is_read(string text, string place, bool isPublic)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes of files.");
        Assert.Null(AdminAddress.TryParse(text, out var address));
        Assert.Equal((place, isPublic, text), (address!.Endpoint.ToString(), address.IsPublic, address.Text));
        Assert.Empty(address.Names);
    }

    [Fact]
    public void Names_are_read()
    {
        Assert.Null(AdminAddress.TryParse("0.0.0.0:9090,host=admin.example.com,host=a_b", out var address));
        Assert.Equal((IPAddress.Any, 9090), (address!.Endpoint.Address!.Value, address.Endpoint.Port));
        Assert.Equal(["admin.example.com", "a_b"], address.Names);
    }

    [Theory]
    [InlineData("65536", "the port must be from 0 to 65535")]
    [InlineData("99999999999", "the port must be from 0 to 65535")]
    [InlineData("127.0.0.1:x", "the port must be from 0 to 65535")]
    [InlineData("x", "it must be PORT, ADDRESS:PORT, [IPv6]:PORT, localhost:PORT or unix:PATH")]
    [InlineData("example.com:80", "it must be PORT, ADDRESS:PORT")]
    [InlineData("::1:80", "it must be PORT, ADDRESS:PORT")]
    [InlineData("127.0.0.1", "it must be PORT, ADDRESS:PORT")]
    [InlineData(":80", "it must be PORT, ADDRESS:PORT")]
    [InlineData("fd:3", "it must be PORT, ADDRESS:PORT")]
    [InlineData("-1", "it must be PORT, ADDRESS:PORT")]
    [InlineData("unix:", "")]
    [InlineData("80,proxy", "the admin side does not speak the PROXY protocol")]
    [InlineData("127.0.0.1:80,proxy", "the admin side does not speak the PROXY protocol")]
    [InlineData("127.0.0.1:80,mode=600", "mode=600 is for the file of a unix socket")]
    [InlineData("127.0.0.1:80,host=", "host= takes a name")]
    [InlineData("127.0.0.1:80,host=a:80", "host= takes a name")]
    // Its message named the options of --listen.
    [InlineData("80,h2c", "the admin side speaks HTTP/1.1 alone: leave h2c out")]
    [InlineData("80,hosts=b", "there is no option 'hosts=b'; the options are host=NAME")]
    [InlineData("127.0.0.1:80,host=c,tls", "host= takes a name")]
    [InlineData("127.0.0.1:80,tls,host=c", "the admin side speaks no TLS")]
    [InlineData("9090,tls", "the admin side speaks no TLS")]
    [InlineData("9090,redirect=443", "the admin side speaks no TLS")]
    [InlineData("unix:/a,host=b", "there is no option 'host=b'; the options are mode=660 and group=NAME")]
    public void What_is_no_place_is_told(string text, string problem)
    {
        var told = AdminAddress.TryParse(text, out var address);
        Assert.Null(address);
        Assert.StartsWith(problem, told);
        Assert.NotEmpty(told!);
    }
}
