namespace PipeServer.DrainSuite;

/// <summary>A line of the scorecard.</summary>
/// <param name="Name">The scenario.</param>
/// <param name="Tally">What became of its requests.</param>
/// <param name="ExitCode">The server's exit code; null when it had to be killed.</param>
/// <param name="Seconds">From the signal to its end.</param>
/// <param name="Faults">What did not hold; empty when all did.</param>
internal sealed record ScenarioResult(string Name, Tally Tally, int? ExitCode, double Seconds, IReadOnlyList<string> Faults);
