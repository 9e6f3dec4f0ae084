namespace PipeServer.Server.Http2;

/// <summary>
/// What a client may have done on one connection that answers no request: a bucket that fills with time and with answers, and that each such frame takes
/// from. A connection that has used it up is ended with ENHANCE_YOUR_CALM. The owner's. A mutable struct: it must be a field.
/// </summary>
/// <remarks>
/// A browser that leaves a page resets its hundred streams at once; a client that measures the way pings with each upload. Both stay far below. A flood
/// of any kind ends within a thousand frames or so.
/// </remarks>
internal struct ControlBudget
{
    /// <summary>What a connection begins with, and has at most.</summary>
    public const int Capacity = 2048;

    /// <summary>What comes back in a second.</summary>
    public const int PerSecond = 128;

    /// <summary>A frame that costs next to nothing: WINDOW_UPDATE, PRIORITY, one that is not known.</summary>
    public const int Small = 1;

    /// <summary>One that begins or goes on with something and brings nothing: DATA and CONTINUATION without bytes.</summary>
    public const int Empty = 8;

    /// <summary>One that has to be answered: PING, SETTINGS.</summary>
    public const int Answered = 4;

    /// <summary>A stream that ends without its answer, whoever resets it.</summary>
    public const int Reset = 16;

    /// <summary>What an answer that has gone out gives back.</summary>
    public const int ForAnswer = 4;

    private int _left;
    private long _filledAt;

    /// <summary>A connection begins.</summary>
    /// <param name="now">Milliseconds of the heartbeat's clock.</param>
    public void Start(long now) => (_left, _filledAt) = (Capacity, now);

    /// <summary>Takes from it; false when it is used up.</summary>
    /// <param name="cost">How much.</param>
    /// <param name="now">Milliseconds of the heartbeat's clock.</param>
    public bool TryTake(int cost, long now)
    {
        var elapsed = now - _filledAt;
        if (elapsed >= 1000)
        {
            Give((int)Math.Min(elapsed * PerSecond / 1000, Capacity));
            _filledAt = now;
        }

        _left -= cost;
        return _left >= 0;
    }

    /// <summary>Gives something back: the client has taken part in an exchange.</summary>
    public void Give(int amount) => _left = Math.Min(Capacity, _left + amount);
}
