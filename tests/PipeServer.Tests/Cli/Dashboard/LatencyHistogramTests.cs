using PipeServer.Cli.Dashboard;

namespace PipeServer.Tests.Cli.Dashboard;

public sealed class LatencyHistogramTests
{
    private static readonly long LongestMicroseconds = (long)LatencyHistogram.Longest.TotalMicroseconds;

    // Buckets follow each other without a gap, and the middle of each is near all that is in it.
    [Fact]
    public void A_bucket_is_at_most_one_percent_off()
    {
        var last = -1;
        for (var value = 0L; value <= LongestMicroseconds; value += Math.Max(1, value / 1000))
        {
            var index = LatencyHistogram.IndexOf(value);
            Assert.True(index >= last, $"{value} is before a smaller one");
            Assert.InRange(LatencyHistogram.ValueOf(index), value - Math.Max(0.5, value * 0.008), value + Math.Max(0.5, value * 0.008));
            last = index;
        }
    }

    [Fact]
    public void Buckets_have_no_gap()
    {
        for (var value = 1L; value <= 1 << 20; value++)
        {
            Assert.InRange(LatencyHistogram.IndexOf(value) - LatencyHistogram.IndexOf(value - 1), 0, 1);
        }
    }

    [Fact]
    public void Percentiles_are_those_of_the_sorted_values()
    {
        var random = new Random(15);
        var values = Enumerable.Range(0, 20_000).Select(_ => (long)Math.Pow(10, random.NextDouble() * 8)).ToArray();
        var histogram = new LatencyHistogram();
        foreach (var value in values)
        {
            histogram.Record(TimeSpan.FromMicroseconds(value));
        }

        Array.Sort(values);
        double[] shares = [0.5, 0.9, 0.99, 0.999, 1];
        var found = new long[shares.Length];
        Assert.Equal(values.Length, LatencyHistogram.Percentiles(histogram.Counts(), [], shares, found));
        for (var place = 0; place < shares.Length; place++)
        {
            var exact = values[(int)Math.Ceiling(shares[place] * values.Length) - 1];
            Assert.InRange(found[place], exact * 0.99, exact * 1.01);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(double.MaxValue)]
    public void What_is_out_of_range_counts_at_its_end(double seconds)
    {
        var histogram = new LatencyHistogram();
        histogram.Record(seconds > 1 ? TimeSpan.MaxValue : TimeSpan.FromSeconds(seconds));
        var found = new long[1];
        Assert.Equal(1, LatencyHistogram.Percentiles(histogram.Counts(), [], [1], found));
        Assert.InRange(found[0], seconds > 1 ? LongestMicroseconds * 0.99 : 0, seconds > 1 ? LongestMicroseconds * 1.01 : 0);
    }

    [Fact]
    public void Nothing_has_no_percentiles()
    {
        var found = new long[] { 1, 1 };
        Assert.Equal(0, LatencyHistogram.Percentiles(new LatencyHistogram().Counts(), [], [0.5, 1], found));
        Assert.Equal([0, 0], found);
    }

    [Fact]
    public void A_time_is_the_difference_of_two_moments()
    {
        var histogram = new LatencyHistogram();
        for (var i = 0; i < 1000; i++)
        {
            histogram.Record(TimeSpan.FromSeconds(1));
        }

        var before = histogram.Counts();
        histogram.Record(TimeSpan.FromMicroseconds(7));
        var found = new long[2];
        Assert.Equal(1, LatencyHistogram.Percentiles(histogram.Counts(), before, [0.5, 1], found));
        Assert.Equal([7, 7], found);
    }

    [Fact]
    public async Task Threads_that_record_at_once_lose_nothing()
    {
        const int Threads = 8;
        const int Each = 50_000;
        var histogram = new LatencyHistogram();
        using var start = new Barrier(Threads);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => OwnThread.Run(() =>
        {
            start.SignalAndWait(TestClient.Patience);
            for (var i = 0; i < Each; i++)
            {
                histogram.Record(TimeSpan.FromMicroseconds(i % 3));
            }
        })));
        Assert.Equal(Threads * Each, histogram.Counts().Sum());
    }

    [Fact]
    public void Recording_allocates_nothing()
    {
        var histogram = new LatencyHistogram();
        var least = long.MaxValue;

        // Each processor's copy is made when it first counts, and the system may move this thread at any time.
        for (var round = 0; round < 100 && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                histogram.Record(TimeSpan.FromMilliseconds(i));
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }
}
