using PipeServer.Http;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>Tells clients that there are too many, and bounds what that costs.</summary>
#pragma warning disable CA1001 // The semaphore holds nothing to dispose of: its WaitHandle is never asked for.
internal sealed class RefusedClients(ServerContext server)
#pragma warning restore CA1001
{
    /// <summary>
    /// There is one place for this many connections that are served, and at most <see cref="MaxPlaces"/>. In a place, the server waits
    /// until a client that was refused has closed its side. Each takes a descriptor.
    /// </summary>
    public const int ConnectionsPerPlace = 8;

    // Arbitrary: a client closes after a round trip, so these are thousands a second.
    private const int MaxPlaces = 64;

    private readonly SemaphoreSlim _places = new(Math.Clamp(server.Options.MaxConnections / ConnectionsPerPlace, 1, MaxPlaces));

    /// <summary>
    /// Takes a place in advance, for a client that will be refused unless a permit comes free; false when no place is left.
    /// </summary>
    public bool TryTakePlace() => _places.Wait(0, CancellationToken.None);

    /// <summary>Gives back a place that was not needed.</summary>
    public void ReturnPlace() => _places.Release();

    /// <summary>Refuses a client.</summary>
    /// <param name="transport">Its connection.</param>
    /// <param name="id">The connection's number.</param>
    /// <param name="protocol">What is spoken on it.</param>
    /// <param name="hasPlace">A place was taken for it in advance; else one is taken now if there is one.</param>
    /// <param name="predecessor">The object that stands for the connection in the ledger so far, or null.</param>
    public void Refuse(TransportConnection transport, long id, IProtocol protocol, bool hasPlace, Connection? predecessor)
    {
        const RequestError Reason = RequestError.TooManyConnections;
        server.RefusalCounts.Count(Reason);
        server.Refusals.Write(transport, static client => client.RemoteEndPoint, RequestErrors.Status(Reason), RequestErrors.Text(Reason));
        server.Observer?.CompleteUnread(transport.RemoteEndPoint, Reason);
        var takesPlace = !hasPlace && TryTakePlace();
        RefusedConnection connection;
        try
        {
            connection = new RefusedConnection(server, protocol, mayLinger: hasPlace || takesPlace);
            connection.Attach(transport, id);
            server.Connections.Add(connection, predecessor);
        }
        catch
        {
            if (takesPlace)
            {
                ReturnPlace();
            }

            throw;
        }

        _ = RunAsync(connection, hasPlace || takesPlace);
    }

    // Not fire and forget: the manager has it, and a stop waits until the manager is empty.
    private async Task RunAsync(RefusedConnection connection, bool hasPlace)
    {
        await connection.RunAsync().ConfigureAwait(false);
        if (hasPlace)
        {
            ReturnPlace();
        }

        server.Connections.Remove(connection);
    }
}
