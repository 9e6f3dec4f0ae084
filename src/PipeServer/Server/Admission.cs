namespace PipeServer.Server;

/// <summary>What a connection was admitted with, which goes back when it has ended. One serves all connections of a protocol.</summary>
/// <param name="connections">The manager that has it.</param>
/// <param name="protocol">What is spoken on it.</param>
/// <param name="permits">Where its permit is from; null where it has none.</param>
/// <param name="quota">Counts the connections of an address.</param>
internal sealed class Admission(ConnectionManager connections, IProtocol protocol, Permits? permits, AddressQuota quota) : IConnectionOwner
{
    public IProtocol Protocol => protocol;

    public void OnEnded(Connection connection)
    {
        // What it has held first: a connection that is counted as ended has made room for the next one.
        if (connection.TakeCountedAddress() is { } address)
        {
            quota.Return(address);
        }

        permits?.Return();
        connections.Remove(connection);
        if (connection.WasAborted)
        {
            connection.Abandon(); // a handler may still use the request of a connection that was cut off
        }
        else
        {
            protocol.Return(connection);
        }
    }
}
