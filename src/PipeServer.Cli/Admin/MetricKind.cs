namespace PipeServer.Cli.Admin;

/// <summary>What a metric is to Prometheus.</summary>
internal enum MetricKind
{
    /// <summary>A sum that only grows.</summary>
    Counter,

    /// <summary>A value that goes up and down.</summary>
    Gauge,

    /// <summary>Counts by buckets, and the sum of all values.</summary>
    Histogram,
}
