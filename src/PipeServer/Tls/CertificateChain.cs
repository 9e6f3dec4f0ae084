using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.Tls;

/// <summary>The certificates that are sent with a server's own.</summary>
internal static class CertificateChain
{
    private const string AuthorityKey = "2.5.29.35";
    private const string SubjectKey = "2.5.29.14";

    /// <summary>
    /// Those that lead from a certificate to its root, each the issuer of the one before it, as RFC 8446 §4.4.2 wants them. The root, which clients must
    /// have, is left out, and so is what leads nowhere.
    /// </summary>
    /// <param name="leaf">The server's certificate.</param>
    /// <param name="others">What was in the file beside it, in any order.</param>
    public static IReadOnlyList<X509Certificate2> Order(X509Certificate2 leaf, IEnumerable<X509Certificate2> others)
    {
        var left = others.ToList();
        var chain = new List<X509Certificate2>();
        for (var last = leaf; !IsSelfIssued(last) && left.Find(other => HasIssued(other, last)) is { } issuer; last = issuer)
        {
            left.Remove(issuer);
            if (IsSelfIssued(issuer))
            {
                break;
            }

            chain.Add(issuer);
        }

        return chain;
    }

    private static bool IsSelfIssued(X509Certificate2 certificate) => Equal(certificate.SubjectName, certificate.IssuerName);

    // By name, and by key where both sides name it: two authorities may be called the same.
    private static bool HasIssued(X509Certificate2 issuer, X509Certificate2 certificate) =>
        Equal(issuer.SubjectName, certificate.IssuerName)
        && (IssuersKey(certificate) is not { } wanted || OwnKey(issuer) is not { } found || wanted.Span.SequenceEqual(found.Span));

    private static bool Equal(X500DistinguishedName one, X500DistinguishedName other) => one.RawData.AsSpan().SequenceEqual(other.RawData);

    private static ReadOnlyMemory<byte>? IssuersKey(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions[AuthorityKey] is { } extension
                ? new X509AuthorityKeyIdentifierExtension(extension.RawData, extension.Critical).KeyIdentifier
                : null;
        }
        catch (CryptographicException)
        {
            return null; // what cannot be read names nothing
        }
    }

    private static ReadOnlyMemory<byte>? OwnKey(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions[SubjectKey] is X509SubjectKeyIdentifierExtension extension ? extension.SubjectKeyIdentifierBytes : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
