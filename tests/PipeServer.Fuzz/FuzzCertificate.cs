using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.Fuzz;

/// <summary>A certificate that has signed itself, for every name.</summary>
internal sealed class FuzzCertificate : ITlsCertificateSource, IDisposable
{
    private readonly X509Certificate2 _certificate;
    private readonly TlsCertificate _answer;

    public FuzzCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        _answer = new TlsCertificate(_certificate);
    }

    public TlsCertificate? Find(string? serverName) => _answer;

    public void Dispose() => _certificate.Dispose();
}
