using System.Net;
using System.Runtime.InteropServices;

namespace PipeServer;

/// <summary>A listening socket of a running server: what another process needs to accept from the same queue of clients. Immutable.</summary>
public sealed class BoundEndpoint
{
    internal BoundEndpoint(HttpEndpoint endpoint, EndPoint local, SafeHandle socket) => (Endpoint, LocalEndPoint, Socket) = (endpoint, local, socket);

    /// <summary>
    /// The endpoint that it belongs to, as the server was given it: a copy, the same one for each of the sockets of <see cref="HttpEndpoint.Localhost"/>.
    /// </summary>
    public HttpEndpoint Endpoint { get; }

    /// <summary>Where it listens, with the real port.</summary>
    public EndPoint LocalEndPoint { get; }

    /// <summary>
    /// Its descriptor, close-on-exec and non-blocking. The server's own: for a child it is duplicated, and neither closed nor changed, because options and
    /// flags are the other process's too.
    /// </summary>
    public SafeHandle Socket { get; }
}
