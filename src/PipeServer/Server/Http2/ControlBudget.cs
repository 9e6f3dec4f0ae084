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

    /// <summary>An answer that waits for its window from the start, because the client's are tiny. Comes back when it has been sent.</summary>
    public const int Held = 8;

    /// <summary>One that has to be answered: PING, SETTINGS.</summary>
    public const int Answered = 4;

    /// <summary>A stream that ends without its answer, whoever resets it.</summary>
    public const int Reset = 16;

    /// <summary>
    /// What an answer that has gone out gives back, and each part of one that its handler has flushed: more than the PING and the two updates of windows
    /// that clients of gRPC send for each message.
    /// </summary>
    public const int ForAnswer = 6;

    /// <summary>What is taken of the address's budget at once, and as much may be given in advance: to find it costs more than a frame.</summary>
    public const int AddressShare = 64;

    private int _left;
    private int _unsettled; // what the address's budget has not been asked for
    private long _filledAt;

    /// <summary>A connection begins.</summary>
    /// <param name="now">Milliseconds of the heartbeat's clock.</param>
    public void Start(long now) => (_left, _unsettled, _filledAt) = (Capacity, 0, now);

    /// <summary>Takes from it; false when it is used up.</summary>
    /// <param name="cost">How much.</param>
    /// <param name="now">Milliseconds of the heartbeat's clock.</param>
    public bool TryTake(int cost, long now)
    {
        var elapsed = now - _filledAt;
        if (elapsed >= 1000)
        {
            _left = (int)Math.Min(Capacity, _left + (elapsed * PerSecond / 1000));
            _filledAt = now;
        }

        _left -= cost;
        _unsettled += cost;
        return _left >= 0;
    }

    /// <summary>What is to be taken of the address's budget now; 0: nothing yet.</summary>
    public int TakeUnsettled()
    {
        if (_unsettled < AddressShare)
        {
            return 0;
        }

        var cost = _unsettled;
        _unsettled = 0;
        return cost;
    }

    /// <summary>Gives something back: the client has taken part in an exchange.</summary>
    public void Give(int amount) => (_left, _unsettled) = (Math.Min(Capacity, _left + amount), Math.Max(-AddressShare, _unsettled - amount));
}
