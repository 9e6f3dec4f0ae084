using System.Diagnostics.Metrics;

namespace PipeServer.Telemetry;

/// <summary>How long the certificates of a server last, read when it is asked for.</summary>
internal static class CertificateMetrics
{
    private const string Name = "tls.certificate.name";

    /// <summary>Adds the instrument.</summary>
    /// <param name="meter">Gets it.</param>
    /// <param name="options">Gives the options in force.</param>
    public static void AddTo(Meter meter, Func<HttpServerOptions> options) => meter.CreateObservableGauge(
        "pipeserver.tls.certificate.expiry", () => Read(options()), "s",
        "Time until a certificate expires, by the first name that it is for; negative once it has.");

    private static IEnumerable<Measurement<double>> Read(HttpServerOptions current)
    {
        var now = current.TimeProvider.GetUtcNow();

        // Two of a name, an old one and its successor say, are one series: the one that ends first counts.
        return [.. current.Endpoints.Where(static endpoint => endpoint.IsTls)
            .Select(endpoint => (endpoint.Tls ?? current.Tls)?.Certificates)
            .OfType<TlsCertificateSet>()
            .Distinct()
            .SelectMany(static set => set.Certificates)
            .GroupBy(static certificate => certificate.Names is [var first, ..] ? first : certificate.Certificate.Subject, StringComparer.Ordinal)
            .Select(group => new Measurement<double>(
                (group.Min(static certificate => certificate.NotAfter) - now).TotalSeconds, new KeyValuePair<string, object?>(Name, group.Key)))];
    }
}
