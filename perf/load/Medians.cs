namespace PipeServer.Load;

/// <summary>What counts of several rounds.</summary>
internal static class Medians
{
    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    public static double Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>
    /// The median of the rounds' own ratios, so that a slow minute of the machine, which hits both of a pair, is in none of them. Where a run
    /// has no rounds of both (an older one), the ratio of the medians.
    /// </summary>
    public static double? OfPairs(IReadOnlyList<double>? ours, IReadOnlyList<double>? theirs, double? our, double? their) =>
        ours is { Count: > 0 } && ours.Count == theirs?.Count ? Of(ours.Zip(theirs, static (first, second) => first / second)) : our / their;
}
