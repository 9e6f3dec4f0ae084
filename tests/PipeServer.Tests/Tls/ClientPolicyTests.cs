using System.Text;
using PipeServer.Tls;

namespace PipeServer.Tests.Tls;

/// <summary>For which hosts a connection may be used.</summary>
public sealed class ClientPolicyTests
{
    // The policy was looked up by the name once the handshake was made. A reload within the handshake let a client that had been asked for nothing reach what
    // asks for certificates.
    [Fact]
    public void What_counts_is_what_the_handshake_has_asked_for()
    {
        var clients = new TlsClientCertificates([TestCertificates.Authority]);
        var options = new TlsOptions
        {
            Certificates = TestCertificates.Source(
                ("a.test", TestCertificates.Create("a.test", clients: clients)), ("b.test", TestCertificates.Create("b.test", clients: clients))),
        };
        var before = new ClientPolicy(options, "a.test", clients: null);
        Assert.False(before.Allows(Encoding.ASCII.GetBytes("b.test")));
        Assert.False(before.AllowsNoHost());
        var after = new ClientPolicy(options, "a.test", clients);
        Assert.True(after.Allows(Encoding.ASCII.GetBytes("b.test")));
        Assert.True(after.AllowsNoHost());
    }
}
