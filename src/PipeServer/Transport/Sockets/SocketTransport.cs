using System.Net;
using System.Net.Sockets;

namespace PipeServer.Transport.Sockets;

/// <summary>The portable transport: System.Net.Sockets, with two pipes for each connection. It runs wherever .NET runs.</summary>
public sealed class SocketTransport : ITransport
{
    private const int SOL_SOCKET = 1;
    private const int SO_REUSEPORT = 15;

    /// <inheritdoc/>
    public string Name => "sockets";

    /// <summary>
    /// Lets other processes listen on the same address and port (SO_REUSEPORT, Linux only), so that one can take over without a gap.
    /// </summary>
    public bool ReusePort { get; init; }

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

        if (endPoint is InheritedSocketEndPoint inherited)
        {
            var taken = new Socket(new SafeSocketHandle(inherited.Descriptor, ownsHandle: true));
            return new([new SocketConnectionListener(taken, ownsSocket: false)]);
        }

        var protocol = endPoint.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp;
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, protocol);
        try
        {
            if (endPoint is IPEndPoint ip && ip.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            if (ReusePort && OperatingSystem.IsLinux() && protocol == ProtocolType.Tcp)
            {
                socket.SetRawSocketOption(SOL_SOCKET, SO_REUSEPORT, BitConverter.GetBytes(1));
            }

            socket.Bind(endPoint);
            socket.Listen(backlog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new([new SocketConnectionListener(socket, ownsSocket: true)]);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout) => new([]);
}
