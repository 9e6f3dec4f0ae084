using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// What happens on a connection before its protocol gets it: a filter reads what it has to, and hands on the connection, or another
/// one around it. Thread-safe: one object filters all connections of an endpoint.
/// </summary>
internal interface IConnectionFilter
{
    /// <summary>Filters one connection. The time that it may take is the head time-out; then its read is cancelled.</summary>
    /// <param name="transport">The connection as it comes from the transport or from the filter before.</param>
    /// <param name="connection">
    /// What stands for it meanwhile. Its <see cref="Connection.Deadlines"/> tell whether its time is up: a read may be cancelled for no reason too.
    /// </param>
    /// <returns>
    /// What the next filter, or the protocol, gets; its disposal disposes <paramref name="transport"/> too. Null to close the connection, without a word
    /// unless it is to be refused with one (<see cref="FilteringConnection.RefuseWith"/>).
    /// </returns>
    /// <exception cref="IOException">The client has reset the connection, or it was aborted.</exception>
    ValueTask<TransportConnection?> ApplyAsync(TransportConnection transport, FilteringConnection connection);
}
