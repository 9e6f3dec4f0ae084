using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.Tests.Support;

/// <summary>A folder of certificates and keys as files, signed by <see cref="TestCertificates.Authority"/>; gone when it is disposed of.</summary>
internal sealed class CertificateFolder : IDisposable
{
    public CertificateFolder() => File.WriteAllText(Authority, TestCertificates.Authority.ExportCertificatePem() + "\n");

    /// <summary>What a secret's file should have: otherwise that is told.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Root { get; } = Directory.CreateTempSubdirectory("ps-tls-").FullName;

    /// <summary>The file of the authority.</summary>
    public string Authority => this["ca.pem"];

    public string this[string name] => Path.Combine(Root, name);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    /// <summary>Writes <c>NAME.pem</c> and <c>NAME.key</c>.</summary>
    public (string Certificate, string Key) Write(string name, string[] names, double days = 60)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Sign(new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256), names, days);
        Replace(this[name + ".pem"], certificate.ExportCertificatePem() + "\n");
        Replace(this[name + ".key"], key.ExportPkcs8PrivateKeyPem() + "\n");
        SetMode(name + ".key", OwnerOnly);
        return (this[name + ".pem"], this[name + ".key"]);
    }

    /// <summary>What the authority makes of a request.</summary>
    public static X509Certificate2 Sign(CertificateRequest request, string[] names, double days = 60)
    {
        if (names.Length > 0)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            Array.ForEach(names, alternatives.AddDnsName);
            request.CertificateExtensions.Add(alternatives.Build());
        }

        using var issuer = TestCertificates.Authority.GetECDsaPrivateKey()!;
        var now = TimeProvider.System.GetUtcNow();
        return request.Create(
            TestCertificates.Authority.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer), now.AddDays(-1), now.AddDays(days), RandomNumberGenerator.GetBytes(8));
    }

    /// <summary>Sets a file's permissions, where there are any.</summary>
    public void SetMode(string name, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(this[name], mode);
        }
    }

    /// <summary>Puts a file in the place of another, as certbot does.</summary>
    public static void Replace(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
