using System.Numerics;
using System.Runtime.CompilerServices;

namespace PipeServer.Cli.Admin;

/// <summary>
/// One series: an instrument with one set of attributes. Each thread adds to one of several stripes, so that event loops and workers do not hold
/// each other up, and only a reader goes over all. Nothing is allocated once a stripe is there.
/// </summary>
/// <param name="labels">The attributes as they stand between braces.</param>
/// <param name="boundaries">Of a histogram, the upper bounds of its buckets; otherwise null.</param>
internal sealed class MetricSeries(string labels, double[]? boundaries)
{
    // A stripe: the sum of whole numbers, the sum of others as the bits of a double, then the buckets.
    private const int Whole = 0;
    private const int Fraction = 1;
    private const int FirstBucket = 2;

    // Two cache lines, so that stripes that lie side by side do not share one.
    private const int LeastStripeLength = 16;

    // Two for each core: loops and workers are more threads than cores, but do not run at once. More would only cost memory.
    private static readonly int Stripes = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(Environment.ProcessorCount * 2, 1, 32));

    private static int _threads;

    [ThreadStatic]
    private static int _stripeOfThread; // one more than its number; 0 before it has one

    private readonly long[]?[] _stripes = new long[Stripes][];
    private double _set; // of an instrument that tells its value and not what comes to it
    private int _round;

    /// <summary>The attributes as they stand between braces.</summary>
    public string Labels => labels;

    /// <summary>Adds to a sum, or a value to a histogram.</summary>
    public void Add(long value)
    {
        if (boundaries is not null)
        {
            Add((double)value);
            return;
        }

        Interlocked.Add(ref Stripe()[Whole], value);
    }

    /// <summary>Adds to a sum, or a value to a histogram.</summary>
    public void Add(double value)
    {
        if (double.IsNaN(value))
        {
            return; // it would make the sum of all that come behind it nothing
        }

        var stripe = Stripe();
        if (boundaries is not null)
        {
            var bucket = 0;
            while (bucket < boundaries.Length && value > boundaries[bucket])
            {
                bucket++;
            }

            Interlocked.Increment(ref stripe[FirstBucket + bucket]);
        }

        ref var sum = ref stripe[Fraction];
        for (var seen = Volatile.Read(ref sum); ;)
        {
            var before = Interlocked.CompareExchange(ref sum, BitConverter.DoubleToInt64Bits(BitConverter.Int64BitsToDouble(seen) + value), seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>Sets the value.</summary>
    public void Set(double value) => Volatile.Write(ref _set, value);

    /// <summary>Sets the value as of one round of asking; several of one round are added up. By one thread at a time.</summary>
    public void Observe(double value, int round) => (_set, _round) = (_round == round ? _set + value : value, round);

    /// <summary>Whether a value has come in a round.</summary>
    public bool IsOf(int round) => _round == round;

    /// <summary>What it has now.</summary>
    public MetricValue Read()
    {
        var sum = Volatile.Read(ref _set);
        var counts = boundaries is null ? null : new long[boundaries.Length + 1];
        foreach (var stripe in _stripes)
        {
            if (stripe is null)
            {
                continue;
            }

            for (var i = 0; i < counts?.Length; i++)
            {
                counts[i] += Volatile.Read(ref stripe[FirstBucket + i]);
            }

            sum += Volatile.Read(ref stripe[Whole]) + BitConverter.Int64BitsToDouble(Volatile.Read(ref stripe[Fraction]));
        }

        return new MetricValue(sum, counts);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long[] Stripe()
    {
        if (_stripeOfThread == 0)
        {
            _stripeOfThread = (Interlocked.Increment(ref _threads) & (Stripes - 1)) + 1;
        }

        return _stripes[_stripeOfThread - 1] ?? AddStripe(_stripeOfThread - 1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private long[] AddStripe(int index)
    {
        var made = new long[Math.Max(LeastStripeLength, FirstBucket + (boundaries?.Length ?? 0) + 1)];
        return Interlocked.CompareExchange(ref _stripes[index], made, null) ?? made;
    }
}
