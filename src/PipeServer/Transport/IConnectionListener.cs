using System.Net;

namespace PipeServer.Transport;

/// <summary>One accept queue. <see cref="AcceptAsync"/> is called by one loop at a time, the rest from any thread.</summary>
public interface IConnectionListener : IAsyncDisposable
{
    /// <summary>Where it listens, with the real port.</summary>
    EndPoint EndPoint { get; }

    /// <summary>
    /// Waits for the next client. Null means: stopped, and the backlog is empty. An exception concerns this call only;
    /// the caller backs off and calls again.
    /// </summary>
    ValueTask<TransportConnection?> AcceptAsync();

    /// <summary>
    /// Turns new clients away, and gives those that have begun a handshake a moment to finish it, where the system can do
    /// that. From then on <see cref="AcceptAsync"/> hands out those whose handshake has finished, closes the listener when there
    /// are no more, and returns null.
    /// </summary>
    ValueTask StopListeningAsync();
}
