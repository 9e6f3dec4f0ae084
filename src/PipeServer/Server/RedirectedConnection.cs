using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>A connection in plain text whose requests are redirected to https: see <see cref="HttpsRedirects"/>.</summary>
/// <param name="inner">The connection.</param>
/// <param name="port">The port of https.</param>
internal sealed class RedirectedConnection(TransportConnection inner, int port) : RelabelledConnection(inner)
{
    /// <summary>The port of https, as clients have to name it.</summary>
    public int Port => port;
}
