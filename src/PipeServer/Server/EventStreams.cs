using System.Runtime.InteropServices;
using PipeServer.Platform;

namespace PipeServer.Server;

/// <summary>
/// The streams of one server that are to be kept alive. All of them share one timer, which there is only while one of them is open: ten thousand timers
/// would cost more than the streams. From any thread.
/// </summary>
/// <param name="timeProvider">The server's clock.</param>
#pragma warning disable CA1001 // The timer ends with the last stream.
internal sealed class EventStreams(TimeProvider timeProvider)
#pragma warning restore CA1001
{
    /// <summary>How often the streams are looked over: a comment comes up to this much late.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HashSet<IKeptAlive> _streams = [];
    private readonly List<IKeptAlive> _looked = []; // what is looked over, apart from the lock
    private ITimer? _timer;
    private int _isTicking;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _streams.Count;
            }
        }
    }

    /// <summary>The stream is looked at from now on.</summary>
    public void Add(IKeptAlive stream)
    {
        lock (_gate)
        {
            _streams.Add(stream);
            _timer ??= timeProvider.CreateTimer(static streams => ((EventStreams)streams!).Tick(), this, Period, Period);
        }
    }

    /// <summary>The stream is not looked at any more, but for a look that has begun.</summary>
    public void Remove(IKeptAlive stream)
    {
        lock (_gate)
        {
            if (_streams.Remove(stream) && _streams.Count == 0)
            {
                _timer!.Dispose();
                _timer = null;
            }
        }
    }

    /// <summary>A time between two, at random: so that clients which are all sent away at once do not come back all at once.</summary>
    /// <param name="least">The least time.</param>
    /// <param name="spread">How much may be added.</param>
    public static TimeSpan Spread(TimeSpan least, TimeSpan spread) =>
        least + TimeSpan.FromMilliseconds(RandomNumbers.Next() % ((ulong)spread.TotalMilliseconds + 1));

    private void Tick()
    {
        // A look that takes longer than the period is not overtaken by the next one.
        if (Interlocked.Exchange(ref _isTicking, 1) != 0)
        {
            return;
        }

        lock (_gate)
        {
            _looked.AddRange(_streams);
        }

        var now = timeProvider.GetTimestamp();
        foreach (var stream in CollectionsMarshal.AsSpan(_looked))
        {
            stream.OnTick(now);
        }

        _looked.Clear();
        Volatile.Write(ref _isTicking, 0);
    }
}
