namespace PipeServer.Cli;

/// <summary>
/// The system's clock, with timers that run on the program's main thread, which has nothing else to do once the server is at work: neither the
/// runtime's timer thread nor its thread pool is needed for them. Meant for a few timers; a callback may take its time, but the others wait for it.
/// </summary>
/// <remarks>Timers may be used from any thread. They run as long as <see cref="RunUntil"/> does.</remarks>
internal sealed class MainThreadClock : TimeProvider
{
    private readonly object _gate = new();
    private readonly List<MainThreadTimer> _timers = [];

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new MainThreadTimer(this, callback, state);
        lock (_gate)
        {
            _timers.Add(timer);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Runs the timers on the thread of the caller until a task has completed. Throws what a callback throws.</summary>
    public void RunUntil(Task task)
    {
        if (task.IsCompleted)
        {
            return;
        }

        _ = task.ContinueWith(
            static (_, clock) => ((MainThreadClock)clock!).Wake(),
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        while (TakeNext(task) is { } timer)
        {
            timer.Run();
        }
    }

    /// <summary>Sets when a timer goes off.</summary>
    /// <returns>False for a timer that has been disposed of.</returns>
    internal bool Schedule(MainThreadTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            timer.Period = period;
            timer.DueAt = dueTime < TimeSpan.Zero ? null : GetTimestamp() + ToTimestamp(dueTime);
            Monitor.PulseAll(_gate);
            return _timers.Contains(timer);
        }
    }

    /// <summary>Takes a timer out: it does not go off any more.</summary>
    internal void Remove(MainThreadTimer timer)
    {
        lock (_gate)
        {
            _timers.Remove(timer);
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    // Waits for the next timer that is due; null once the task has completed.
    private MainThreadTimer? TakeNext(Task task)
    {
        lock (_gate)
        {
            while (!task.IsCompleted)
            {
                if (_timers.MinBy(static timer => timer.DueAt ?? long.MaxValue) is not { DueAt: { } dueAt } next)
                {
                    Monitor.Wait(_gate);
                    continue;
                }

                var now = GetTimestamp();
                if (dueAt > now)
                {
                    Monitor.Wait(_gate, TimeSpan.FromMilliseconds(Math.Ceiling(GetElapsedTime(now, dueAt).TotalMilliseconds)));
                    continue;
                }

                // From now on, not from when it was due: after a pause there is one call to make up for all.
                next.DueAt = next.Period > TimeSpan.Zero ? now + ToTimestamp(next.Period) : null;
                return next;
            }

            return null;
        }
    }

    private long ToTimestamp(TimeSpan time) => (long)(time.TotalSeconds * TimestampFrequency);
}
