using PipeServer.StaticFiles;

namespace PipeServer.Cli.Admin;

/// <summary>What a client would rather have (RFC 9110 §12.5.1). Pure functions.</summary>
internal static class AcceptHeader
{
    /// <summary>The form of metrics. Without a wish it is Prometheus's own; <c>*/*</c> is none.</summary>
    public static MetricsFormat MetricsFormatOf(string? accept)
    {
        var open = WeightOf(accept, "application/openmetrics-text", isVersion: static version => version is null or "1.0.0" or "0.0.1");
        return open > 0 && open >= WeightOf(accept, "text/plain", static version => version is null or "0.0.4")
            ? MetricsFormat.OpenMetrics
            : MetricsFormat.Prometheus;
    }

    /// <summary>Whether it would rather have plain text than JSON.</summary>
    public static bool PrefersText(string? accept) =>
        WeightOf(accept, "text/plain", static _ => true) > WeightOf(accept, "application/json", static _ => true);

    // From 0 to 1000: the greatest weight that one element gives the type by its name.
    private static int WeightOf(string? accept, string type, Func<string?, bool> isVersion)
    {
        var best = 0;
        foreach (var element in (accept ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            var parts = element.Split(';', 2, StringSplitOptions.TrimEntries);
            var parameters = parts.Length > 1 ? parts[1] : "";
            if (parts[0].Equals(type, StringComparison.OrdinalIgnoreCase) && isVersion(VersionIn(parameters)))
            {
                best = Math.Max(best, QualityValue.Of(parameters));
            }
        }

        return best;
    }

    private static string? VersionIn(string parameters)
    {
        const string Version = "version=";
        foreach (var parameter in parameters.Split(';', StringSplitOptions.TrimEntries))
        {
            if (parameter.StartsWith(Version, StringComparison.OrdinalIgnoreCase))
            {
                return parameter[Version.Length..].Trim('"');
            }
        }

        return null;
    }
}
