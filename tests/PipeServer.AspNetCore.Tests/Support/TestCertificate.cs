using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.AspNetCore.Tests.Support;

/// <summary>A certificate for localhost that nobody has signed. Made once; nothing is written to a disk.</summary>
internal static class TestCertificate
{
    public static X509Certificate2 Localhost { get; } = Create();

    /// <summary>The certificate and its key, for a file.</summary>
    public static string Pem => $"{Localhost.ExportCertificatePem()}\n{Localhost.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n";

    private static X509Certificate2 Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
