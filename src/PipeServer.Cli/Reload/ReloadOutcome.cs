namespace PipeServer.Cli.Reload;

/// <summary>What a reload has done.</summary>
internal sealed class ReloadOutcome(string? problem, IReadOnlyList<string> changed, IReadOnlyList<string> needsRestart)
{
    /// <summary>Why nothing was changed, with the way out; null where the new configuration is in force.</summary>
    public string? Problem => problem;

    /// <summary>The options that have another value now.</summary>
    public IReadOnlyList<string> Changed => changed;

    /// <summary>The options that were given another value and keep the old one until the program is started again.</summary>
    public IReadOnlyList<string> NeedsRestart => needsRestart;
}
