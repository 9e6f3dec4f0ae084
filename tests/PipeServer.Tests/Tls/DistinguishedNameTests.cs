using System.Security.Cryptography.X509Certificates;
using PipeServer.Tls;

namespace PipeServer.Tests.Tls;

/// <summary>Subjects as text (RFC 4514).</summary>
public sealed class DistinguishedNameTests
{
    [Theory]
    [InlineData("CN=ann,OU=staff,O=Example", "CN=ann,OU=staff,O=Example")]
    [InlineData("CN=\"a, b+c\\;<>\",C=DE", "CN=a\\, b\\+c\\\\\\;\\<\\>,C=DE")]
    [InlineData("CN=\" #x \"", "CN=\\ #x\\ ")]
    [InlineData("CN=\"#x\"", "CN=\\#x")]
    [InlineData("CN=jürg", "CN=jürg")]
    [InlineData("1.2.3.4=x", "1.2.3.4=x")]
    [InlineData("DC=example,DC=com", "DC=example,DC=com")]
    public void It_is_escaped(string name, string expected) => Assert.Equal(expected, DistinguishedName.Write(new X500DistinguishedName(name)));

    [Fact]
    public void Attributes_of_one_part_are_joined()
    {
        // SET { SEQUENCE { CN, "a" }, SEQUENCE { serialNumber, "1" } }
        var name = new X500DistinguishedName(Convert.FromHexString("3016" + "3114" + "3008" + "0603550403" + "0C0161" + "3008" + "0603550405" + "130131"));
        Assert.Equal("CN=a+serialNumber=1", DistinguishedName.Write(name));
    }

    [Fact]
    public void What_cannot_be_read_is_hexadecimal() => Assert.Equal("#3003310105", DistinguishedName.Write(new X500DistinguishedName(Convert.FromHexString("3003310105"))));
}
