namespace PipeServer.Cli.Dashboard;

/// <summary>
/// The figures of the last looks, so that the next one can tell what has happened since. Nothing is kept, nor counted, by a clock of its own: a server
/// that nobody watches does nothing for it. Not thread-safe.
/// </summary>
/// <param name="clock">The clock of the figures.</param>
internal sealed class FigureWindow(TimeProvider clock)
{
    /// <summary>What a look goes back where there were looks in between.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    // A difference of a shorter time tells nothing.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(400);

    // Looks closer to each other than this are not all kept: they come from several watchers.
    private static readonly TimeSpan Distance = TimeSpan.FromMilliseconds(800);

    // After a longer pause a look says nothing of the time before it.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    // A timer's beats are not quite even: the one of ten seconds ago is to be in.
    private static readonly TimeSpan Unevenness = TimeSpan.FromMilliseconds(400);

    private readonly List<RequestFigures> _looks = [];

    /// <summary>How many looks are kept.</summary>
    public int Kept => _looks.Count;

    /// <summary>Notes a look, and finds the one to compare it with.</summary>
    /// <param name="now">The figures as they are now.</param>
    /// <returns>The oldest of the last ten seconds, else the last one before; null where there is none, or it is too long ago.</returns>
    public RequestFigures? Note(RequestFigures now)
    {
        while (_looks.Count > 1 && Age(_looks[0], now) > Length + Unevenness && Age(_looks[1], now) >= Shortest)
        {
            _looks.RemoveAt(0);
        }

        var before = _looks.Count > 0 && Age(_looks[0], now) is var age && age >= Shortest && age <= Longest ? _looks[0] : null;
        if (_looks.Count == 0 || Age(_looks[^1], now) >= Distance)
        {
            _looks.Add(now);
        }

        return before;
    }

    /// <summary>Nobody watches any more: one look is enough to keep.</summary>
    public void Shrink()
    {
        if (_looks.Count > 1)
        {
            _looks.RemoveRange(0, _looks.Count - 1);
        }
    }

    private TimeSpan Age(RequestFigures look, RequestFigures now) => clock.GetElapsedTime(look.At, now.At);
}
