namespace PipeServer.Cli.Admin;

/// <summary>What one series has when it is read.</summary>
/// <param name="sum">The value; of a histogram, the sum of all values.</param>
/// <param name="counts">Of a histogram, how many values each bucket has, and last those beyond all of them; otherwise null.</param>
internal sealed class MetricValue(double sum, long[]? counts = null)
{
    /// <summary>The value; of a histogram, the sum of all values.</summary>
    public double Sum { get; private set; } = sum;

    /// <summary>Of a histogram, how many values each bucket has, and last those beyond all of them; otherwise null.</summary>
    public long[]? Counts => counts;

    /// <summary>Adds another one.</summary>
    public void Add(MetricValue other)
    {
        Sum += other.Sum;
        for (var i = 0; i < counts?.Length && i < other.Counts?.Length; i++)
        {
            counts[i] += other.Counts[i];
        }
    }
}
