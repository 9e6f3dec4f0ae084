using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace PipeServer.Transport.Epoll;

/// <summary>The system's form of an IP address and port, <c>struct sockaddr_in6</c> at most, kept without an allocation.</summary>
[InlineArray(Length)]
internal struct SocketAddressBytes
{
    /// <summary>sizeof(struct sockaddr_in6); a longer address, a path, is cut.</summary>
    public const int Length = 28;

    private byte _first;

    /// <summary>AF_UNIX is 1: the system reports this family for the clients of a unix socket, which have no name.</summary>
    public static bool IsUnix(ReadOnlySpan<byte> address) => BitConverter.ToUInt16(address) == 1;

    /// <summary>The end point, or null when it is not one of IP: a client of a unix socket has no name.</summary>
    public static EndPoint? ToEndPoint(ReadOnlySpan<byte> address)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return (AddressFamily)BitConverter.ToUInt16(address) switch
        {
            (AddressFamily)2 => new IPEndPoint(new IPAddress(address.Slice(4, 4)), port),
            (AddressFamily)10 => new IPEndPoint(new IPAddress(address.Slice(8, 16), BitConverter.ToUInt32(address[24..])), port),
            _ => null,
        };
    }
}
