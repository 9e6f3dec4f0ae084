namespace PipeServer.Instructions;

/// <summary>What a run does with the file of budgets.</summary>
internal enum BudgetUse
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Fails when a workload exceeds its budget.</summary>
    Check,

    /// <summary>Writes the budgets that can be lower; raises none.</summary>
    Lower,

    /// <summary>Writes what was counted, higher or lower: for other tools, and where a growth is accepted.</summary>
    Save,
}
