namespace PipeServer.Transport.Epoll;

/// <summary>
/// The system's clock, with timers that run on event loops: what beats all the time needs neither the runtime's timer thread nor its
/// thread pool. Callbacks must not block, and must not throw.
/// </summary>
internal sealed class LoopClock(EventLoop[] loops) : TimeProvider
{
    /// <summary>A timer of the loops, or one of the runtime's where the system has no descriptor for it.</summary>
    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        LoopTimer.TryCreate(loops, callback, state, dueTime, period) ?? base.CreateTimer(callback, state, dueTime, period);
}
