using System.Security.Cryptography.X509Certificates;

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
    }

    /// <summary>The certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The intermediates that are sent with it.</summary>
    public IReadOnlyList<X509Certificate2> Chain { get; }

    /// <summary>The certificates that are asked of clients that get this one. Null, the default, for <see cref="TlsOptions.ClientCertificates"/>.</summary>
    public TlsClientCertificates? ClientCertificates { get; init; }
}
