using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// The truth about a server as far as it can be counted, read at one time. Nothing is counted for it but what costs a request nothing; to read it
/// costs a look at each connection.
/// </summary>
/// <param name="Connections">The connections and their requests.</param>
/// <param name="FailedAccepts">How many accepts have failed, most likely for want of a descriptor.</param>
/// <param name="Refusals">
/// How often the server has refused, by reason, written though perhaps not flushed: requests, and clients unread
/// (<c>too_many_connections</c>).
/// </param>
/// <param name="QueueLength">How many requests are waiting for a worker.</param>
/// <param name="QueueCapacity">How many may.</param>
/// <param name="Workers">The workers.</param>
/// <param name="Loops">The event loops; none over a transport that has none.</param>
internal sealed record ServerStatistics(
    ConnectionStatistics Connections,
    long FailedAccepts,
    IReadOnlyList<RefusalCount> Refusals,
    int QueueLength,
    int QueueCapacity,
    WorkerStatistics Workers,
    IReadOnlyList<LoopStatistics> Loops)
{
    /// <summary>Of a server that has not been started.</summary>
    public static ServerStatistics None { get; } = new(
        new ConnectionStatistics(default, default, default, [], 0, 0), FailedAccepts: 0, [], QueueLength: 0, QueueCapacity: 0, default, []);
}
