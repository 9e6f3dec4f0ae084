using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// The time that one connection has: the deadline of its read, that of its write, and the least rate of both. The code that waits sets and
/// ends a deadline; the heartbeat judges them by <see cref="Check"/>, under the connection's lock.
/// </summary>
internal sealed class ConnectionDeadlines(ServerContext server)
{
    // The rate counts only after this much waiting: a client that starts slowly need not be a slow client.
    private const long RateGraceMilliseconds = 5000;

    private Deadline _read = new();
    private Deadline _write = new(); // apart from the other: a handler may read its body while a flush waits
    private long _sentAtBeat; // what the client had taken at the last beat that looked, and what it had still to read; the heartbeat's own
    private long _unreadAtBeat = -1;
    private long _flushStarted; // when the flush in progress began to wait, and what the client had taken by then
    private long _sentAtFlush;
    private int _rateOfFlush; // the least that its client must take, in bytes a second

    /// <summary>What the connection is held to.</summary>
    public ConnectionRules Rules { get; set; } = server.Rules;

    /// <summary>Milliseconds of the heartbeat's clock.</summary>
    public long Now => server.Heartbeat.Now;

    /// <summary>True while a flush waits for the client to read.</summary>
    public bool IsWriting => _write.IsSet;

    /// <summary>True from the moment the heartbeat found the read's time to be up until it is set or ended.</summary>
    public bool IsReadExpired => _read.IsExpired;

    /// <summary>True when the time of the read was up before, and <see cref="GrantFinalBeat"/> has given it one more beat.</summary>
    public bool IsFinalBeat { get; private set; }

    /// <summary>From now on the heartbeat wakes the pending read when this much time has passed.</summary>
    public void SetRead(TimeSpan timeout)
    {
        IsFinalBeat = false;
        _read.Set(server.Heartbeat.DeadlineAfter(timeout));
    }

    /// <summary>The same until a point of the heartbeat's clock.</summary>
    public void SetReadAt(long at) => _read.Set(at);

    /// <summary>The same for a wait for the body: for as long as a read may take, or as the client's rate allows.</summary>
    /// <param name="received">The body's bytes so far.</param>
    /// <param name="waited">Milliseconds that were spent waiting for them.</param>
    /// <param name="rate">The least rate, in bytes a second; 0: any.</param>
    public void SetBodyRead(long received, long waited, int rate) => SetRead(BodyReadTimeout(Rules.RequestBodyTimeout, received, waited, rate));

    /// <summary>How long the next read of a body may wait.</summary>
    /// <param name="timeout">The most that a read may take.</param>
    /// <param name="received">The body's bytes so far.</param>
    /// <param name="waited">Milliseconds that were spent waiting for them.</param>
    /// <param name="rate">The least rate, in bytes a second; 0: any.</param>
    public static TimeSpan BodyReadTimeout(TimeSpan timeout, long received, long waited, int rate)
    {
        if (rate > 0)
        {
            var left = TimeSpan.FromMilliseconds(Math.Max(0, RateLimitAfter(received, rate) - waited));
            timeout = left < timeout ? left : timeout;
        }

        return timeout;
    }

    /// <summary>
    /// One more beat for a read whose time was up: after a pause of the whole process every deadline has passed, while what the clients
    /// sent meanwhile is still on its way through the transport.
    /// </summary>
    public void GrantFinalBeat()
    {
        IsFinalBeat = true;
        _read.Set(Now + 1);
    }

    /// <summary>The wait for the client's bytes is over; true when its time was up.</summary>
    public bool EndRead() => _read.Clear();

    /// <summary>The same where nobody asks whether its time was up.</summary>
    public void DropRead() => _read.Drop();

    /// <summary>Makes the read's deadline earlier, never later.</summary>
    public void TightenRead(long latest) => _read.Tighten(latest);

