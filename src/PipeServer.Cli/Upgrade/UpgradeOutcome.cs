namespace PipeServer.Cli.Upgrade;

/// <summary>What came of an upgrade.</summary>
/// <param name="Problem">Why there was none, and nothing has changed; null when there was.</param>
/// <param name="ProcessId">Who serves now; 0 where there is a problem.</param>
/// <param name="IsBusy">There is one under way, or the server does not serve yet or any more: nothing was tried.</param>
internal sealed record UpgradeOutcome(string? Problem, int ProcessId = 0, bool IsBusy = false);
