using System.Security.Cryptography.X509Certificates;
using PipeServer.Tls;

namespace PipeServer;

/// <summary>A server's certificate, with its private key and the chain that is sent with it. Immutable.</summary>
public sealed class TlsCertificate
{
    /// <summary>Takes a certificate that has its private key.</summary>
    /// <param name="certificate">The certificate. It must stay valid as long as the server has it; its key must be exportable.</param>
    /// <param name="chain">The intermediates, the certificate's issuer first; without the root, which clients have.</param>
    /// <exception cref="ArgumentException">The certificate has no private key.</exception>
    public TlsCertificate(X509Certificate2 certificate, IEnumerable<X509Certificate2>? chain = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if (!certificate.HasPrivateKey)
        {
            throw new ArgumentException("The certificate has no private key: a server needs one to prove that it is its.", nameof(certificate));
        }

        Certificate = certificate;
        Chain = [.. chain ?? []];
        Names = CertificateNames.Of(certificate);
        NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
    }

    /// <summary>The certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The intermediates that are sent with it.</summary>
    public IReadOnlyList<X509Certificate2> Chain { get; }

    /// <summary>The certificates that are asked of clients that get this one. Null, the default, for <see cref="TlsOptions.ClientCertificates"/>.</summary>
    public TlsClientCertificates? ClientCertificates { get; init; }

    /// <summary>
    /// The DNS names that it is for, in lower case, international ones as A-labels (<c>xn--…</c>): those of its subjectAltName, where it has one, else
    /// its common name (RFC 6125 §6.4.4). <c>*.example.com</c> stands for names with one more label.
    /// </summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>When it expires.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>
    /// Reads a certificate with its chain from a PEM file, and its key from the same one or another: what certbot calls <c>fullchain.pem</c> and
    /// <c>privkey.pem</c>. The key is kept in memory only.
    /// </summary>
    /// <param name="certificatePath">
    /// The file of the certificate: the first one in it is the server's, as with nginx. What follows is sent in the order in which each has issued the
    /// one before it, whatever their order here; the root, and what does not belong to the chain, is not sent.
    /// </param>
    /// <param name="keyPath">
    /// The file of its key: PKCS#8, PKCS#1 (RSA) or SEC 1 (ECDSA), not encrypted. Null where it lies in the certificate's file.
    /// </param>
    /// <exception cref="InvalidDataException">
    /// A file is damaged, holds something else or a key that is encrypted or too weak, or certificate and key do not belong together. The message names
    /// the files and the way out.
    /// </exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    /// <exception cref="PlatformNotSupportedException">The system has no library for cryptography.</exception>
    public static TlsCertificate FromPemFiles(string certificatePath, string? keyPath = null)
    {
        var (certificate, chain) = CertificateFile.ReadPem(certificatePath, keyPath);
        return new TlsCertificate(certificate, chain);
    }

    /// <summary>Reads a certificate with its key and its chain from a PKCS#12 file (<c>.p12</c>, <c>.pfx</c>). The key is kept in memory only.</summary>
    /// <param name="path">The file: the first certificate in it that has a key is the server's; the rest is sent as <see cref="FromPemFiles"/> says.</param>
    /// <param name="password">Its password, or null.</param>
    /// <exception cref="InvalidDataException">
    /// The password is wrong, or the file is damaged, holds no key, or one that is too weak. The message names the file.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="PlatformNotSupportedException">The system has no library for cryptography.</exception>
    public static TlsCertificate FromPkcs12File(string path, string? password)
    {
        var (certificate, chain) = CertificateFile.ReadPkcs12(path, password);
        return new TlsCertificate(certificate, chain);
    }
}
