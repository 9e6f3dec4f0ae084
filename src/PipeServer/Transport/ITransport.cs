using System.Net;

namespace PipeServer.Transport;

/// <summary>A way to move bytes: opens listeners whose connections are pairs of pipes. Knows nothing of HTTP.</summary>
public interface ITransport
{
    /// <summary>The transport's name in logs: <c>sockets</c>, <c>memory</c>, …</summary>
    string Name { get; }

    /// <summary>Binds and listens.</summary>
    /// <param name="endPoint">Where; port 0 takes a free one.</param>
    /// <param name="backlog">How many finished handshakes the system may queue for us.</param>
    /// <param name="cancellationToken">Gives up binding.</param>
    /// <returns>
    /// One listener per accept queue, each to be accepted from by one loop: one for most transports, one per event loop
    /// where every loop takes its own connections.
    /// </returns>
    /// <exception cref="System.Net.Sockets.SocketException">The end point is in use or cannot be bound.</exception>
    ValueTask<IReadOnlyList<IConnectionListener>> ListenAsync(
        EndPoint endPoint, int backlog, CancellationToken cancellationToken);

    /// <summary>
    /// Ends what runs behind the connections, after the last of them has been closed: a transport serves one server, which
    /// stops it. May be called again.
    /// </summary>
    /// <param name="timeout">How long to wait for all threads together.</param>
    /// <returns>The names of the threads that have not ended in that time; empty when all is well.</returns>
    ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout);
}
