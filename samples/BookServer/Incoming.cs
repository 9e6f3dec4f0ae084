using System.Net.Sockets;

namespace BookServer;

/// <summary>The Book's <c>listener.incoming()</c>.</summary>
internal static class Incoming
{
    /// <summary>The connections as they come, until the listener is stopped.</summary>
    public static IEnumerable<TcpClient> Clients(TcpListener listener)
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = listener.AcceptTcpClient();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                yield break; // the listener was stopped
            }

            yield return client;
        }
    }
}
