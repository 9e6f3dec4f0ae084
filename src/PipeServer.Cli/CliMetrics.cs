using System.Diagnostics.Metrics;

namespace PipeServer.Cli;

/// <summary>What the program itself counts, as instruments of a meter of its own, beside those of the library. Made where metrics are on.</summary>
internal sealed class CliMetrics : IDisposable
{
    private readonly Meter _meter = new("PipeServer.Cli", typeof(HttpServer).Assembly.GetName().Version?.ToString(3));

    /// <param name="logLinesLost">Reads how many lines of the log nobody has got.</param>
    /// <param name="accessLogLinesLost">The same of the access log. Neither may count what still waits: that goes back.</param>
    public CliMetrics(Func<long> logLinesLost, Func<long> accessLogLinesLost)
    {
        _meter.CreateObservableCounter("pipeserver.log.dropped", logLinesLost, "{line}", "Lines of the log that could not be written.");
        _meter.CreateObservableCounter("pipeserver.access_log.dropped", accessLogLinesLost, "{line}", "Lines of the access log that could not be written.");
    }

    public void Dispose() => _meter.Dispose();
}
