namespace PipeServer.Cli.Admin;

/// <summary>What one series has when it is read.</summary>
/// <param name="Sum">The value; of a histogram, the sum of all values.</param>
/// <param name="Counts">Of a histogram, how many values each bucket has, and last those beyond all of them; otherwise null.</param>
internal readonly record struct MetricValue(double Sum, long[]? Counts = null)
{
    /// <summary>Both together.</summary>
    public MetricValue Plus(in MetricValue other)
    {
        if (Counts is null || other.Counts is null || Counts.Length != other.Counts.Length)
        {
            return this with { Sum = Sum + other.Sum };
        }

        var counts = (long[])Counts.Clone();
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] += other.Counts[i];
        }

        return new MetricValue(Sum + other.Sum, counts);
    }
}
