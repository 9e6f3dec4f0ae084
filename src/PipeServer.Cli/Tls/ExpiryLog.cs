using Microsoft.Extensions.Logging;

namespace PipeServer.Cli.Tls;

/// <summary>
/// Tells that certificates will expire: once when 30 days are left, once at 7 and at 1, and when they have expired; and once that they are not valid
/// yet. Used by one thread at a time.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="logger">Gets the lines.</param>
internal sealed class ExpiryLog(TimeProvider time, ILogger logger)
{
    private const int Expired = 0;

    private static readonly int[] Thresholds = [Expired, 1, 7, 30]; // days

    // The lowest threshold that was told, by the hash of the certificate.
    private readonly Dictionary<string, int> _told = new(StringComparer.Ordinal);

    // Those that are not valid yet, and of which that was told.
    private readonly HashSet<string> _early = new(StringComparer.Ordinal);

    /// <summary>Looks at all of them; of those that are not there any more nothing is kept.</summary>
    /// <param name="certificates">The certificates in force.</param>
    public void Look(IReadOnlyList<TlsCertificate> certificates)
    {
        var now = time.GetUtcNow();
        var before = new Dictionary<string, int>(_told, StringComparer.Ordinal);
        _told.Clear();
        _early.IntersectWith(certificates.Select(static certificate => certificate.Certificate.Thumbprint));
        foreach (var certificate in certificates)
        {
            var begin = new DateTimeOffset(certificate.Certificate.NotBefore.ToUniversalTime());
            if (begin > now && _early.Add(certificate.Certificate.Thumbprint))
            {
                CliLog.CertificateNotYetValid(logger, NamesOf(certificate), begin);
            }

            var left = certificate.NotAfter - now;
            if (Array.Find(Thresholds, days => left <= TimeSpan.FromDays(days)) is var threshold && left > TimeSpan.FromDays(Thresholds[^1]))
            {
                continue;
            }

            var key = certificate.Certificate.Thumbprint;
            if (_told.TryAdd(key, threshold) && (!before.TryGetValue(key, out var told) || threshold < told))
            {
                Tell(certificate, left);
            }
        }
    }

    // They may come from a file of somebody else's; the logger escapes them.
    private static string NamesOf(TlsCertificate certificate) =>
        certificate.Names.Count > 0 ? string.Join(", ", certificate.Names) : certificate.Certificate.Subject;

    private void Tell(TlsCertificate certificate, TimeSpan left)
    {
        var names = NamesOf(certificate);
        if (left <= TimeSpan.Zero)
        {
            CliLog.CertificateExpired(logger, names, certificate.NotAfter);
        }
        else
        {
            CliLog.CertificateExpires(logger, names, Math.Round(left.TotalDays, 1), certificate.NotAfter);
        }
    }
}
