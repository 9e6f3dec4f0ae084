namespace PipeServer.Cli.Dashboard;

/// <summary>
/// How often something has happened for a reason. Reasons are the server's own words, of which there are a few dozen; what does not fit counts under
/// <see cref="Other"/>. Takes no lock. For what is rare: all threads share a count.
/// </summary>
internal sealed class ReasonCounts
{
    /// <summary>The reason of all that had no room.</summary>
    public const string Other = "other reasons";

    private const int Room = 64;

    private readonly Entry?[] _entries = new Entry?[Room];
    private readonly Entry _others = new(0, RequestOutcome.Refused, Other);

    /// <summary>Counts one. From any thread.</summary>
    public void Add(int status, RequestOutcome outcome, string reason) => Interlocked.Increment(ref Find(status, outcome, reason).Count);

    /// <summary>What has been counted so far, in no order.</summary>
    public IReadOnlyList<Total> Totals()
    {
        var totals = new List<Total>();
        foreach (var entry in _entries)
        {
            if (entry is not null)
            {
                totals.Add(entry.Now());
            }
        }

        if (_others.Now() is { Count: > 0 } others)
        {
            totals.Add(others);
        }

        return totals;
    }

    private Entry Find(int status, RequestOutcome outcome, string reason)
    {
        for (var place = 0; place < _entries.Length; place++)
        {
            var entry = Volatile.Read(ref _entries[place]);
            if (entry is null)
            {
                var added = new Entry(status, outcome, reason);
                entry = Interlocked.CompareExchange(ref _entries[place], added, null) ?? added;
            }

            if (entry.Status == status && entry.Outcome == outcome && entry.Reason == reason)
            {
                return entry;
            }
        }

        return _others;
    }

    /// <summary>A count.</summary>
    /// <param name="status">The status that was sent; 0 for none.</param>
    /// <param name="outcome">What became of the requests.</param>
    /// <param name="reason">Why.</param>
    /// <param name="count">How often.</param>
    internal sealed class Total(int status, RequestOutcome outcome, string reason, long count)
    {
        public int Status => status;

        public RequestOutcome Outcome => outcome;

        public string Reason => reason;

        public long Count => count;
    }

    private sealed class Entry(int status, RequestOutcome outcome, string reason)
    {
        public long Count;

        public int Status => status;

        public RequestOutcome Outcome => outcome;

        public string Reason => reason;

        public Total Now() => new(status, outcome, reason, Volatile.Read(ref Count));
    }
}
