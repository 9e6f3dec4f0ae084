namespace PipeServer.Tests.StaticFiles;

/// <summary>
/// An hour ahead of the file system's clock, so that what was just written may be cached; stopwatch and timers go only when told to.
/// </summary>
internal sealed class HeldTime : TimeProvider
{
    private readonly ManualTimeProvider _manual = new();

    public override long TimestampFrequency => _manual.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);

    public override long GetTimestamp() => _manual.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _manual.CreateTimer(callback, state, dueTime, period);

    /// <summary>Lets time pass; what is due has been done when it returns.</summary>
    public void Pass(TimeSpan time) => _manual.Advance(time);
}
