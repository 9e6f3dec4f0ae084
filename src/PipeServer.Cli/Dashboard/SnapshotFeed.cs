namespace PipeServer.Cli.Dashboard;

/// <summary>
/// One snapshot a second, for all who watch; none while nobody does. Whoever waits for the next one goes on on the thread that has made it. From any thread.
/// </summary>
/// <param name="make">Makes a snapshot, as it is sent; called by one thread at a time.</param>
/// <param name="timers">What the beat comes from; asked when somebody begins to watch.</param>
/// <param name="quiet">Called when the last one has left.</param>
internal sealed class SnapshotFeed(Func<byte[]> make, Func<TimeProvider> timers, Action quiet)
{
    /// <summary>How many may watch at once: each costs a connection, and a snapshot's bytes while its client does not read.</summary>
    public const int MaxWatchers = 16;

    /// <summary>The time between two snapshots.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _making = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new();
    private ITimer? _timer;
    private int _watchers;
    private Snapshot _latest = new(0, []);

    /// <summary>How many watch now.</summary>
    public int Watchers
    {
        get
        {
            lock (_lock)
            {
                return _watchers;
            }
        }
    }

    /// <summary>One more begins to watch; false, and nothing done, when there are too many.</summary>
    public bool TryJoin()
    {
        lock (_lock)
        {
            if (_watchers == MaxWatchers)
            {
                return false;
            }

            if (_watchers++ == 0)
            {
                _timer = timers().CreateTimer(static feed => ((SnapshotFeed)feed!).Beat(), this, Period, Period);
            }

            return true;
        }
    }

    /// <summary>One of them has left.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_watchers > 0)
            {
                return;
            }

            _timer?.Dispose();
            _timer = null;
        }

        lock (_making)
        {
            quiet();
        }
    }

    /// <summary>Makes a snapshot now, for the caller; who waits is not woken.</summary>
    public Snapshot Refresh()
    {
        lock (_making)
        {
            var json = make();
            lock (_lock)
            {
                return _latest = new Snapshot(_latest.Number + 1, json);
            }
        }
    }

    /// <summary>
    /// The last snapshot: once it is newer than the one of this number, or else at the next beat, if none could be made, or when the token is cancelled
    /// and <see cref="Wake"/> is called then.
    /// </summary>
    public async ValueTask<Snapshot> NextAsync(long number, CancellationToken stop)
    {
        Task changed;
        lock (_lock)
        {
            if (_latest.Number > number)
            {
                return _latest;
            }

            changed = _changed.Task;
        }

        // Asked for behind that: whoever cancels it wakes those who wait afterwards.
        if (!stop.IsCancellationRequested)
        {
            await changed.ConfigureAwait(false);
        }

        lock (_lock)
        {
            return _latest;
        }
    }

    /// <summary>Lets all who wait go on.</summary>
    public void Wake()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = new TaskCompletionSource();
        }

        changed.SetResult();
    }

    private void Beat()
    {
        try
        {
            _ = Refresh();
        }
#pragma warning disable CA1031 // The timer's thread is an event loop: a figure that cannot be had must not cost what else it has to do.
        catch (Exception)
#pragma warning restore CA1031
        {
            // Who watches is woken without a new snapshot, and tells its client that it is still there.
        }

        Wake();
    }
}
