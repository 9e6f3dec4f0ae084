using System.Net;
using System.Net.Sockets;
using PipeServer.Platform;

namespace PipeServer.Transport.Epoll;

/// <summary>A socket's own address: that where it listens, or that which its client has connected to.</summary>
internal static class LocalAddress
{
    /// <summary>The address, or null where the socket has none.</summary>
    /// <exception cref="SocketException">The system does not tell.</exception>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static EndPoint? Of(Descriptor descriptor)
    {
        Span<byte> address = stackalloc byte[UnixSocketAddress.MaxBytes];
        var length = ListenCalls.LocalAddress(descriptor, address);
        Errno.ThrowOnError(length, "getsockname");
        address = address[..Math.Min(length, address.Length)];
        return SocketAddressBytes.IsUnix(address) ? UnixSocketAddress.ToEndPoint(address) : SocketAddressBytes.ToEndPoint(address);
    }

    /// <summary>That of a connection; null when it has ended: an abort takes its address away.</summary>
    public static EndPoint? Of(EpollConnection connection, Descriptor? descriptor)
    {
        if (descriptor is null || connection.IsAborted)
        {
            return null;
        }

        try
        {
            var address = Of(descriptor);
            return connection.IsAborted ? null : address;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
