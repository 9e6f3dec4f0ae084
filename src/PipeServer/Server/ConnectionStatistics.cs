namespace PipeServer.Server;

/// <summary>What the connections have done and are doing, all of one moment.</summary>
/// <param name="States">What they are doing.</param>
/// <param name="Counts">Their ledger.</param>
/// <param name="Requests">The ledger of their requests.</param>
/// <param name="Active">The requests that are being answered, by method: GET, and those of which there has been one.</param>
/// <param name="BytesReceived">What has come from clients, heads included, as the transport has seen it.</param>
/// <param name="BytesSent">What the system has taken for clients, heads included.</param>
internal sealed record ConnectionStatistics(
    ConnectionStates States, ConnectionCounts Counts, RequestCounts Requests, IReadOnlyList<ActiveRequests> Active, long BytesReceived, long BytesSent);
