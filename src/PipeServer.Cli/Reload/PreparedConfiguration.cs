using PipeServer.Cli.AccessLog;
using PipeServer.StaticFiles;

namespace PipeServer.Cli.Reload;

/// <summary>A configuration that is read, checked and opened, and not in force yet.</summary>
/// <param name="Settings">The settings.</param>
/// <param name="Files">The files, prepared for the handler that serves them.</param>
/// <param name="AccessLog">Where the access log's lines are to go; null where they go where they went.</param>
/// <param name="Values">The value of each option that comes into force with it.</param>
/// <param name="Outcome">What is told when it does.</param>
internal sealed record PreparedConfiguration(
    ServeSettings Settings, StaticFileHandler Files, AccessLogTarget? AccessLog, IReadOnlyDictionary<string, string> Values, ReloadOutcome Outcome)
{
    /// <summary>Gives back what was opened: it does not come into force.</summary>
    public void Drop()
    {
        Files.Dispose();
        AccessLog?.Dispose();
    }
}
