using PipeServer.Diagnostics;
using PipeServer.Transport;

namespace PipeServer.Server.ProxyProtocol;

/// <summary>
/// Reads the header by which a trusted proxy names its client, and what that has connected to. A connection without one, or from another peer, is
/// closed: what it says cannot be trusted, and an answer would tell a stranger that a server listens here.
/// </summary>
internal sealed class ProxyProtocolFilter(ServerContext server) : IConnectionFilter
{
    private int _warned; // once per server: a scanner would cause a line for every connection

    public async ValueTask<TransportConnection?> ApplyAsync(TransportConnection transport, FilteringConnection connection)
    {
        if (!server.Options.TrustedProxies.Any(proxy => proxy.Includes(transport.RemoteEndPoint)))
        {
            return Close(connection.Id, $"{transport.RemoteEndPoint?.ToString() ?? "a unix socket"} is not among the trusted proxies");
        }

        while (true)
        {
            var read = await transport.Input.ReadAsync().ConfigureAwait(false);
            var header = ProxyHeader.Parse(read.Buffer);
            if (header.Status == ProxyHeaderStatus.Complete)
            {
                transport.Input.AdvanceTo(read.Buffer.GetPosition(header.Length));
                return header.Client is { } client ? new ProxiedConnection(transport, client, header.Destination) : transport;
            }

            transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (header.Status == ProxyHeaderStatus.Invalid)
            {
                return Close(connection.Id, "it does not begin with a header of the PROXY protocol");
            }

            if (read.IsCompleted)
            {
                return Close(connection.Id, "it ended within its PROXY header");
            }

            // Not every cancelled read: a late one may have been meant for the client that the transport's object has served before.
            if (read.IsCanceled && connection.Deadlines.IsReadExpired)
            {
                return Close(connection.Id, "its PROXY header took too long");
            }
        }
    }

    private TransportConnection? Close(long id, string reason)
    {
        if (Interlocked.Exchange(ref _warned, 1) == 0)
        {
            Log.ProxyHeaderMissing(server.Logger, id, reason);
        }
        else
        {
            Log.ConnectionAborted(server.Logger, id, reason);
        }

        return null;
    }
}
