using System.Net;
using System.Net.Sockets;

namespace PipeServer.Transport;

/// <summary>
/// A unix socket whose file gets a mode and a group of its own: a transport binds <see cref="Socket"/>, gives the file its group and then its
/// mode, and only then listens, so that nobody connects by what the process's umask allows. Without either, a transport is given a
/// <see cref="UnixDomainSocketEndPoint"/>.
/// </summary>
/// <param name="socket">The socket's address; not an abstract name, which has no file.</param>
/// <param name="mode">The permissions of the file, or null for what the umask leaves. To connect takes the permission to write.</param>
/// <param name="group">The file's group by its name or number, or null for the process's own.</param>
public sealed class UnixSocketFileEndPoint(UnixDomainSocketEndPoint socket, UnixFileMode? mode, string? group) : EndPoint
{
    /// <summary>The socket's address.</summary>
    public UnixDomainSocketEndPoint Socket { get; } = socket ?? throw new ArgumentNullException(nameof(socket));

    /// <summary>The permissions of the file, or null.</summary>
    public UnixFileMode? Mode { get; } = mode;

    /// <summary>The group of the file by its name or number, or null.</summary>
    public string? Group { get; } = group;

    /// <inheritdoc/>
    public override AddressFamily AddressFamily => AddressFamily.Unix;

    /// <inheritdoc/>
    public override SocketAddress Serialize() => Socket.Serialize();

    /// <inheritdoc/>
    public override string ToString() => Socket.ToString();
}
