namespace PipeServer.Server.Http2;

/// <summary>
/// The time that a client has for its body: how long one wait may take, and the least rate over all of them, as HTTP/1's bodies have it. Of one body after
/// another; not thread-safe.
/// </summary>
internal struct BodyPace
{
    private long _started; // of the wait in progress, by the heartbeat's clock
    private long _waited; // milliseconds spent in all waits so far
    private long _countedAtStart; // what had come when the wait in progress, or what is left of it, began
    private long _due;
    private bool _isFinalBeat;
    private bool _wasTooSlow; // the client was too slow, and has had its final beat

    /// <summary>When the owner is to look at the wait in progress, by the heartbeat's clock.</summary>
    public readonly long DueAt(IBodyHost host) => Math.Min(_due, host.Heartbeat.LatestRead);

    /// <summary>A wait begins.</summary>
    public void Begin(IBodyHost host, long received)
    {
        _isFinalBeat = false;
        _started = host.Heartbeat.Now;
        Set(host, received);
    }

    /// <summary>It has ended.</summary>
    public void End(IBodyHost host) => _waited += host.Heartbeat.Now - _started;

    /// <summary>Judges the wait in progress; true when its time is up for good.</summary>
    /// <param name="host">Whose body it is.</param>
    /// <param name="now">The heartbeat's clock.</param>
    /// <param name="counted">What has come of the body so far, also of a frame that is not whole yet.</param>
    // As HTTP/1's BodyRead: one more beat before it acts, because after a pause of the whole process every deadline has passed; but only once for a client
    // that is too slow, or one byte at a time would keep the read alive for ever.
    public bool IsOver(IBodyHost host, long now, long counted)
    {
        if (now < DueAt(host))
        {
            return false;
        }

        _waited += now - _started;
        _started = now;
        var isTooSlow = ConnectionDeadlines.IsTooSlow(_waited, counted, host.MinBodyDataRate);
        if (counted > _countedAtStart && !isTooSlow && now < host.Heartbeat.LatestRead)
        {
            _isFinalBeat = false;
            Set(host, counted);
            return false;
        }

        if (_isFinalBeat || (isTooSlow && _wasTooSlow))
        {
            return true;
        }

        _wasTooSlow = isTooSlow;
        _isFinalBeat = true;
        _due = now + 1;
        return false;
    }

    private void Set(IBodyHost host, long counted)
    {
        _countedAtStart = counted;
        _due = host.Heartbeat.DeadlineAfter(ConnectionDeadlines.BodyReadTimeout(host.BodyTimeout, counted, _waited, host.MinBodyDataRate));
    }
}
