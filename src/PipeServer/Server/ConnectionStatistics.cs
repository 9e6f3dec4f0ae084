namespace PipeServer.Server;

/// <summary>What the connections have done and are doing, all of one moment.</summary>
internal sealed class ConnectionStatistics(
    ConnectionStates states, ConnectionCounts counts, RequestCounts requests, IReadOnlyList<ActiveRequests> active, long bytesReceived, long bytesSent)
{
    /// <summary>What they are doing.</summary>
    public ConnectionStates States => states;

    /// <summary>Their ledger.</summary>
    public ConnectionCounts Counts => counts;

    /// <summary>The ledger of their requests.</summary>
    public RequestCounts Requests => requests;

    /// <summary>The requests that are being answered, by method: GET, and those of which there has been one.</summary>
    public IReadOnlyList<ActiveRequests> Active => active;

    /// <summary>What has come from clients, heads included, as the transport has seen it.</summary>
    public long BytesReceived => bytesReceived;

    /// <summary>What the system has taken for clients, heads included.</summary>
    public long BytesSent => bytesSent;
}
