namespace PipeServer.Instructions;

/// <summary>
/// What each workload may cost: figures that were counted once, written down beside the harness (budgets.json) and lowered with each
/// gain. A workload fails beyond 2 % of growth, 4 % through a worker.
/// </summary>
internal static class Budgets
{
    /// <summary>Prints the counts beside the budgets; the last line is the verdict.</summary>
    /// <param name="budgets">The file's budgets.</param>
    /// <param name="now">What was counted.</param>
    /// <param name="output">Where to print.</param>
    /// <returns>False when a workload exceeds its budget, or has none. True with other tools than the budgets': then nothing is judged.</returns>
    public static bool Judge(CountResult budgets, CountResult now, TextWriter output)
    {
        var comparison = CountComparison.Between(budgets, now, GrowthLimits.OfBudget);
        output.WriteLine($"\nbudgets of {budgets.Commit}, {budgets.Tools}:");
        comparison.Write(output);
        if (comparison.Difference is { } difference)
        {
            output.WriteLine($"budgets: not judged, because the budgets were counted with {difference}");
            return true;
        }

        if (comparison.CouldBeLower.ToList() is { Count: > 0 } lower)
        {
            output.WriteLine($"Could be lower: {string.Join(", ", lower)}. --lower writes the new budgets; commit them with the gain.");
        }

        List<string> faults =
        [
            .. comparison.Exceeded.Select(static name => $"{name} exceeds its budget"),
            .. comparison.WithoutEarlier.Select(static name => $"{name} has no budget (--save-budgets --workloads {name} writes one)"),
        ];
        output.WriteLine(faults.Count == 0 ? $"budgets: kept by {now.Workloads.Count} workloads" : $"budgets: {string.Join("; ", faults)}");
        return faults.Count == 0;
    }

    /// <summary>The budgets with what was counted in their place.</summary>
    /// <param name="budgets">The file's budgets, or null where there are none.</param>
    /// <param name="now">What was counted.</param>
    /// <param name="mayRaise">False: only budgets that become lower are replaced.</param>
    /// <exception cref="InvalidOperationException">Some of the budgets would stay, and were counted with other tools.</exception>
    public static CountResult Replaced(CountResult? budgets, CountResult now, bool mayRaise)
    {
        var counted = now.Workloads.ToDictionary(static count => count.Name, Budget, StringComparer.Ordinal);
        var kept = (budgets?.Workloads ?? []).Where(budget => Keeps(budget, counted, mayRaise)).ToDictionary(static count => count.Name, StringComparer.Ordinal);
        if (kept.Count > 0 && budgets!.Tools.DifferenceTo(now.Tools) is { } difference)
        {
            throw new InvalidOperationException($"the budgets that stay ({string.Join(", ", kept.Keys)}) were counted with {difference}");
        }

        var names = Workload.All.Select(static workload => workload.Name);
        return new CountResult(
            now.Commit, now.Tools, [.. names.Select(name => kept.GetValueOrDefault(name) ?? counted.GetValueOrDefault(name)).OfType<WorkloadCount>()]);
    }

    private static bool Keeps(WorkloadCount budget, Dictionary<string, WorkloadCount> counted, bool mayRaise) =>
        !counted.TryGetValue(budget.Name, out var now) || (!mayRaise && now.Instructions >= budget.Instructions);

    // Other servers have no budgets.
    private static WorkloadCount Budget(WorkloadCount count) => count with { Nginx = null, Kestrel = null };
}
