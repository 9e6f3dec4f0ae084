namespace PipeServer.Server;

/// <summary>Every number of a drain that is not an option, with its reason.</summary>
internal static class DrainRules
{
    /// <summary>
    /// How long a client that has connected and sent nothing yet may take to start its first request. What is on its way is there
    /// in a moment, and a slow client must not hold up the exit.
    /// </summary>
    public static readonly TimeSpan FirstRequestTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long a client that has sent half a head may take for the rest, for the same reason.</summary>
    public static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a connection that has its answers is waited for until its client closes it too, however much the client still sends.
    /// </summary>
    public static readonly TimeSpan LingerTimeout = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How often deadlines are looked at: a stop should take milliseconds, not a second, when there is nothing to wait for.
    /// </summary>
    public static readonly TimeSpan HeartbeatPeriod = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// How often the backlog of a listener may fail to give a connection before the listener is closed over it.
    /// </summary>
    public const int MaxAcceptFailures = 20;

    /// <summary>The pause after such a failure.</summary>
    public static readonly TimeSpan AcceptBackOff = TimeSpan.FromMilliseconds(25);

    /// <summary>How often the log tells what the stop is waiting for.</summary>
    public static readonly TimeSpan CensusPeriod = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long handlers get after the abort. One that watches its token needs a moment; one that does not is stuck, and no time helps.
    /// </summary>
    public static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How long all workers, and then all event loops, get to end.</summary>
    public static readonly TimeSpan JoinTimeout = TimeSpan.FromSeconds(2);

    // Of the grace period: a read that times out this long before its end can still be answered with 408.
    private static readonly TimeSpan LongestReplyMargin = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a read may wait at the most when so much is left of the grace period.</summary>
    public static TimeSpan LongestRead(TimeSpan timeLeft)
    {
        var margin = timeLeft / 4 < LongestReplyMargin ? timeLeft / 4 : LongestReplyMargin;
        return timeLeft - margin;
    }

    /// <summary>What is left to a connection in this state when the drain finds it; null for one that its handler has.</summary>
    /// <param name="state">The connection's state.</param>
    /// <param name="idleTimeout"><see cref="HttpServerOptions.DrainIdleTimeout"/>.</param>
    public static TimeSpan? ReadTimeout(ConnectionState state, TimeSpan idleTimeout) => state switch
    {
        ConnectionState.New => FirstRequestTimeout,
        ConnectionState.Idle => idleTimeout, // its next request may be on its way, sent in good faith
        ConnectionState.ReadingHead => HeadTimeout,
        ConnectionState.Closing => LingerTimeout,
        _ => null,
    };
}
