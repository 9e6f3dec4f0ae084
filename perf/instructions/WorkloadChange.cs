namespace PipeServer.Instructions;

/// <summary>A workload's instructions a request beside an earlier figure or its budget.</summary>
/// <param name="Name">The workload.</param>
/// <param name="Before">The earlier figure, or the budget.</param>
/// <param name="Now">What was counted.</param>
/// <param name="Limit">How many times <paramref name="Before"/> it may be.</param>
/// <param name="Functions">Those that have changed by an instruction or more, those that have grown most first.</param>
internal sealed record WorkloadChange(string Name, double Before, double Now, double Limit, IReadOnlyList<FunctionChange> Functions)
{
    /// <summary>1 where nothing has changed.</summary>
    public double Growth => Now / Before;

    /// <summary>It costs more than it may.</summary>
    public bool IsExceeded => Now > Before * Limit;

    /// <summary>It costs so much less that a lower budget would hold: less by half of what it may cost more.</summary>
    public bool CouldBeLower => Now < Before * (1 - ((Limit - 1) / 2));

    /// <summary>Compares a count with an earlier one.</summary>
    public static WorkloadChange Between(WorkloadCount before, WorkloadCount now, GrowthLimits limits, bool isThroughWorker) => new(
        now.Name,
        before.Instructions,
        now.Instructions,
        isThroughWorker ? limits.ThroughWorker : limits.Alone,
        [
            .. before.Functions.Keys.Union(now.Functions.Keys, StringComparer.Ordinal)
                .Select(name => new FunctionChange(name, before.Functions.GetValueOrDefault(name), now.Functions.GetValueOrDefault(name)))
                .Where(static function => Math.Abs(function.Change) >= 1)
                .OrderByDescending(static function => function.Change).ThenBy(static function => function.Name, StringComparer.Ordinal),
        ]);
}
