namespace PipeServer.Server;

/// <summary>
/// The live connections and the ledger. A connection counts for itself while it lives, so that no counter is shared by all
/// threads; its figures join the ledger when it ends.
/// </summary>
internal sealed class ConnectionManager
{
    private readonly Lock _lock = new();
    private readonly HashSet<Http1Connection> _live = [];
    private readonly List<Http1Connection> _snapshot = []; // used by the heartbeat only, which never overtakes itself
    private TaskCompletionSource? _empty;
    private long _accepted;
    private long _closed;
    private long _aborted;
    private RequestCounts _ended;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _live.Count;
            }
        }
    }

    public void Add(Http1Connection connection)
    {
        lock (_lock)
        {
            _accepted++;
            _live.Add(connection);
        }
    }

    public void Remove(Http1Connection connection, bool aborted)
    {
        lock (_lock)
        {
            if (!_live.Remove(connection))
            {
                return;
            }

            _closed += aborted ? 0 : 1;
            _aborted += aborted ? 1 : 0;
            _ended = Sum(_ended, connection.Counts);
            if (_live.Count == 0)
            {
                _empty?.TrySetResult();
            }
        }
    }

    /// <summary>Completes when no connection is left.</summary>
    public Task WhenEmptyAsync()
    {
        lock (_lock)
        {
            if (_live.Count == 0)
            {
                return Task.CompletedTask;
            }

            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }

    public void OnHeartbeat(long now, bool draining)
    {
        lock (_lock)
        {
            _snapshot.AddRange(_live);
        }

        // Outside the lock: an abort may end a connection right here, and it then leaves the set.
        try
        {
            foreach (var connection in _snapshot)
            {
                connection.OnHeartbeat(now, draining);
            }
        }
        finally
        {
            _snapshot.Clear();
        }
    }

    /// <summary>Ends all connections now; how many of them were cut off from an answer.</summary>
    public int AbortAll()
    {
        Http1Connection[] live;
        lock (_lock)
        {
            live = [.. _live];
        }

        return live.Count(static connection => connection.Abort());
    }

    /// <summary>
    /// Takes out of the ledger what would not end: connections whose handler is stuck are aborted, and their requests too.
    /// </summary>
    public void WriteOff()
    {
        lock (_lock)
        {
            foreach (var connection in _live)
            {
                var counts = connection.Counts;
                _aborted++;
                _ended = Sum(_ended, counts with { Aborted = counts.Aborted + counts.InFlight });
            }

            _live.Clear();
        }
    }

    public ConnectionCounts ConnectionCounts()
    {
        lock (_lock)
        {
            return new ConnectionCounts(_accepted, _closed, _aborted);
        }
    }

    public RequestCounts RequestCounts()
    {
        lock (_lock)
        {
            var sum = _ended;
            foreach (var connection in _live)
            {
                sum = Sum(sum, connection.Counts);
            }

            return sum;
        }
    }

    private static RequestCounts Sum(RequestCounts left, RequestCounts right) => new(
        left.Received + right.Received,
        left.Completed + right.Completed,
        left.Refused + right.Refused,
        left.Aborted + right.Aborted);
}
