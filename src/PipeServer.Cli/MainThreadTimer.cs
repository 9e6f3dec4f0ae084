namespace PipeServer.Cli;

/// <summary>A timer of <see cref="MainThreadClock"/>, which keeps its times under its own lock.</summary>
internal sealed class MainThreadTimer(MainThreadClock clock, TimerCallback callback, object? state) : ITimer
{
    /// <summary>When it goes off next, as a timestamp of the clock; null: not at all.</summary>
    public long? DueAt { get; set; }

    /// <summary>The time between two calls; zero or less: there is one call.</summary>
    public TimeSpan Period { get; set; }

    /// <summary>Calls back.</summary>
    public void Run() => callback(state);

    /// <inheritdoc/>
    public bool Change(TimeSpan dueTime, TimeSpan period) => clock.Schedule(this, dueTime, period);

    /// <inheritdoc/>
    public void Dispose() => clock.Remove(this);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
