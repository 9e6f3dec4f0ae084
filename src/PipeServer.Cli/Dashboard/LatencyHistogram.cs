using System.Numerics;

namespace PipeServer.Cli.Dashboard;

/// <summary>
/// How long things took, from a microsecond to ten minutes: counts of durations in buckets whose width grows with the duration, so that what is read
/// from them is at most 0.8 % off, or half a microsecond. Recording takes no lock and allocates nothing.
/// </summary>
internal sealed class LatencyHistogram
{
    /// <summary>Longer durations count as this long.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    // Up to 128 µs each microsecond has its bucket; from there on each doubling has 64.
    private const int ExactBuckets = 128;
    private const int BucketsOfDoubling = 64;
    private const int BitsOfDoubling = 6;

    private static readonly long LongestMicroseconds = Longest.Ticks / TimeSpan.TicksPerMicrosecond;
    private static readonly int Buckets = IndexOf(LongestMicroseconds) + 1;

    private readonly StripedCounts _counts = new(Buckets);

    /// <summary>Counts one. From any thread.</summary>
    public void Record(TimeSpan duration) => _counts.Add(IndexOf(Math.Clamp(duration.Ticks / TimeSpan.TicksPerMicrosecond, 0, LongestMicroseconds)));

    /// <summary>What was counted so far, for <see cref="Percentiles"/>, and for differences between two moments.</summary>
    public long[] Counts() => _counts.Sum();

    /// <summary>
    /// The durations, in microseconds, that these shares of all have not exceeded, and how many they are of. The shares rise. Zeros where nothing was counted.
    /// </summary>
    /// <param name="counts">Counts, of a time or of all time.</param>
    /// <param name="before">Counts that are to be left out of them; empty for none.</param>
    /// <param name="shares">As in 0.99.</param>
    /// <param name="microseconds">Gets a duration for each share.</param>
    public static long Percentiles(ReadOnlySpan<long> counts, ReadOnlySpan<long> before, ReadOnlySpan<double> shares, Span<long> microseconds)
    {
        var total = 0L;
        for (var index = 0; index < counts.Length; index++)
        {
            total += counts[index] - (before.IsEmpty ? 0 : before[index]);
        }

        microseconds.Clear();
        var (seen, next) = (0L, 0);
        for (var index = 0; index < counts.Length && next < shares.Length && total > 0; index++)
        {
            seen += counts[index] - (before.IsEmpty ? 0 : before[index]);
            while (next < shares.Length && seen >= Math.Max(1, (long)Math.Ceiling(shares[next] * total)))
            {
                microseconds[next++] = ValueOf(index);
            }
        }

        return total;
    }

    /// <summary>The bucket of a duration.</summary>
    internal static int IndexOf(long microseconds)
    {
        if (microseconds < ExactBuckets)
        {
            return (int)microseconds;
        }

        var shift = BitOperations.Log2((ulong)microseconds) - BitsOfDoubling;
        return ExactBuckets + ((shift - 1) * BucketsOfDoubling) + (int)(microseconds >> shift) - BucketsOfDoubling;
    }

    /// <summary>The middle of a bucket.</summary>
    internal static long ValueOf(int index)
    {
        if (index < ExactBuckets)
        {
            return index;
        }

        var shift = ((index - ExactBuckets) / BucketsOfDoubling) + 1;
        var first = (long)(((index - ExactBuckets) % BucketsOfDoubling) + BucketsOfDoubling) << shift;
        return first + (1L << (shift - 1));
    }
}
