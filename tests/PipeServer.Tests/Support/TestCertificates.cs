using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.Tests.Support;

/// <summary>Certificates for tests: an authority of this run, and what it has signed. Made once; nothing is written to a disk.</summary>
internal sealed class TestCertificates : ITlsCertificateSource
{
    private readonly Dictionary<string, TlsCertificate> _byName = [];

    private TestCertificates()
    {
    }

    /// <summary>The root that clients trust.</summary>
    public static X509Certificate2 Authority { get; } = CreateAuthority("PipeServer tests");

    /// <summary>An ECDSA P-256 certificate for localhost, 127.0.0.1 and ::1.</summary>
    public static TlsCertificate Localhost { get; } = Create("localhost");

    /// <summary>A source that knows the name of each certificate given, and has the first for all other clients.</summary>
    public static TestCertificates Source(params (string Name, TlsCertificate Certificate)[] certificates)
    {
        var source = new TestCertificates();
        foreach (var (name, certificate) in certificates)
        {
            source._byName[name] = certificate;
            source.Default ??= certificate;
        }

        source.Default ??= Localhost;
        return source;
    }

    public TlsCertificate? Default { get; set; }

    public TlsCertificate? Find(string? serverName) =>
        serverName is not null && _byName.TryGetValue(serverName, out var certificate) ? certificate : Default;

    /// <summary>A self-signed root.</summary>
    public static X509Certificate2 CreateAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(90));
    }

    /// <summary>A server's certificate of the authority.</summary>
    public static TlsCertificate Create(string name, bool isRsa = false, TlsClientCertificates? clients = null) =>
        new(Sign(name, isRsa, "1.3.6.1.5.5.7.3.1", Authority)) { ClientCertificates = clients };

    /// <summary>A client's certificate, with its key.</summary>
    public static X509Certificate2 CreateClient(string name, X509Certificate2? authority = null) => Sign(name, false, "1.3.6.1.5.5.7.3.2", authority ?? Authority);

    private static X509Certificate2 Sign(string name, bool isRsa, string usage, X509Certificate2 authority)
    {
        using var rsa = isRsa ? RSA.Create(2048) : null;
        using var ecdsa = isRsa ? null : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = rsa is not null
            ? new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest($"CN={name}", ecdsa!, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (name == "localhost")
        {
            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(IPAddress.IPv6Loopback);
        }

        request.CertificateExtensions.Add(names.Build());
        using var issuerKey = authority.GetECDsaPrivateKey()!;
        using var signed = request.Create(
            authority.SubjectName,
            X509SignatureGenerator.CreateForECDsa(issuerKey),
            DateTimeOffset.UtcNow.AddHours(-12),
            DateTimeOffset.UtcNow.AddDays(60),
            RandomNumberGenerator.GetBytes(8));
        return rsa is not null ? signed.CopyWithPrivateKey(rsa) : signed.CopyWithPrivateKey(ecdsa!);
    }
}
