namespace PipeServer.AspNetCore;

/// <summary>
/// Sends flushes that were put off by applications whose synchronous part goes on, or blocks: a client waits for one no longer than two beats. A thread of its
/// own, as those of the thread pool may all be blocked; it sleeps while no flush is put off.
/// </summary>
#pragma warning disable CA1001 // It lives as long as the process.
internal sealed class DeferredFlushWatch
#pragma warning restore CA1001
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);
    private const int BeatsUntilSleep = 50;

    [ThreadStatic]
    private static Place? _ofThisThread;

    private readonly Lock _lock = new();
    private readonly List<WeakReference<Place>> _places = []; // a place goes with its thread
    private readonly List<DeferredFlush> _due = []; // of a beat
    private readonly AutoResetEvent _wake = new(initialState: false);
    private bool _isRunning; // written under the lock
    private bool _isStarted;

    /// <summary>The process has one.</summary>
    public static DeferredFlushWatch Shared { get; } = new();

    /// <summary>A flush of this thread's application was put off.</summary>
    public void Enter(DeferredFlush flush)
    {
        var place = _ofThisThread ?? AddPlace();
        Volatile.Write(ref place.Entries, place.Entries + 1);
        Interlocked.Exchange(ref place.Flush, flush); // a full fence: the watch looks once more when it has said that it sleeps
        if (!Volatile.Read(ref _isRunning))
        {
            Wake();
        }
    }

    /// <summary>The synchronous part of this thread's application has ended.</summary>
    public static void Leave() => _ofThisThread!.Flush = null;

    /// <summary>A beat: sends what was owed at the last one already. Returns whether a flush was put off since then, or still is.</summary>
    internal bool OnBeat()
    {
        var isNeeded = false;
        lock (_lock)
        {
            for (var index = _places.Count - 1; index >= 0; index--)
            {
                if (!_places[index].TryGetTarget(out var place))
                {
                    _places.RemoveAt(index);
                    continue;
                }

                var entries = Volatile.Read(ref place.Entries);
                var flush = Volatile.Read(ref place.Flush);
                isNeeded |= flush is not null || place.SeenEntries != entries;
                if (flush is not null && place.SeenEntries == entries)
                {
                    _due.Add(flush);
                }

                place.SeenEntries = entries;
            }
        }

        // Without the lock: over HTTP/2 the connection's loop may go on right here. What is another request's by now is sent early, which is no harm.
        _due.ForEach(static flush => flush.Send());
        _due.Clear();
        return isNeeded;
    }

    private Place AddPlace()
    {
        var place = _ofThisThread = new Place();
        lock (_lock)
        {
            _places.Add(new WeakReference<Place>(place));
        }

        return place;
    }

    private void Wake()
    {
        lock (_lock)
        {
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
            if (!_isStarted)
            {
                _isStarted = true;
                new Thread(Run) { Name = "pipeserver-flush", IsBackground = true }.Start();
            }
        }

        _wake.Set();
    }

    private void Run()
    {
        while (true)
        {
            _wake.WaitOne();
            for (var quiet = 0; quiet < BeatsUntilSleep; quiet++)
            {
                Thread.Sleep(Beat);
                if (OnBeat())
                {
                    quiet = 0;
                }
            }

            lock (_lock)
            {
                _isRunning = false;
            }

            // Who has entered before that has not woken it.
            if (OnBeat())
            {
                Wake();
            }
        }
    }

    private sealed class Place
    {
        public DeferredFlush? Flush;
        public long Entries;
        public long SeenEntries;
    }
}
