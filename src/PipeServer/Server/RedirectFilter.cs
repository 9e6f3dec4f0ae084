using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>Marks the connections of an endpoint that redirects to https. Waits for nothing.</summary>
/// <param name="port">The port of https.</param>
internal sealed class RedirectFilter(int port) : IConnectionFilter
{
    public ValueTask<TransportConnection?> ApplyAsync(TransportConnection transport, FilteringConnection connection) =>
        ValueTask.FromResult<TransportConnection?>(new RedirectedConnection(transport, port));
}
