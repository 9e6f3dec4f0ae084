namespace PipeServer.Instructions;

/// <summary>How many times its earlier figure a workload may cost.</summary>
/// <param name="Alone">Where one thread does it all.</param>
/// <param name="ThroughWorker">Where a worker takes part: what it costs depends a little on who sleeps when.</param>
internal sealed record GrowthLimits(double Alone, double ThroughWorker)
{
    /// <summary>Against a saved run: just above what two counts of one file differ by.</summary>
    public static readonly GrowthLimits OfSavedRun = new(1.01, 1.03);

    /// <summary>Against a budget.</summary>
    public static readonly GrowthLimits OfBudget = new(1.02, 1.04);
}
