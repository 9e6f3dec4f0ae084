namespace PipeServer.Capacity;

/// <summary>What the command line said.</summary>
/// <param name="Connections">Of each kind in the part <c>connections</c>.</param>
/// <param name="Duration">Of each load, and of the watch over idle connections.</param>
/// <param name="Rounds">How often each is measured; medians count.</param>
/// <param name="Parts">Only these; empty for all.</param>
/// <param name="Output">The file of the tables.</param>
/// <param name="Command">The command line, for the report.</param>
internal sealed record CapacitySettings(int Connections, TimeSpan Duration, int Rounds, IReadOnlyList<string> Parts, string Output, string Command);
