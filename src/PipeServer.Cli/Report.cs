using System.Diagnostics;
using System.Text.Json;

namespace PipeServer.Cli;

/// <summary>What <c>--report</c> writes, and the summary line says.</summary>
internal sealed record Report(
    string Outcome,
    double ElapsedSeconds,
    Report.ConnectionLedger Connections,
    Report.RequestLedger Requests,
    IReadOnlyDictionary<string, double> PhaseSeconds,
    IReadOnlyList<string> CutOff,
    long FailedAccepts,
    long LogLinesLost,
    long AccessLinesLost,
    Report.RuntimeFigures Runtime)
{
    public static Report From(ShutdownReport report, long failedAccepts, long logLinesLost, long accessLinesLost)
    {
        var outcome = report.Outcome switch
        {
            ShutdownOutcome.Drained => "drained",
            ShutdownOutcome.Forced => "forced",
            _ => "timedOut",
        };
        return new Report(
            outcome,
            Math.Round(report.Elapsed.TotalSeconds, 3),
            new ConnectionLedger(report.Connections.Accepted, report.Connections.Closed, report.Connections.Aborted, report.Connections.Refused),
            new RequestLedger(report.Requests.Received, report.Requests.Completed, report.Requests.Refused, report.Requests.Aborted),
            report.Phases.ToDictionary(static phase => phase.Name, static phase => Math.Round(phase.Elapsed.TotalSeconds, 3), StringComparer.Ordinal),
            report.CutOff,
            failedAccepts,
            logLinesLost,
            accessLinesLost,
            new RuntimeFigures(GC.GetTotalAllocatedBytes(precise: true), GC.CollectionCount(0), PeakWorkingSet()));
    }

    // A figure that is missing changes nothing else: without /proc, or without a descriptor to read it by, the report was lost, and the exit code.
    private static long PeakWorkingSet()
    {
        try
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return 0;
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, CliJson.Default.Report);

    public string Summary() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"Stopped ({Outcome}) in {ElapsedSeconds:0.000} s; "
        + $"connections: {Connections.Accepted} accepted, {Connections.Closed} closed, {Connections.Aborted} aborted"
        + $"{(Connections.Refused > 0 ? $", {Connections.Refused} refused" : "")}; "
        + $"requests: {Requests.Received} received, {Requests.Completed} completed, {Requests.Refused} refused, {Requests.Aborted} aborted"
        + $"{(LogLinesLost > 0 ? $"; log lines lost: {LogLinesLost}" : "")}"
        + $"{(AccessLinesLost > 0 ? $"; access log lines lost: {AccessLinesLost}" : "")}.");

    internal sealed record ConnectionLedger(long Accepted, long Closed, long Aborted, long Refused);

    internal sealed record RequestLedger(long Received, long Completed, long Refused, long Aborted);

    internal sealed record RuntimeFigures(long AllocatedBytes, int Gen0Collections, long PeakWorkingSetBytes);
}
