using System.Globalization;
using System.Text;

namespace PipeServer.Cli.Admin;

/// <summary>Writes metrics as Prometheus reads them, always in the same order. Pure.</summary>
internal static class MetricsText
{
    /// <summary>The Content-Type of a format.</summary>
    public static string ContentType(MetricsFormat format) => format == MetricsFormat.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes all.</summary>
    public static string Write(IEnumerable<MetricFamily> families, MetricsFormat format)
    {
        var text = new StringBuilder();
        foreach (var family in families)
        {
            if (!family.IsEmpty)
            {
                Write(text, family, format);
            }
        }

        return (format == MetricsFormat.OpenMetrics ? text.Append("# EOF\n") : text).ToString();
    }

    private static void Write(StringBuilder text, MetricFamily family, MetricsFormat format)
    {
        // The older format names a counter with its ending.
        var isOpen = format == MetricsFormat.OpenMetrics;
        var sample = family.Kind == MetricKind.Counter ? family.Name + MetricName.CounterSuffix : family.Name;
        var name = isOpen ? family.Name : sample;
        MetricName.AppendEscaped(text.Append("# HELP ").Append(name).Append(' '), family.Help, escapesQuotes: isOpen).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(family.Kind switch
        {
            MetricKind.Counter => "counter",
            MetricKind.Histogram => "histogram",
            _ => "gauge",
        }).Append('\n');
        if (isOpen && family.Unit.Length > 0)
        {
            text.Append("# UNIT ").Append(name).Append(' ').Append(family.Unit).Append('\n');
        }

        foreach (var (labels, value) in family.InOrder())
        {
            if (value.Counts is { } counts && family.Boundaries is { } boundaries)
            {
                WriteHistogram(text, family.Name, labels, value.Sum, counts, boundaries);
            }
            else
            {
                WriteSample(text, sample, labels, Number(value.Sum));
            }
        }
    }

    private static void WriteHistogram(StringBuilder text, string name, string labels, double sum, long[] counts, double[] boundaries)
    {
        var count = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            count += counts[i];
            var bound = i < boundaries.Length ? Bound(boundaries[i]) : "+Inf";
            WriteSample(
                text, $"{name}_bucket", $"{labels}{(labels.Length > 0 ? "," : "")}le=\"{bound}\"", count.ToString(CultureInfo.InvariantCulture));
        }

        WriteSample(text, $"{name}_sum", labels, Number(sum));
        WriteSample(text, $"{name}_count", labels, count.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteSample(StringBuilder text, string name, string labels, string value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value).Append('\n');
    }

    private static string Number(double value) =>
        double.IsNaN(value) ? "NaN"
        : double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value == Math.Floor(value) && Math.Abs(value) < 1e15 ? ((long)value).ToString(CultureInfo.InvariantCulture)
        : value.ToString("R", CultureInfo.InvariantCulture);

    // A bound is a name: the same in both formats, as OpenMetrics has it (1.0, not 1), or a query would find two.
    private static string Bound(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        return text.Contains('.', StringComparison.Ordinal) || text.Contains('e', StringComparison.Ordinal) ? text : text + ".0";
    }
}
