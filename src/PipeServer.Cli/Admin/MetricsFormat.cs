namespace PipeServer.Cli.Admin;

/// <summary>What metrics are written in.</summary>
internal enum MetricsFormat
{
    /// <summary>Prometheus's text format, 0.0.4.</summary>
    Prometheus,

    /// <summary>OpenMetrics, 1.0.0.</summary>
    OpenMetrics,
}
