namespace PipeServer.Load;

/// <summary>What the command line said.</summary>
internal sealed record RunSettings(int Rounds, TimeSpan Duration, string[] Workloads, string[] Servers, string Output);
