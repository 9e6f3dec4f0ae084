namespace PipeServer.Cli.Admin;

/// <summary>All series of one name.</summary>
/// <param name="Name">The name, without the ending of a counter's samples.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Unit">The unit that the name ends with, or empty.</param>
/// <param name="Help">What it tells, in words.</param>
/// <param name="Boundaries">Of a histogram, the upper bounds of its buckets, which belong to them; otherwise null.</param>
internal sealed record MetricFamily(string Name, MetricKind Kind, string Unit, string Help, double[]? Boundaries = null)
{
    /// <summary>The series by their labels, as they stand between braces.</summary>
    public SortedDictionary<string, MetricValue> Series { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a series; one of the same labels is added to the one that is there.</summary>
    public void Add(string labels, in MetricValue value) =>
        Series[labels] = Series.TryGetValue(labels, out var other) ? other.Plus(value) : value;
}
