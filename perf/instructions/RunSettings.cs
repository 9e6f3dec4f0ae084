namespace PipeServer.Instructions;

/// <summary>What the command line said.</summary>
/// <param name="Workloads">Only these; empty for all.</param>
/// <param name="Source">Another checkout to measure, or null for this one.</param>
/// <param name="WithNginx">Measure nginx beside it.</param>
/// <param name="SaveAs">Where to save the run, or null.</param>
/// <param name="Against">A saved run to compare with, or null.</param>
internal sealed record RunSettings(string[] Workloads, string? Source, bool WithNginx, string? SaveAs, string? Against);
