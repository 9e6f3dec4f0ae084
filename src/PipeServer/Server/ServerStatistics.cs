using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// The truth about a server as far as it can be counted, read at one time. Nothing is counted for it but what costs a request nothing; to read it
/// costs a look at each connection.
/// </summary>
internal sealed class ServerStatistics(
    ConnectionStatistics connections,
    long failedAccepts,
    IReadOnlyList<RefusalCount> refusals,
    int queueLength,
    int queueCapacity,
    WorkerStatistics workers,
    ThreadPoolStatistics threadPool,
    IReadOnlyList<LoopStatistics> loops,
    IReadOnlyList<HandshakeCount> handshakes,
    int activeHandshakes)
{
    /// <summary>The connections and their requests.</summary>
    public ConnectionStatistics Connections => connections;

    /// <summary>How many accepts have failed, most likely for want of a descriptor.</summary>
    public long FailedAccepts => failedAccepts;

    /// <summary>
    /// How often the server has refused, by reason, written though perhaps not flushed: requests, and clients unread
    /// (<c>too_many_connections</c>).
    /// </summary>
    public IReadOnlyList<RefusalCount> Refusals => refusals;

    /// <summary>How many requests are waiting for a worker.</summary>
    public int QueueLength => queueLength;

    /// <summary>How many may.</summary>
    public int QueueCapacity => queueCapacity;

    /// <summary>The workers.</summary>
    public WorkerStatistics Workers => workers;

    /// <summary>The requests on the thread pool.</summary>
    public ThreadPoolStatistics ThreadPool => threadPool;

    /// <summary>The event loops; none over a transport that has none.</summary>
    public IReadOnlyList<LoopStatistics> Loops => loops;

    /// <summary>How many TLS handshakes have ended how.</summary>
    public IReadOnlyList<HandshakeCount> Handshakes => handshakes;

    /// <summary>How many are in progress.</summary>
    public int ActiveHandshakes => activeHandshakes;

    /// <summary>Of a server that has not been started.</summary>
    public static ServerStatistics None { get; } = new(
        new ConnectionStatistics(default, default, default, [], 0, 0),
        failedAccepts: 0,
        refusals: [],
        queueLength: 0,
        queueCapacity: 0,
        new WorkerStatistics(0, 0, 0, 0),
        new ThreadPoolStatistics(0, 0, 0),
        loops: [],
        handshakes: [],
        activeHandshakes: 0);
}
