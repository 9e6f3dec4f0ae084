using System.Net;
using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer.Fuzz;

/// <summary>A client's end of a connection over any transport.</summary>
internal sealed class ClientEnd : IDisposable
{
    private readonly Socket? _socket;

    private ClientEnd(Stream stream, Socket? socket)
    {
        Stream = stream;
        _socket = socket;
    }

    public Stream Stream { get; }

    /// <summary>Connects.</summary>
    /// <param name="server">To this.</param>
    /// <param name="transport">Over this.</param>
    /// <param name="from">The client's address, where it has one.</param>
    public static async Task<ClientEnd> ConnectAsync(HttpServer server, ITransport transport, IPAddress? from = null)
    {
        if (transport is MemoryTransport memory)
        {
            return new ClientEnd(memory.Connect(), null);
        }

        return await ConnectAsync((IPEndPoint)server.EndPoints[0], from);
    }

    /// <summary>Connects by TCP.</summary>
    public static async Task<ClientEnd> ConnectAsync(IPEndPoint endPoint, IPAddress? from = null)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        await socket.ConnectAsync(endPoint);
        return new ClientEnd(new NetworkStream(socket, ownsSocket: true), socket);
    }

    /// <summary>Nothing more is sent; what comes is still read.</summary>
    public void EndSending()
    {
        try
        {
            _socket?.Shutdown(SocketShutdown.Send);
            (Stream as MemoryClientStream)?.ShutdownSend();
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The server has reset it already.
        }
    }

    /// <summary>Leaves without a word: by a reset, where there is one.</summary>
    public void Leave()
    {
        try
        {
            _socket?.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The server was faster.
        }

        Stream.Dispose();
    }

    public void Dispose() => Stream.Dispose();
}
