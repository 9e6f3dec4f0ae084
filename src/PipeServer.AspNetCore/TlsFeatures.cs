using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>What the features tell of TLS. Made when somebody asks.</summary>
internal sealed class TlsFeatures(TlsConnectionInfo tls) : ITlsConnectionFeature, ITlsHandshakeFeature
{
    public X509Certificate2? ClientCertificate { get; set; } = tls.ClientCertificate;

    public SslProtocols Protocol => tls.Version == TlsVersion.Tls13 ? SslProtocols.Tls13 : SslProtocols.Tls12;

    public TlsCipherSuite? NegotiatedCipherSuite => Enum.TryParse<TlsCipherSuite>(tls.CipherSuite, out var suite) ? suite : null;

    public string HostName => tls.ServerName ?? "";

    // Obsolete, and told by the suite: what no value stands for is none.
#pragma warning disable SYSLIB0058
    public CipherAlgorithmType CipherAlgorithm => tls.CipherSuite switch
    {
        { } suite when suite.Contains("AES_128", StringComparison.Ordinal) => CipherAlgorithmType.Aes128,
        { } suite when suite.Contains("AES_256", StringComparison.Ordinal) => CipherAlgorithmType.Aes256,
        _ => CipherAlgorithmType.None,
    };

    public int CipherStrength => CipherAlgorithm == CipherAlgorithmType.Aes128 ? 128 : 256;

    public HashAlgorithmType HashAlgorithm =>
        tls.CipherSuite.EndsWith("SHA384", StringComparison.Ordinal) ? HashAlgorithmType.Sha384 : HashAlgorithmType.Sha256;

    public int HashStrength => HashAlgorithm == HashAlgorithmType.Sha384 ? 384 : 256;

    public ExchangeAlgorithmType KeyExchangeAlgorithm => ExchangeAlgorithmType.DiffieHellman;

    public int KeyExchangeStrength => 0;
#pragma warning restore SYSLIB0058

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
}
