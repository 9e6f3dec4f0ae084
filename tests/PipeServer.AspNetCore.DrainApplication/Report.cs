using System.Text.Json;
using PipeServer;

namespace DrainApplication;

/// <summary>The report of the stop, in the form that <c>pipeserver --report</c> has, as far as the drain suite reads it.</summary>
internal static class Report
{
    public static void Write(string path, ShutdownReport report) => File.WriteAllText(path, JsonSerializer.Serialize(new
    {
        outcome = report.Outcome.ToString(),
        elapsedSeconds = Math.Round(report.Elapsed.TotalSeconds, 3),
        connections = new
        {
            accepted = report.Connections.Accepted,
            closed = report.Connections.Closed,
            aborted = report.Connections.Aborted,
            refused = report.Connections.Refused,
        },
        requests = new
        {
            received = report.Requests.Received,
            completed = report.Requests.Completed,
            refused = report.Requests.Refused,
            aborted = report.Requests.Aborted,
        },
        cutOff = report.CutOff,
    }));
}
