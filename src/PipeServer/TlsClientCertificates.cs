using System.Security.Cryptography.X509Certificates;

namespace PipeServer;

/// <summary>What is asked of clients in mutual TLS (RFC 8446 §4.3.2). Immutable once a server has it.</summary>
public sealed class TlsClientCertificates
{
    /// <summary>Asks for certificates of these authorities.</summary>
    /// <param name="authorities">The roots, and if need be intermediates, that a client's certificate must lead to: at least one.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public TlsClientCertificates(IEnumerable<X509Certificate2> authorities)
    {
        ArgumentNullException.ThrowIfNull(authorities);
        Authorities = [.. authorities];
        if (Authorities.Count == 0)
        {
            throw new ArgumentException("There must be at least one authority whose client certificates are accepted.", nameof(authorities));
        }
    }

    /// <summary>The authorities.</summary>
    public IReadOnlyList<X509Certificate2> Authorities { get; }

    /// <summary>False lets clients without a certificate in too; one that shows a wrong certificate is refused all the same. Default: true.</summary>
    public bool IsRequired { get; init; } = true;
}
