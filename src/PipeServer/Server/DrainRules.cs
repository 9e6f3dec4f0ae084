namespace PipeServer.Server;

/// <summary>Every number of a drain that is not an option, with its reason.</summary>
internal static class DrainRules
{
    /// <summary>
    /// How long a client that has connected and sent nothing yet may take to start its first request. A request that is on its way
    /// arrives in a moment, and a slow client must not hold up the exit.
    /// </summary>
    public static readonly TimeSpan FirstRequestTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long a client that has sent half a head may take for the rest: not long, because a slow client must not hold up the exit.</summary>
    public static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a TLS handshake that has begun may take for the rest, where the head time-out leaves it so much; its client is then served one request.
    /// As long as half a head: both are a client that has asked in good faith, and a slow one that must not hold up the exit.
    /// </summary>
    public static readonly TimeSpan HandshakeTimeout = HeadTimeout;

    /// <summary>
    /// How long the server waits for a client that has all its answers to close the connection, however much it still sends.
    /// </summary>
    public static readonly TimeSpan LingerTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How often deadlines are looked at: a stop should take milliseconds, not a second, when there is nothing to wait for.
    /// </summary>
    public static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// How often the backlog of a listener may fail to give a connection before the listener is closed because of it.
    /// </summary>
    public const int MaxAcceptFailures = 20;

    /// <summary>The pause after such a failure.</summary>
    public static readonly TimeSpan AcceptBackOff = TimeSpan.FromMilliseconds(25);

    /// <summary>How often the log tells what the stop is waiting for.</summary>
    public static readonly TimeSpan CensusPeriod = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long handlers get after the abort. One that watches its token needs a moment; one that does not is stuck, and more time does not help.
    /// </summary>
    public static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How long all workers, and then all event loops, get to end.</summary>
    public static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(2);

    // The part of the grace period that is kept for replies: a read that times out this long before its end can still be answered with 408.
    private static readonly TimeSpan LongestReplyMargin = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a read may wait at the most when this much of the grace period is left.</summary>
    public static TimeSpan LongestRead(TimeSpan timeLeft)
    {
        var margin = timeLeft / 4 < LongestReplyMargin ? timeLeft / 4 : LongestReplyMargin;
        return timeLeft - margin;
    }

    /// <summary>How much time a connection in this state gets when the drain begins; null while its handler is running.</summary>
    /// <param name="state">The connection's state.</param>
    /// <param name="idleTimeout"><see cref="HttpServerOptions.DrainIdleTimeout"/>.</param>
    public static TimeSpan? ReadTimeout(ConnectionState state, TimeSpan idleTimeout) => state switch
    {
        ConnectionState.New => FirstRequestTimeout,
        ConnectionState.Idle => idleTimeout, // its next request may be on its way, sent in good faith
        ConnectionState.ReadingHead => HeadTimeout,
        ConnectionState.Handshaking => HandshakeTimeout,
        ConnectionState.Closing => LingerTimeout,
        _ => null,
    };
}
