namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>Counts what clients see, until somebody asks for it. Any number of them may count at once.</summary>
internal sealed class FleetPhase
{
    private const string ServedBy = "\r\nX-Served-By: ";

    private readonly Lock _gate = new();
    private readonly Dictionary<int, int> _statuses = [];
    private readonly Dictionary<string, List<double>> _servers = [];
    private readonly List<double> _failures = [];
    private readonly long _since = Now;
    private int _lost;
    private int _reset;
    private int _notConnected;
    private int _withRetryAfter;
    private long _firstFailed;
    private long _lastFailed;
    private long _lastFailureEnded;

    /// <summary>Unix milliseconds.</summary>
    public static long Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>Counts a request.</summary>
    /// <param name="fate">What became of it.</param>
    /// <param name="head">The head of its answer; null without one.</param>
    /// <param name="sent">When it was sent.</param>
    public void Add(RequestFate fate, string? head, long sent)
    {
        var now = Now;
        lock (_gate)
        {
            if (fate == RequestFate.Answered)
            {
                CountStatus(200);
                var name = NameOf(head!);
                if (!_servers.TryGetValue(name, out var times))
                {
                    _servers[name] = times = [];
                }

                times.Add(now - sent);
                return;
            }

            if (fate == RequestFate.Lost && head is not null && !head.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
            {
                CountStatus(int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), System.Globalization.CultureInfo.InvariantCulture));
                _withRetryAfter += head.Contains("\r\nRetry-After: ", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
                _failures.Add(now - sent);
            }
            else
            {
                _ = fate == RequestFate.Lost ? _lost++ : _reset++;
            }

            Fail(sent, now);
        }
    }

    /// <summary>Counts a connect that did not come about.</summary>
    public void AddNotConnected(long begun)
    {
        lock (_gate)
        {
            _notConnected++;
            Fail(begun, Now);
        }
    }

    /// <summary>What was counted.</summary>
    public FleetReport Report()
    {
        lock (_gate)
        {
            return new FleetReport
            {
                Since = _since,
                Until = Now,
                Statuses = _statuses,
                Lost = _lost,
                Reset = _reset,
                NotConnected = _notConnected,
                WithRetryAfter = _withRetryAfter,
                FirstFailed = _firstFailed,
                LastFailed = _lastFailed,
                LastFailureEnded = _lastFailureEnded,
                Failures = FleetReport.Times.Of(_failures),
                Servers = _servers.ToDictionary(static server => server.Key, static server => FleetReport.Times.Of(server.Value)),
            };
        }
    }

    /// <summary>Who has answered so far.</summary>
    public string[] Names()
    {
        lock (_gate)
        {
            return [.. _servers.Keys];
        }
    }

    private static string NameOf(string head)
    {
        var at = head.IndexOf(ServedBy, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? "" : head[(at + ServedBy.Length)..head.IndexOf('\r', at + ServedBy.Length)];
    }

    private void CountStatus(int status) => _statuses[status] = _statuses.GetValueOrDefault(status) + 1;

    private void Fail(long sent, long ended)
    {
        _firstFailed = _firstFailed == 0 ? sent : Math.Min(_firstFailed, sent);
        _lastFailed = Math.Max(_lastFailed, sent);
        _lastFailureEnded = ended;
    }
}
