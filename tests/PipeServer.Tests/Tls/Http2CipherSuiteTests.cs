using System.Net.Security;
using PipeServer.Tls;

namespace PipeServer.Tests.Tls;

/// <summary>RFC 9113's Appendix A, held against every suite that the framework has a name for.</summary>
public sealed class Http2CipherSuiteTests
{
    [Theory]
    [InlineData("TLS_AES_128_GCM_SHA256")]
    [InlineData("TLS_CHACHA20_POLY1305_SHA256")]
    [InlineData("TLS_AES_128_CCM_8_SHA256")]
    [InlineData("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")]
    [InlineData("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")]
    [InlineData("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256")]
    [InlineData("TLS_ECDHE_ECDSA_WITH_AES_128_CCM")]
    [InlineData("TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8")]
    [InlineData("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256")]
    public void Those_that_are_not_there_are_good_enough(string suite) => Assert.True(Http2CipherSuite.IsGoodEnough(suite));

    [Theory]
    [InlineData("TLS_NULL_WITH_NULL_NULL")]
    [InlineData("TLS_RSA_WITH_AES_128_GCM_SHA256")]
    [InlineData("TLS_RSA_WITH_AES_128_CCM_8")]
    [InlineData("TLS_DH_RSA_WITH_AES_128_GCM_SHA256")]
    [InlineData("TLS_DH_anon_WITH_AES_256_GCM_SHA384")]
    [InlineData("TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256")]
    [InlineData("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256")]
    [InlineData("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA")]
    [InlineData("TLS_ECDHE_RSA_WITH_RC4_128_SHA")]
    [InlineData("TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA")]
    [InlineData("TLS_RSA_PSK_WITH_AES_128_GCM_SHA256")]
    public void Those_that_are_there_are_not(string suite) => Assert.False(Http2CipherSuite.IsGoodEnough(suite));

    // By what the appendix is made of: no ephemeral keys, or no authenticated encryption.
    [Fact]
    public void No_suite_without_ephemeral_keys_or_authenticated_encryption_is_good_enough()
    {
        var good = Enum.GetNames<TlsCipherSuite>().Where(static name => name.Contains("_WITH_") && Http2CipherSuite.IsGoodEnough(name)).ToList();
        Assert.NotEmpty(good);
        Assert.DoesNotContain(good, static name => name.Contains("_CBC_") || name.Contains("_NULL") || name.Contains("_RC4_") || name.Contains("anon"));
        Assert.All(good, static name => Assert.Matches("^TLS_(ECDHE|DHE)_", name));
    }
}
