using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// The live connections and the ledger. A connection counts for itself while it lives, so that no counter is shared by all
/// threads; its figures join the ledger when it ends.
/// </summary>
internal sealed class ConnectionManager
{
    private readonly Lock _lock = new();
    private readonly HashSet<Connection> _live = [];
    private readonly List<Connection> _snapshot = []; // used by the heartbeat only, which never overtakes itself
    private TaskCompletionSource? _empty;
    private long _accepted;
    private long _closed;
    private long _aborted;
    private long _refused;
    private RequestCounts _ended;
    private long _endedReceived;
    private long _endedSent;
    private int _methodsSeenOverTls;
    private int _methodsSeen = 1 << (int)RequestMethod.Get; // by those who have asked: a bit for each. An idle server has a figure too, not a gap

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

    /// <summary>Adds a connection that was accepted.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="predecessor">
    /// The object that stood for the connection until now, and was counted as accepted; null for a new connection.
    /// </param>
    public void Add(Connection connection, Connection? predecessor = null)
    {
        lock (_lock)
        {
            _live.Add(connection); // first: where there is no memory for it, nothing has been counted
            if (predecessor is null || !_live.Remove(predecessor))
            {
                _accepted++;
            }
        }
    }

    /// <summary>The connections that live now.</summary>
    public IReadOnlyList<Connection> Live()
    {
        lock (_lock)
        {
            return [.. _live];
        }
    }

