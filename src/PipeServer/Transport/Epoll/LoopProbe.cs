using System.Diagnostics;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// Measures how late an event loop comes to what waits for it: puts something to it, and sees when its turn comes. What the loop does for its
/// connections costs nothing more for that; a probe costs the loop one event.
/// </summary>
/// <remarks><see cref="Send"/> and <see cref="Read"/> may be called from any thread.</remarks>
internal sealed class LoopProbe(EventLoop loop) : IThreadPoolWorkItem
{
    // As long as most scrapers wait between two looks, so that none of them misses a stall.
    private static readonly long Window = 15 * Stopwatch.Frequency;

    private long _sent; // a timestamp; 0 while no probe is on its way
    private long _last; // these four are written where the probe arrives, in the clock's units
    private long _longest;
    private long _longestBefore;
    private long _windowStarted;

    /// <summary>Puts a probe to the loop, unless one is on its way.</summary>
    public void Send()
    {
        if (Interlocked.CompareExchange(ref _sent, Stopwatch.GetTimestamp(), 0) == 0)
        {
            loop.Post(this);
        }
    }

    /// <summary>The loop's turn has come.</summary>
    public void Execute()
    {
        var now = Stopwatch.GetTimestamp();
        var lag = now - Volatile.Read(ref _sent);
        if (now - _windowStarted >= Window)
        {
            Volatile.Write(ref _longestBefore, now - _windowStarted < 2 * Window ? _longest : 0);
            Volatile.Write(ref _longest, 0);
            Volatile.Write(ref _windowStarted, now);
        }

        Volatile.Write(ref _longest, Math.Max(_longest, lag));
        Volatile.Write(ref _last, lag);
        Volatile.Write(ref _sent, 0);
    }

    /// <summary>What the probes have told. One that the loop does not come to tells by its age.</summary>
    public LoopStatistics Read()
    {
        var (last, sent, now) = (Volatile.Read(ref _last), Volatile.Read(ref _sent), Stopwatch.GetTimestamp());
        var lag = sent == 0 ? last : Math.Max(last, now - sent);
        var isOld = now - Volatile.Read(ref _windowStarted) >= 2 * Window; // nobody has asked since
        var longest = isOld ? 0 : Math.Max(Volatile.Read(ref _longest), Volatile.Read(ref _longestBefore));
        return new LoopStatistics(loop.Name, loop.Load, Stopwatch.GetElapsedTime(0, lag), Stopwatch.GetElapsedTime(0, Math.Max(lag, longest)));
    }
}
