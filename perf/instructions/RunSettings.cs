namespace PipeServer.Instructions;

/// <summary>What the command line said.</summary>
/// <param name="Workloads">Only these; empty for all.</param>
/// <param name="Source">Another checkout to measure, or null for this one.</param>
/// <param name="WithNginx">Measure nginx beside it.</param>
/// <param name="WithKestrel">Measure a native Kestrel beside it.</param>
/// <param name="SaveAs">Where to save the run, or null.</param>
/// <param name="Against">A saved run to compare with, or null.</param>
/// <param name="Use">What to do with the budgets.</param>
/// <param name="BudgetFile">Another file of budgets, or null for the one beside the harness.</param>
internal sealed record RunSettings(
    string[] Workloads, string? Source, bool WithNginx, bool WithKestrel, string? SaveAs, string? Against, BudgetUse Use, string? BudgetFile);
