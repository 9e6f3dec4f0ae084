namespace PipeServer.Server.Http2;

/// <summary>
/// Makes the windows of one connection as large as its client's distance asks for, so that a client whose data is read at once never waits for an update.
/// Called by the owner of the connection's output where an update is due: not thread-safe, and off the hot path.
/// </summary>
/// <remarks>
/// The distance is the shortest round trip of a few PINGs, sent only while data comes that a larger window could speed up. An update is sent when half a window
/// has been read: if that took less than a round trip, the client has waited, or soon will, and the window is doubled, up to its bound. So a window ends
/// between two and four times what the way holds, and one that is read slowly stays as it is.
/// </remarks>
/// <param name="frequency">Of the timestamps: <see cref="TimeProvider.TimestampFrequency"/>.</param>
internal sealed class WindowGrowth(long frequency)
{
    /// <summary>How many PINGs a connection is sent at most, and how many seconds lie between two of them at least.</summary>
    internal const int MaxPings = 10;
    internal const int PingSeconds = 2;

    private long _pingedAt;
    private long _roundTrip; // 0: not known
    private int _pings;
    private bool _isPinging;
    private bool _isWanted;

    /// <summary>The shortest round trip so far; zero where none is known.</summary>
    public TimeSpan RoundTrip => TimeSpan.FromSeconds((double)_roundTrip / frequency);

    /// <summary>A PING would tell something that is worth it; <see cref="ShouldPing"/> looks at the time too.</summary>
    public bool IsPingWanted => _isWanted && !_isPinging;

    /// <summary>A new connection.</summary>
    public void Start()
    {
        _pings = 0;
        _roundTrip = 0;
        _isPinging = _isWanted = false;
    }

    /// <summary>True when the owner is to send a PING now, with a payload that tells it from others; it says so once.</summary>
    public bool ShouldPing(long timestamp)
    {
        if (!IsPingWanted || (_pings > 0 && timestamp - _pingedAt < PingSeconds * frequency))
        {
            return false;
        }

        _isWanted = false;
        _isPinging = true;
        _pingedAt = timestamp;
        _pings++;
        return true;
    }

    /// <summary>That PING has been acknowledged; false where none is to be.</summary>
    public bool OnPong(long timestamp)
    {
        if (!_isPinging)
        {
            return false;
        }

        _isPinging = false;
        var roundTrip = Math.Max(1, timestamp - _pingedAt);
        _roundTrip = _roundTrip == 0 ? roundTrip : Math.Min(_roundTrip, roundTrip);
        return true;
    }

    /// <summary>The size that a window is to have from its next update on.</summary>
    /// <param name="size">What it has.</param>
    /// <param name="released">How much of it has been read since its last update.</param>
    /// <param name="updatedAt">When that was; 0: there was none.</param>
    /// <param name="timestamp">The time now.</param>
    /// <param name="most">Its bound.</param>
    public int NewSize(int size, int released, long updatedAt, long timestamp, int most)
    {
        if (size >= most)
        {
            return size;
        }

        _isWanted = _pings < MaxPings;
        var isReadWithinRoundTrip = updatedAt != 0 && (Int128)(timestamp - updatedAt) * (size / 2) < (Int128)_roundTrip * released;
        return isReadWithinRoundTrip ? Math.Min(size * 2, most) : size;
    }
}
