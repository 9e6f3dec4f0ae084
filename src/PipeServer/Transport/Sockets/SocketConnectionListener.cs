using System.Net;
using System.Net.Sockets;
using PipeServer.Platform;

namespace PipeServer.Transport.Sockets;

/// <summary>One listening socket.</summary>
internal sealed class SocketConnectionListener : IConnectionListener
{
    private readonly Socket _socket;
    private readonly bool _ownsSocket; // false for an inherited socket: other processes listen on it too, and go on
    private readonly CancellationTokenSource _stopped = new();

    /// <param name="socket">Bound and listening.</param>
    /// <param name="passed">Who it was passed as, or null when it is our own.</param>
    public SocketConnectionListener(Socket socket, InheritedSocketEndPoint? passed)
    {
        _socket = socket;
        _ownsSocket = passed is null;
        EndPoint = (passed is null ? socket.LocalEndPoint : ListeningSocket.AddressOf(socket.SafeHandle, socket.LocalEndPoint)) ?? passed!;
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<TransportConnection?> AcceptAsync()
    {
        for (var gone = 1; !_stopped.IsCancellationRequested; gone++)
        {
            try
            {
                // Cancelling loses no client: the runtime takes a connection out of the backlog only when it completes the call with it.
                return Start(await _socket.AcceptAsync(_stopped.Token).ConfigureAwait(false));
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (SocketException exception) when (gone < ListeningSocket.MaxGoneClients && Errno.IsOfOneClient(exception.SocketErrorCode))
            {
                // That client left between its handshake and our accept. The next accept gets the next client.
            }
        }

        return AcceptFromBacklog();
    }

    public async ValueTask StopListeningAsync()
    {
        if (_ownsSocket)
        {
            await ListeningSocket.TurnClientsAwayAsync(_socket.SafeHandle, EndPoint).ConfigureAwait(false);
        }

        await _stopped.CancelAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
    }

    private static SocketConnection Start(Socket accepted)
    {
        try
        {
            return new SocketConnection(accepted);
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }

    private SocketConnection? AcceptFromBacklog()
    {
        try
        {
            _socket.Blocking = false;
            for (var gone = 1; ; gone++)
            {
                try
                {
                    return Start(_socket.Accept());
                }
                catch (SocketException exception) when (gone < ListeningSocket.MaxGoneClients && Errno.IsOfOneClient(exception.SocketErrorCode))
                {
                    // That client left as well.
                }
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
        {
            _socket.Dispose();
        }
        catch (ObjectDisposedException)
        {
            // Closed by an earlier call or by DisposeAsync.
        }

        return null;
    }
}
