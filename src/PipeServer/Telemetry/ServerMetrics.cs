using System.Diagnostics;
using System.Diagnostics.Metrics;
using PipeServer.Server;

namespace PipeServer.Telemetry;

/// <summary>
/// Everything that the server counts anyhow, as instruments that read it when they are asked: nothing is counted for them. All that is asked
/// within a few milliseconds is of one moment. All numbers are of two types: each costs a listener, and the native file, code of its own.
/// </summary>
internal sealed class ServerMetrics
{
    private const string State = "pipeserver.connection.state";

    // A scraper asks one instrument after the other; for each the connections would be looked through.
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(5);

    private readonly Func<ServerStatistics> _read;
    private readonly Lock _lock = new();
    private ServerStatistics? _last;
    private long _lastRead;

    /// <param name="meter">Gets the instruments.</param>
    /// <param name="read">Reads the truth.</param>
    /// <param name="isStandard">Also those of every HTTP server, <c>http.server.*</c>.</param>
    /// <param name="isTlsSpoken">There are handshakes to tell of.</param>
    public ServerMetrics(Meter meter, Func<ServerStatistics> read, bool isStandard, bool isTlsSpoken)
    {
        _read = read;
        if (isStandard)
        {
            meter.CreateObservableUpDownCounter("http.server.active_requests", ReadActive, "{request}", "Number of active HTTP server requests.");
        }

        AddRequests(meter);
        AddConnections(meter);
        AddWorkers(meter);
        AddThreadPool(meter);
        if (isTlsSpoken)
        {
            AddHandshakes(meter);
        }

        meter.CreateObservableCounter("pipeserver.network.io", ReadBytes, "By", "Bytes of clients' connections, heads included.");
        meter.CreateObservableGauge(
            "pipeserver.loop.lag", ReadLoops, "s", "How late an event loop came to what waited for it: the most in the last quarter to half a minute.");
    }

    private ServerStatistics Now
    {
        get
        {
            lock (_lock)
            {
                if (_last is null || Stopwatch.GetElapsedTime(_lastRead) > MaxAge)
                {
                    (_last, _lastRead) = (_read(), Stopwatch.GetTimestamp());
                }

                return _last;
            }
        }
    }

    private void AddRequests(Meter meter)
    {
        Count("received", "Requests of which the whole head has arrived, or enough to refuse them.", static counts => counts.Received);
        Count("completed", "Requests whose answer the system has taken whole.", static counts => counts.Completed);
        Count("aborted", "Requests that were cut off before their answer was complete.", static counts => counts.Aborted);
        meter.CreateObservableCounter(
            "pipeserver.request.refused", ReadRefusals, "{request}", "Refusals by the server itself, by reason; clients that were not read too.");

        void Count(string name, string description, Func<RequestCounts, long> read) => meter.CreateObservableCounter(
            "pipeserver.request." + name, () => read(Now.Connections.Requests), "{request}", description);
    }

    private void AddConnections(Meter meter)
    {
        meter.CreateObservableUpDownCounter("pipeserver.connection.count", ReadStates, "{connection}", "Connections, by what they are doing.");
        Count("accepted", "Connections taken from the listeners.", static counts => counts.Accepted);
        Count("closed", "Connections that have ended in order, by either side.", static counts => counts.Closed);
        Count("refused", "Connections answered with 503 before a byte was read, because there were too many.", static counts => counts.Refused);
        Count("aborted", "Connections that were cut off.", static counts => counts.Aborted);
        meter.CreateObservableCounter(
            "pipeserver.accept.failures", () => Now.FailedAccepts, "{failure}", "Accepts that have failed, most likely for want of a descriptor.");

        void Count(string name, string description, Func<ConnectionCounts, long> read) => meter.CreateObservableCounter(
            "pipeserver.connection." + name, () => read(Now.Connections.Counts), "{connection}", description);
    }

