using System.Diagnostics;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// How fast a client takes a file. The system has no event for the moment in which it has taken all, so it is asked when, at the pace so
/// far, that should have come.
/// </summary>
/// <param name="bytes">What was sent of the file.</param>
/// <param name="started">Since then: a time stamp of <see cref="Stopwatch"/>.</param>
internal readonly struct FilePace(long bytes, long started)
{
    // A client that pauses, and then goes on, waits for no longer than this for the last piece of its file.
    private const int MaxWaitMilliseconds = 50;
    private const int MinWaitMilliseconds = 2;

    /// <summary>In how many milliseconds what is still under way should have arrived.</summary>
    public int MillisecondsFor(int underWay)
    {
        var taken = Math.Max(1, bytes - underWay);
        var milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds * underWay / taken;
        return (int)Math.Clamp(milliseconds, MinWaitMilliseconds, MaxWaitMilliseconds);
    }
}
