using System.Net.Sockets;

namespace PipeServer.Transport;

/// <summary>
/// The file of a unix socket. The system leaves it behind when a server dies, and then refuses to bind there; a server that
/// stops in order deletes its own.
/// </summary>
internal static class UnixSocketFile
{
    /// <summary>Deletes the file if it is a socket that nobody listens on any more; anything else is left alone.</summary>
    public static void DeleteIfStale(UnixDomainSocketEndPoint endPoint)
    {
        if (!TryGetPath(endPoint, out var path) || !File.Exists(path))
        {
            return;
        }

        // Of another type than a server's socket: a server that is alive refuses it for that, and need not accept it.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endPoint);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
        }
        catch (SocketException)
        {
            // Alive, or not a socket, or not ours to reach: the bind will say so.
        }
    }

    public static void Delete(UnixDomainSocketEndPoint endPoint)
    {
        if (TryGetPath(endPoint, out var path))
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Left behind, as after a crash: the next server takes it away.
            }
        }
    }

    // A name of the abstract namespace, which starts with NUL, has no file.
    private static bool TryGetPath(UnixDomainSocketEndPoint endPoint, out string path)
    {
        path = endPoint.ToString();
        return endPoint.Serialize()[2] != 0; // behind the address family
    }

    // Regular files and FIFOs refuse connections too, but can be opened; for a socket the system says ENXIO. Read and write,
    // because to open a FIFO for one of them would wait for the other.
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
