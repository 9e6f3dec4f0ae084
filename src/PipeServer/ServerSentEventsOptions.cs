namespace PipeServer;

/// <summary>How a stream of <see cref="ServerSentEvents"/> is kept alive, and what its client is told when the server stops.</summary>
public sealed class ServerSentEventsOptions
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>
    /// How long a stream may be silent before a comment is sent, which clients skip: proxies and networks cut connections on which nothing happens, and a
    /// client that has vanished is noticed no sooner than something is sent. Up to a second longer. 15 s unless set, at least 1 s, at most a day;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for none.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of these.</exception>
    public TimeSpan KeepAliveInterval
    {
        get;
        set => field = value == Timeout.InfiniteTimeSpan || (value >= TimeSpan.FromSeconds(1) && value <= Longest)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, $"{nameof(KeepAliveInterval)} must be from one second to a day, or Timeout.InfiniteTimeSpan for none.");
    } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a client waits at least before it connects again when the server has stopped: the <c>retry</c> that it is sent last. 1 s unless set, at most
    /// a day.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or longer than a day.</exception>
    public TimeSpan ReconnectDelay
    {
        get;
        set => field = CheckDelay(value, nameof(ReconnectDelay));
    } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// What is added to <see cref="ReconnectDelay"/> at most, at random for each client, so that they do not come back all at once. 4 s unless set, at most
    /// a day.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or longer than a day.</exception>
    public TimeSpan ReconnectSpread
    {
        get;
        set => field = CheckDelay(value, nameof(ReconnectSpread));
    } = TimeSpan.FromSeconds(4);

    private static TimeSpan CheckDelay(TimeSpan value, string name) => value >= TimeSpan.Zero && value <= Longest
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"{name} must be from zero to a day.");
}