    /// <summary>A flush begins to wait for the client.</summary>
    /// <param name="transport">Tells what the client has taken.</param>
    /// <param name="rate">The least rate of the client, in bytes a second, until the next flush; 0: any.</param>
    public void BeginWrite(TransportConnection transport, int rate)
    {
        // In this order. What was sent is read before the time: a thread that is paused between the two gives the client too much, not
        // too little. And Check reads the start again after mark and rate, and so knows that all are of one flush: one that has found the new start and
        // the rate of the flush before judges nobody by it, because no rate counts within the first seconds.
        var sent = transport.BytesSent;
        Volatile.Write(ref _flushStarted, Now);
        Volatile.Write(ref _sentAtFlush, sent);
        Volatile.Write(ref _rateOfFlush, rate);
        _write.Set(server.Heartbeat.WriteDeadlineAfter(Rules.ResponseWriteTimeout));
    }

    /// <summary>The wait for the client to read is over.</summary>
    public void EndWrite() => _write.Clear();

    /// <summary>Nobody waits any more.</summary>
    public void Clear()
    {
        _read.Clear();
        _write.Clear();
    }

    /// <summary>True when a client that was waited for this long has sent or taken too little in that time.</summary>
    /// <param name="waited">Milliseconds of waiting.</param>
    /// <param name="bytes">What it has sent or taken in them.</param>
    /// <param name="rate">The least rate, in bytes a second; 0: any.</param>
    public static bool IsTooSlow(long waited, long bytes, int rate) => rate > 0 && waited > RateLimitAfter(bytes, rate);

    /// <summary>Judges both deadlines. Called by the heartbeat only, which may not be overtaken by a disposal of the transport.</summary>
    /// <param name="transport">Tells what the client has taken.</param>
    /// <param name="state">The connection's state.</param>
    /// <param name="now">Milliseconds of the heartbeat's clock.</param>
    /// <param name="draining">The server is draining, so that <see cref="DrainRules"/> apply.</param>
    public DeadlineVerdict Check(TransportConnection transport, ConnectionState state, long now, bool draining)
    {
        if (draining)
        {
            _read.Tighten(server.Heartbeat.LatestRead);
        }

        if (_write.IsSet && CheckWrite(transport, now) is var verdict and not DeadlineVerdict.InTime)
        {
            return verdict;
        }

        if (draining && DrainRules.ReadTimeout(state, server.Options.DrainIdleTimeout) is { } timeout)
        {
            _read.Tighten(now + (long)timeout.TotalMilliseconds);
        }

        // An expired deadline is reported at every beat, in case the first report came between two reads.
        return _read.IsExpired || _read.TryExpire(now) ? DeadlineVerdict.ReadTimedOut : DeadlineVerdict.InTime;
    }

    private DeadlineVerdict CheckWrite(TransportConnection transport, long now)
    {
        var started = Volatile.Read(ref _flushStarted);
        var mark = Volatile.Read(ref _sentAtFlush);
        var rate = Volatile.Read(ref _rateOfFlush);
        var sent = transport.BytesSent;
        if (IsTooSlow(now - started, sent - mark, rate) && transport.IsPaceKnown && started == Volatile.Read(ref _flushStarted))
        {
            return DeadlineVerdict.WriteTooSlow;
        }

        if (HasProgressed(transport, sent, mark))
        {
            // Looked for at each beat, so that the time counts from the client's last byte, and not from when it was nearly over. A beat has
            // the right time: no slack is due, as it is in BeginWrite.
            _write.Postpone(now + (long)Rules.ResponseWriteTimeout.TotalMilliseconds);
        }

        return _write.TryExpire(now) ? DeadlineVerdict.WriteTimedOut : DeadlineVerdict.InTime;
    }

    // True when the client has taken something since the last look. The other thread may begin a flush meanwhile: what has been taken before
    // that is no progress of the flush, and a figure that is left over from an earlier one costs a beat at most.
    private bool HasProgressed(TransportConnection transport, long sent, long mark)
    {
        var hasTaken = sent != _sentAtBeat && sent > mark;
        _sentAtBeat = sent;
        if (transport.UnreadBytes is { } unread)
        {
            // It falls when the client has read, and rises when that has made room for more. With a client that does not read it stands still.
            hasTaken |= unread != _unreadAtBeat && _unreadAtBeat >= 0;
            _unreadAtBeat = unread;
        }

        return hasTaken;
    }

    // How many milliseconds of waiting this number of bytes is worth.
    private static long RateLimitAfter(long bytes, int rate) => RateGraceMilliseconds + (bytes * 1000 / rate);
}
