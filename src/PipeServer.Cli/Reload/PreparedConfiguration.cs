using PipeServer.Cli.AccessLog;
using PipeServer.Cli.Sites;
using PipeServer.StaticFiles;

namespace PipeServer.Cli.Reload;

/// <summary>A configuration that is read, checked and opened, and not in force yet.</summary>
internal sealed class PreparedConfiguration(
    ServeSettings settings,
    StaticFileHandler files,
    PreparedSites? sites,
    AccessLogTarget? accessLog,
    IReadOnlyDictionary<string, string> values,
    ReloadOutcome outcome)
{
    /// <summary>The settings.</summary>
    public ServeSettings Settings => settings;

    /// <summary>The files, prepared for the handler that serves them.</summary>
    public StaticFileHandler Files => files;

    /// <summary>The sites, prepared for the router; null where there is none.</summary>
    public PreparedSites? Sites => sites;

    /// <summary>Where the access log's lines are to go; null where they go where they went.</summary>
    public AccessLogTarget? AccessLog => accessLog;

    /// <summary>The value of each option that comes into force with it.</summary>
    public IReadOnlyDictionary<string, string> Values => values;

    /// <summary>What is told when it does.</summary>
    public ReloadOutcome Outcome => outcome;

    /// <summary>Gives back what was opened: it does not come into force.</summary>
    public void Drop()
    {
        Files.Dispose();
        Sites?.Drop();
        AccessLog?.Dispose();
    }
}
