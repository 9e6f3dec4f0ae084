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
        var unix = UnixSocketFile.Prepare(endPoint);
        if (endPoint is InheritedSocketEndPoint { IsHandedOver: true })
        {
            throw new EndPointException(SocketError.OperationNotSupported, "the sockets transport takes no sockets over from a process that serves them.");
        }

        if (endPoint is InheritedSocketEndPoint inherited)
        {
            return new([new SocketConnectionListener(TakeOver(inherited), inherited)]);
        }

        var protocol = unix is null ? ProtocolType.Tcp : ProtocolType.Unspecified;
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

            socket.Bind(unix ?? endPoint);
            if (endPoint is UnixSocketFileEndPoint file)
            {
                UnixSocketFile.SetAccess(file);
            }

            socket.Listen(backlog);
        }
        catch
        {
            socket.Dispose(); // deletes the file of a unix socket that it has bound
            throw;
        }

        return new([new SocketConnectionListener(socket, passed: null)]);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout) => new([]);

    private static Socket TakeOver(InheritedSocketEndPoint endPoint)
    {
        var handle = new SafeSocketHandle(endPoint.Descriptor, ownsHandle: true);
        try
        {
            ListeningSocket.TakeOver(handle);
            return new Socket(handle);
        }
        catch
        {
            handle.SetHandleAsInvalid(); // not closed: it is not what was said, so it may be somebody else's
            throw;
        }
    }
}
