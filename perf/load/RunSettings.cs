namespace PipeServer.Load;

/// <summary>What the command line said.</summary>
/// <param name="Rounds">Rounds of the workloads that have aims.</param>
/// <param name="Duration">Of the load in each.</param>
/// <param name="Workloads">Only these; empty for the usual ones.</param>
/// <param name="Servers">Only these; empty for the usual ones.</param>
/// <param name="With">Servers beside the usual ones.</param>
/// <param name="Split">Workloads that are measured with a core for the server and one for the client as well; null for none, empty for all.</param>
/// <param name="Kind">Which workloads are the usual ones.</param>
/// <param name="Output">Where the results go.</param>
/// <param name="Command">The command line, for the report.</param>
internal sealed record RunSettings(
    int Rounds, TimeSpan Duration, string[] Workloads, string[] Servers, string[] With, string[]? Split, RunKind Kind, string Output, string Command);
