namespace PipeServer.Tests.Support;

/// <summary>A clock that goes when told to, and whose timers never fire: as a time shortly before the next beat of a server.</summary>
internal sealed class TimeWithoutBeats : TimeProvider
{
    private readonly ManualTimeProvider _stopped = new();

    /// <summary>The time of day.</summary>
    public DateTimeOffset UtcNow { get; set; } = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => UtcNow;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _stopped.CreateTimer(callback, state, dueTime, period);
}
