using System.Net;
using System.Net.Sockets;

namespace PipeServer.Transport.Sockets;

/// <summary>One listening socket.</summary>
internal sealed class SocketConnectionListener : IConnectionListener
{
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stopped = new();

    public SocketConnectionListener(Socket socket)
    {
        _socket = socket;
        EndPoint = socket.LocalEndPoint!;
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<TransportConnection?> AcceptAsync()
    {
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                // Cancelling loses no client: the runtime takes a connection out of the backlog only to complete the call.
                return new SocketConnection(await _socket.AcceptAsync(_stopped.Token).ConfigureAwait(false));
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (SocketException exception) when (IsOfOneClient(exception.SocketErrorCode))
            {
                // That client left between its handshake and our accept; the next one is waiting.
            }
        }

        return AcceptFromBacklog();
    }

    public void StopListening() => _stopped.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
    }

    private SocketConnection? AcceptFromBacklog()
    {
        try
        {
            while (_socket.Poll(TimeSpan.Zero, SelectMode.SelectRead))
            {
                try
                {
                    return new SocketConnection(_socket.Accept());
                }
                catch (SocketException exception) when (IsOfOneClient(exception.SocketErrorCode))
                {
                    // As above.
                }
            }

            _socket.Dispose();
        }
        catch (ObjectDisposedException)
        {
            // Closed by an earlier call or by DisposeAsync.
        }

        return null;
    }

    private static bool IsOfOneClient(SocketError error) =>
        error is SocketError.ConnectionAborted or SocketError.ConnectionReset;
}
