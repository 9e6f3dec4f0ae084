using System.Net;

namespace PipeServer.Server;

/// <summary>What a connection was admitted with, which goes back when it has ended.</summary>
/// <param name="connections">The manager that has it.</param>
/// <param name="protocol">What is spoken on it.</param>
/// <param name="permits">Where its permit is from; null where it has none.</param>
/// <param name="quota">Counts the connections of an address; null where <paramref name="address"/> is.</param>
/// <param name="address">The address that it counts for, or null.</param>
internal sealed class Admission(ConnectionManager connections, IProtocol protocol, SemaphoreSlim? permits, AddressQuota? quota, IPAddress? address)
    : IConnectionOwner
{
    public IProtocol Protocol => protocol;

    public void OnEnded(Connection connection)
    {
        // What it has held first: a connection that is counted as ended has made room for the next one.
        if (address is not null)
        {
            quota!.Return(address);
        }

        permits?.Release();
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
