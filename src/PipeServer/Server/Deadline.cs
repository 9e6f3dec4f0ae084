namespace PipeServer.Server;

/// <summary>
/// The time by which a wait must end, in milliseconds of the <see cref="Heartbeat"/>. Set and cleared by the code that waits, expired by
/// the heartbeat; one atomic exchange settles which of the two came first.
/// </summary>
internal struct Deadline
{
    private const long None = long.MaxValue;
    private const long Expired = long.MinValue;

    private long _at;

    public Deadline() => _at = None;

    /// <summary>True from the moment the heartbeat found the time passed until it is set or cleared.</summary>
    public readonly bool IsExpired => Volatile.Read(in _at) == Expired;

    public void Set(long at) => Volatile.Write(ref _at, at);

    /// <summary>The wait is over; true when its time was up.</summary>
    public bool Clear() => Interlocked.Exchange(ref _at, None) == Expired;

    /// <summary>The same where nobody asks whether its time was up: nothing that the heartbeat does at this moment outlasts a plain write.</summary>
    public void Drop() => Volatile.Write(ref _at, None);

    /// <summary>True while there is a wait.</summary>
    public readonly bool IsSet => Volatile.Read(in _at) != None;

    public readonly bool IsDue(long now) => IsDue(Volatile.Read(in _at), now);

    /// <summary>Expires the deadline if it is due. False also when the wait has just ended, or has got another deadline.</summary>
    public bool TryExpire(long now)
    {
        var current = Volatile.Read(ref _at);
        return IsDue(current, now) && Interlocked.CompareExchange(ref _at, Expired, current) == current;
    }

    /// <summary>Moves a deadline that is set to a later time, never to an earlier one. Of no effect when the wait has just ended.</summary>
    public void Postpone(long earliest)
    {
        var current = Volatile.Read(ref _at);
        if (current is not (Expired or None) && earliest > current)
        {
            Interlocked.CompareExchange(ref _at, earliest, current);
        }
    }

    /// <summary>Moves a deadline that is set to an earlier time, never to a later one.</summary>
    public void Tighten(long latest)
    {
        var current = Volatile.Read(ref _at);
        if (current is not (Expired or None) && latest < current)
        {
            Interlocked.CompareExchange(ref _at, latest, current);
        }
    }

    private static bool IsDue(long at, long now) => at != Expired && at <= now;
}