    /// <summary>Takes out a connection that has ended, and counts how.</summary>
    public void Remove(Connection connection)
    {
        lock (_lock)
        {
            if (!_live.Remove(connection))
            {
                return; // WriteOff has counted it
            }

            CountEnd(connection.Outcome);
            _ended = Sum(_ended, connection.Counts);
            AddBytes(connection);
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
                if (connection.State == ConnectionState.Switched)
                {
                    connection.SwitchedProtocol?.OnBeat(now);
                }
            }
        }
        finally
        {
            _snapshot.Clear();
        }
    }

    /// <summary>Counts what the connections are doing.</summary>
    public DrainCensus Census()
    {
        var (idle, reading, handling, writing) = (0, 0, 0, 0);
        var oldest = default(Connection);
        lock (_lock)
        {
            foreach (var connection in _live)
            {
                switch (connection.State)
                {
                    case ConnectionState.ReadingHead or ConnectionState.Handshaking:
                        reading++;
                        break;
                    case ConnectionState.Handling or ConnectionState.Switched:
                        _ = connection.Deadlines.IsWriting ? writing++ : handling++;
                        oldest = oldest is null || connection.OldestRequestStarted < oldest.OldestRequestStarted ? connection : oldest;
                        break;
                    default:
                        idle++;
                        break;
                }
            }
        }

        var descriptions = new List<RequestDescription>();
        oldest?.DescribeRequests(descriptions);
        return new DrainCensus(idle, reading, handling, writing, descriptions.Count == 0 ? "none" : descriptions[0].ToShortString());
    }

    /// <summary>The connections whose requests have been in progress for longest, the oldest first.</summary>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<Connection> Oldest(int most)
    {
        // In order all the while: few are wanted. A request may end meanwhile, so that each one's age is read once.
        var oldest = new List<Connection>(most + 1);
        var started = new List<long>(most + 1);
        lock (_lock)
        {
            foreach (var connection in _live)
            {
                if (connection.State is not (ConnectionState.Handling or ConnectionState.Switched))
                {
                    continue;
                }

                // The clock goes by beats, so the order of the accepts decides within one.
                var (start, place) = (connection.OldestRequestStarted, oldest.Count);
                while (place > 0 && (start < started[place - 1] || (start == started[place - 1] && connection.Id < oldest[place - 1].Id)))
                {
                    place--;
                }

                if (place < most)
                {
                    oldest.Insert(place, connection);
                    started.Insert(place, start);
                    if (oldest.Count > most)
                    {
                        oldest.RemoveAt(most);
                        started.RemoveAt(most);
                    }
                }
            }
        }

        return oldest;
    }

    /// <summary>Ends all connections now; tells what was cut off from an answer.</summary>
    public IReadOnlyList<string> EndAll()
    {
        var cutOff = new List<string>();
        var descriptions = new List<RequestDescription>();
        foreach (var connection in Live())
        {
            // Before the abort, which may end it right here.
            descriptions.Clear();
            connection.DescribeRequests(descriptions);
            bool cutsOff;
            try
            {
                cutsOff = connection.EndNow();
            }
            catch (OutOfMemoryException)
            {
                cutsOff = connection.WasAborted; // it is marked; what was thrown, for want of a thread or memory, must not spare the others
            }

            if (cutsOff)
            {
                cutOff.AddRange(descriptions.Select(static description => description.ToString()));
            }
        }

        return cutOff;
    }

    /// <summary>
    /// Gives up the connections that do not end because their handler is stuck: the ledger counts them and their requests as aborted.
    /// </summary>
    public void WriteOff()
    {
        lock (_lock)
        {
            foreach (var connection in _live)
            {
                var counts = connection.Counts;
                CountEnd(connection.Outcome == ConnectionOutcome.Refused ? ConnectionOutcome.Refused : ConnectionOutcome.Aborted);
                _ended = Sum(_ended, counts with { Aborted = counts.Aborted + counts.InFlight });
                AddBytes(connection);
            }

            _live.Clear();
        }
    }

    public ConnectionCounts ConnectionCounts()
    {
        lock (_lock)
        {
            return new ConnectionCounts(_accepted, _closed, _aborted, _refused);
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

    /// <summary>Everything that connections count, at one moment.</summary>
    public ConnectionStatistics Statistics()
    {
        Span<int> states = stackalloc int[8];
        Span<long> methods = stackalloc long[2 * RequestMethods.Count]; // plain, then over TLS
        states.Clear();
        methods.Clear();
        ConnectionCounts counts;
        RequestCounts requests;
        long received, sent;
        lock (_lock)
        {
            counts = new ConnectionCounts(_accepted, _closed, _aborted, _refused);
            (requests, received, sent) = (_ended, _endedReceived, _endedSent);
            foreach (var connection in _live)
            {
                states[PlaceOf(connection)]++;
                requests = Sum(requests, connection.Counts);
                var bytes = connection.Bytes;
                (received, sent) = (received + bytes.Received, sent + bytes.Sent);
                connection.CountRequests(methods.Slice(connection.IsTls ? RequestMethods.Count : 0, RequestMethods.Count));
            }

            for (var method = 0; method < RequestMethods.Count; method++)
            {
                _methodsSeen |= methods[method] > 0 ? 1 << method : 0;
                _methodsSeenOverTls |= methods[method + RequestMethods.Count] > 0 ? 1 << method : 0;
            }
        }

        var active = new List<ActiveRequests>();
        for (var place = 0; place < methods.Length; place++)
        {
            var (method, isTls) = (place % RequestMethods.Count, place >= RequestMethods.Count);
            if (((isTls ? _methodsSeenOverTls : _methodsSeen) & (1 << method)) != 0)
            {
                active.Add(new ActiveRequests(RequestMethods.NameOrOther((RequestMethod)method), methods[place], isTls));
            }
        }

        return new ConnectionStatistics(
            new ConnectionStates(states[0], states[1], states[2], states[3], states[4], states[5], states[6], states[7]),
            counts,
            requests,
            active,
            received,
            sent);
    }

    // In the order of ConnectionStates.
    private static int PlaceOf(Connection connection) => connection.State switch
    {
        ConnectionState.New => 0,
        ConnectionState.ReadingHead => 1,
        ConnectionState.Handling => connection.Deadlines.IsWriting ? 3 : 2,
        ConnectionState.Idle => 4,
        ConnectionState.Switched => 5,
        ConnectionState.Handshaking => 7,
        _ => 6,
    };

    private void AddBytes(Connection connection)
    {
        var (received, sent) = connection.Bytes;
        (_endedReceived, _endedSent) = (_endedReceived + received, _endedSent + sent);
    }

    private void CountEnd(ConnectionOutcome outcome)
    {
        switch (outcome)
        {
            case ConnectionOutcome.Closed:
                _closed++;
                break;
            case ConnectionOutcome.Aborted:
                _aborted++;
                break;
            default:
                _refused++;
                break;
        }
    }

    private static RequestCounts Sum(RequestCounts left, RequestCounts right) => new(
        left.Received + right.Received,
        left.Completed + right.Completed,
        left.Refused + right.Refused,
        left.Aborted + right.Aborted);
}
