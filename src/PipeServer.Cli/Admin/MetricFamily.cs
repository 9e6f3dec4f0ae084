namespace PipeServer.Cli.Admin;

/// <summary>All series of one name. Not thread-safe.</summary>
/// <param name="name">The name, without the ending of a counter's samples.</param>
/// <param name="kind">What it is.</param>
/// <param name="unit">The unit that the name ends with, or empty.</param>
/// <param name="help">What it tells, in words.</param>
/// <param name="boundaries">Of a histogram, the upper bounds of its buckets, which belong to them; otherwise null.</param>
internal sealed class MetricFamily(string name, MetricKind kind, string unit, string help, double[]? boundaries = null)
{
    private readonly Dictionary<string, MetricValue> _series = new(StringComparer.Ordinal);

    /// <summary>The name, without the ending of a counter's samples.</summary>
    public string Name => name;

    /// <summary>What it is.</summary>
    public MetricKind Kind => kind;

    /// <summary>The unit that the name ends with, or empty.</summary>
    public string Unit => unit;

    /// <summary>What it tells, in words.</summary>
    public string Help => help;

    /// <summary>Of a histogram, the upper bounds of its buckets; otherwise null.</summary>
    public double[]? Boundaries => boundaries;

    /// <summary>Whether there is no series.</summary>
    public bool IsEmpty => _series.Count == 0;

    /// <summary>Adds a series; one of the same labels is added to the one that is there.</summary>
    /// <param name="labels">The labels as they stand between braces.</param>
    /// <param name="value">The value, which belongs to the family from now on.</param>
    public void Add(string labels, MetricValue value)
    {
        if (_series.TryGetValue(labels, out var other))
        {
            other.Add(value);
        }
        else
        {
            _series.Add(labels, value);
        }
    }

    /// <summary>The series by their labels, in order.</summary>
    public IEnumerable<KeyValuePair<string, MetricValue>> InOrder()
    {
        var labels = new string[_series.Count];
        _series.Keys.CopyTo(labels, 0);
        Array.Sort(labels, StringComparer.Ordinal);
        foreach (var item in labels)
        {
            yield return new(item, _series[item]);
        }
    }
}
