using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.Tls;

/// <summary>The DNS names that a certificate is for (RFC 6125 §6.4, RFC 9525).</summary>
internal static class CertificateNames
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private const string CommonName = "2.5.4.3";

    /// <summary>
    /// The names in lower case, international ones as A-labels (<c>xn--…</c>): those of its subjectAltName; the common name only where it has no such
    /// extension at all.
    /// </summary>
    public static IReadOnlyList<string> Of(X509Certificate2 certificate)
    {
        try
        {
            var alternatives = certificate.Extensions[SubjectAlternativeName];
            IEnumerable<string> names = alternatives is null
                ? CommonNames(certificate.SubjectName)
                : new X509SubjectAlternativeNameExtension(alternatives.RawData, alternatives.Critical).EnumerateDnsNames();
            return [.. names.Select(Normalized).OfType<string>().Distinct(StringComparer.Ordinal)];
        }
        catch (CryptographicException)
        {
            return []; // what cannot be read names nothing
        }
    }

    private static IEnumerable<string> CommonNames(X500DistinguishedName subject) => subject.EnumerateRelativeDistinguishedNames()
        .Where(static part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
        .Select(static part => part.GetSingleElementValue())
        .OfType<string>();

    // Null for what is no name.
    private static string? Normalized(string name)
    {
        var isWildcard = name.StartsWith("*.", StringComparison.Ordinal);
        var rest = (isWildcard ? name[2..] : name).TrimEnd('.');
        if (rest.Length == 0 || rest.Any(static c => c is ' ' or '/' or '*' or '@' or ':' || char.IsControl(c)))
        {
            return null; // a person's name, or an address; RFC 9525 §6.3 knows the wildcard as a whole first label only
        }

        try
        {
            rest = System.Text.Ascii.IsValid(rest) ? rest : new IdnMapping().GetAscii(rest);
        }
        catch (ArgumentException)
        {
            return null;
        }

        return (isWildcard ? "*." : "") + rest.ToLowerInvariant();
    }
}