    private void AddWorkers(Meter meter)
    {
        meter.CreateObservableUpDownCounter<long>("pipeserver.queue.length", () => Now.QueueLength, "{request}", "Requests that wait for a worker.");
        meter.CreateObservableUpDownCounter<long>("pipeserver.queue.capacity", () => Now.QueueCapacity, "{request}", "Requests that may wait.");
        meter.CreateObservableUpDownCounter<long>("pipeserver.worker.count", () => Now.Workers.Total, "{worker}", "Workers, started or not.");
        meter.CreateObservableUpDownCounter<long>("pipeserver.worker.busy", () => Now.Workers.Busy, "{worker}", "Workers that are running a job.");
        meter.CreateObservableCounter("pipeserver.worker.executed", () => Now.Workers.Executed, "{job}", "Jobs that have run to their end.");
        meter.CreateObservableCounter(
            "pipeserver.worker.faulted", () => Now.Workers.Faulted, "{job}", "Jobs that have thrown: faults of the server, not of handlers.");
    }

    private void AddThreadPool(Meter meter)
    {
        meter.CreateObservableUpDownCounter<long>(
            "pipeserver.thread_pool.limit", () => Now.ThreadPool.Concurrency, "{request}", "Requests that may be on the thread pool at once.");
        meter.CreateObservableUpDownCounter<long>(
            "pipeserver.thread_pool.active", () => Now.ThreadPool.Active, "{request}", "Requests on the thread pool, to the end of their answers.");
        meter.CreateObservableUpDownCounter<long>(
            "pipeserver.thread_pool.queued", () => Now.ThreadPool.Queued, "{request}", "Requests that wait for their turn on the thread pool.");
    }

    private void AddHandshakes(Meter meter)
    {
        meter.CreateObservableCounter("pipeserver.tls.handshakes", ReadHandshakes, "{handshake}", "TLS handshakes, by what has become of them.");
        meter.CreateObservableUpDownCounter<long>(
            "pipeserver.tls.handshake.active", () => Now.ActiveHandshakes, "{handshake}", "TLS handshakes in progress, those that have sent nothing yet too.");
    }

    private IEnumerable<Measurement<long>> ReadHandshakes()
    {
        var handshakes = Now.Handshakes;
        var measured = new Measurement<long>[handshakes.Count];
        for (var i = 0; i < measured.Length; i++)
        {
            measured[i] = new Measurement<long>(handshakes[i].Count, HandshakeTags.Of(handshakes[i].Outcome, handshakes[i].Version));
        }

        return measured;
    }

    private IEnumerable<Measurement<long>> ReadActive()
    {
        var active = Now.Connections.Active;
        var measured = new Measurement<long>[active.Count];
        for (var i = 0; i < measured.Length; i++)
        {
            measured[i] = new Measurement<long>(
                active[i].Count,
                new KeyValuePair<string, object?>("http.request.method", active[i].Method),
                new KeyValuePair<string, object?>("url.scheme", active[i].IsHttps ? "https" : "http"));
        }

        return measured;
    }

    private IEnumerable<Measurement<long>> ReadRefusals()
    {
        var refusals = Now.Refusals;
        var measured = new Measurement<long>[refusals.Count];
        for (var i = 0; i < measured.Length; i++)
        {
            measured[i] = new Measurement<long>(
                refusals[i].Count,
                new KeyValuePair<string, object?>("error.type", refusals[i].Name),
                new KeyValuePair<string, object?>("http.response.status_code", refusals[i].Status));
        }

        return measured;
    }

    private IEnumerable<Measurement<long>> ReadStates()
    {
        var states = Now.Connections.States;
        return
        [
            In("new", states.New), In("reading_head", states.ReadingHead), In("handling", states.Handling), In("writing", states.Writing),
            In("idle", states.Idle), In("switched", states.Switched), In("closing", states.Closing), In("handshaking", states.Handshaking),
        ];

        static Measurement<long> In(string state, int count) => new(count, new KeyValuePair<string, object?>(State, state));
    }

    private IEnumerable<Measurement<long>> ReadBytes()
    {
        const string Direction = "network.io.direction";
        var connections = Now.Connections;
        return
        [
            new(connections.BytesReceived, new KeyValuePair<string, object?>(Direction, "receive")),
            new(connections.BytesSent, new KeyValuePair<string, object?>(Direction, "transmit")),
        ];
    }

    private IEnumerable<Measurement<double>> ReadLoops()
    {
        var loops = Now.Loops;
        var measured = new Measurement<double>[loops.Count];
        for (var i = 0; i < measured.Length; i++)
        {
            measured[i] = new Measurement<double>(
                loops[i].LongestLag.TotalSeconds, new KeyValuePair<string, object?>("pipeserver.loop.name", loops[i].Name));
        }

        return measured;
    }
}
