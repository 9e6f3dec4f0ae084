using PipeServer.Diagnostics;

namespace PipeServer.StaticFiles;

/// <summary>How the file caches of a handler have done, one after the other. Thread-safe.</summary>
internal sealed class FileCacheCounts
{
    private readonly StripedCounter _looks = new();
    private readonly StripedCounter _vain = new(); // of those looks
    private readonly StripedCounter _misses = new();

    private long _told; // the most hits that were told so far

    /// <summary>
    /// Looks that have found something. Each look is counted before it is known to be in vain, so that what is found costs no more: while one is under
    /// way it may be among them, and is made up for by the next ones. What was told never goes back.
    /// </summary>
    public long Hits
    {
        get
        {
            var vain = _vain.Value; // read first: never more than the looks read after it
            var hits = _looks.Value - vain;
            for (var told = Volatile.Read(ref _told); hits > told;)
            {
                var seen = Interlocked.CompareExchange(ref _told, hits, told);
                if (seen == told)
                {
                    return hits;
                }

                told = seen;
            }

            return Volatile.Read(ref _told);
        }
    }

    /// <summary>Looks that have found nothing.</summary>
    public long Misses => _misses.Value;

    /// <summary>Somebody looks.</summary>
    public void Look() => _looks.Increment();

    /// <summary>And finds nothing.</summary>
    /// <param name="wasCounted">The look was.</param>
    public void Miss(bool wasCounted)
    {
        _misses.Increment();
        if (wasCounted)
        {
            _vain.Increment();
        }
    }
}
