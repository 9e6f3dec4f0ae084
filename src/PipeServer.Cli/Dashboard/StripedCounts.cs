using System.Numerics;

namespace PipeServer.Cli.Dashboard;

/// <summary>
/// A row of counts that all threads add to at once, without a lock and without an allocation: each processor has a copy of the row, made when it first
/// counts, and the copies are summed when somebody looks.
/// </summary>
/// <param name="length">How many counts there are.</param>
internal sealed class StripedCounts(int length)
{
    // More processors than this share.
    private const int MaxStripes = 64;

    private readonly long[]?[] _stripes = new long[]?[Math.Min(MaxStripes, (int)BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount))];

    /// <summary>How many counts there are.</summary>
    public int Length => length;

    /// <summary>Adds one. From any thread.</summary>
    public void Add(int index)
    {
        var place = Thread.GetCurrentProcessorId() & (_stripes.Length - 1);
        var stripe = Volatile.Read(ref _stripes[place]) ?? Create(place);

        // A thread may be moved to another processor between the two lines, so two can meet here.
        Interlocked.Increment(ref stripe[index]);
    }

    /// <summary>The sums, as of now. Counts that are added meanwhile are in it or not.</summary>
    public long[] Sum()
    {
        var sums = new long[length];
        for (var place = 0; place < _stripes.Length; place++)
        {
            if (Volatile.Read(ref _stripes[place]) is not { } stripe)
            {
                continue;
            }

            for (var index = 0; index < sums.Length; index++)
            {
                sums[index] += Volatile.Read(ref stripe[index]);
            }
        }

        return sums;
    }

    private long[] Create(int place)
    {
        var stripe = new long[length];
        return Interlocked.CompareExchange(ref _stripes[place], stripe, null) ?? stripe;
    }
}
