namespace PipeServer.Tests.Support;

/// <summary>A clock that goes only when told to, and fires its timers on the way.</summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (_lock)
        {
            _timers.Add(timer);
        }

        return timer;
    }

    /// <summary>Moves the clock, stopping at every timer that falls due.</summary>
    public void Advance(TimeSpan by)
    {
        var end = GetUtcNow() + by;
        while (true)
        {
            ManualTimer? next;
            lock (_lock)
            {
                next = _timers.Where(timer => timer.Due <= end).MinBy(static timer => timer.Due);
                if (next is null)
                {
                    _now = end;
                    return;
                }

                _now = next.Due > _now ? next.Due.Value : _now;
                next.Reschedule(next.Due!.Value);
            }

            next.Fire();
        }
    }

    /// <summary>Moves the clock step by step until something is done, 2,000 steps at most: what each of them wakes has a moment to go on.</summary>
    public async Task AdvanceUntilAsync(Task done, TimeSpan step)
    {
        for (var steps = 0; steps < 2000 && !done.IsCompleted; steps++)
        {
            Advance(step);
            await Task.WhenAny(done, Task.Delay(5));
        }
    }

    /// <summary>Moves the clock in one go, as a pause of the whole process does: what is due meanwhile fires once, at the end.</summary>
    public void Jump(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (_lock)
        {
            _now += by;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            foreach (var timer in due)
            {
                timer.Reschedule(_now);
            }
        }

        due.ForEach(static timer => timer.Fire());
    }

    private sealed class ManualTimer(ManualTimeProvider provider, Action fire) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset? Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (provider._lock)
            {
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : provider._now + dueTime;
                _period = period;
                return true;
            }
        }

        public void Reschedule(DateTimeOffset fired) => Due = _period == Timeout.InfiniteTimeSpan || _period == TimeSpan.Zero ? null : fired + _period;

        public void Fire() => fire();

        public void Dispose() => Due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
