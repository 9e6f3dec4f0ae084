using PipeServer.Transport;
using PipeServer.Transport.Epoll;
using PipeServer.Transport.Sockets;

namespace PipeServer.Fuzz;

/// <summary>The transports that every suite runs over, by their names in test reports.</summary>
internal static class Transports
{
    /// <param name="name"><c>memory</c>, <c>epoll</c> or <c>sockets</c>.</param>
    public static ITransport Create(string name) => name switch
    {
        "memory" => new MemoryTransport(),
        "epoll" => new EpollTransport(new EpollTransportOptions { Loops = 2 }),
        _ => new SocketTransport(),
    };
}
