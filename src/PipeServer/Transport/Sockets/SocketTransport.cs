using System.Net;
using System.Net.Sockets;

namespace PipeServer.Transport.Sockets;

/// <summary>The portable transport: System.Net.Sockets, two pipes a connection. Runs wherever .NET runs.</summary>
public sealed class SocketTransport : ITransport
{
    /// <inheritdoc/>
    public string Name => "sockets";

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IConnectionListener>> ListenAsync(
        EndPoint endPoint, int backlog, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        cancellationToken.ThrowIfCancellationRequested();
        if (endPoint is UnixDomainSocketEndPoint unix)
        {
            UnixSocketFile.DeleteIfStale(unix);
        }

        var protocol = endPoint.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp;
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, protocol);
        try
        {
            if (endPoint is IPEndPoint ip && ip.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endPoint);
            socket.Listen(backlog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new([new SocketConnectionListener(socket)]);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout) => new([]);
}
