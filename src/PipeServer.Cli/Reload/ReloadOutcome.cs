namespace PipeServer.Cli.Reload;

/// <summary>What a reload has done.</summary>
/// <param name="Problem">Why nothing was changed, with the way out; null where the new configuration is in force.</param>
/// <param name="Changed">The options that have another value now.</param>
/// <param name="NeedsRestart">The options that were given another value and keep the old one until the program is started again.</param>
internal sealed record ReloadOutcome(string? Problem, IReadOnlyList<string> Changed, IReadOnlyList<string> NeedsRestart);
