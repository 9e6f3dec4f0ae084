namespace PipeServer.Diagnostics;

/// <summary>
/// A counter that many threads count up at once: each mostly finds the line of its core's cache for itself. Thread-safe; summed when it is read.
/// </summary>
internal sealed class StripedCounter
{
    // As many cores as count without meeting; and two cache lines apart, because processors fetch them in pairs.
    private const int Stripes = 16;
    private const int Stride = 128 / sizeof(long);

    private readonly long[] _counts = new long[(Stripes + 1) * Stride]; // the first stride keeps the array's length out of it

    /// <summary>What has been counted so far.</summary>
    public long Value
    {
        get
        {
            var sum = 0L;
            for (var index = Stride; index < _counts.Length; index += Stride)
            {
                sum += Volatile.Read(ref _counts[index]);
            }

            return sum;
        }
    }

    /// <summary>Counts one more.</summary>
    public void Increment() =>
        Interlocked.Increment(ref _counts[((Thread.GetCurrentProcessorId() & (Stripes - 1)) + 1) * Stride]);
}
