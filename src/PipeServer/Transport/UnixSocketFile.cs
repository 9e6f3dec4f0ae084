using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace PipeServer.Transport;

/// <summary>
/// The file of a unix socket. The system leaves it behind when a server dies, and then refuses to bind there; a server that
/// stops in order deletes its own. A name of the abstract namespace has no file.
/// </summary>
internal static partial class UnixSocketFile
{
    private const int AT_FDCWD = -100;
    private const uint STATX_TYPE = 1;
    private const int IFMT = 0xF000;
    private const int IFSOCK = 0xC000;

    /// <summary>
    /// The address of the socket, with a stale file there deleted: a socket that nobody listens on any more. Anything else is left alone.
    /// </summary>
    /// <returns>The address, or null when the end point is no unix socket.</returns>
    /// <exception cref="SocketException">The end point cannot be had on this system, or its stale file cannot be deleted.</exception>
    public static UnixDomainSocketEndPoint? Prepare(EndPoint endPoint)
    {
        var socket = (endPoint as UnixSocketFileEndPoint)?.Socket ?? endPoint as UnixDomainSocketEndPoint;
        if (socket is null)
        {
            return null;
        }

        if (TryGetPath(socket, out var path))
        {
            DeleteIfStale(socket, path);
        }
        else if (!OperatingSystem.IsLinux())
        {
            throw new EndPointException(SocketError.AddressNotAvailable, "only Linux has abstract names. Choose a path.");
        }

        return socket;
    }

    /// <summary>
    /// Gives the file of a socket that is bound and does not listen yet its group, then its mode. Until the socket listens, nobody can connect.
    /// </summary>
    /// <exception cref="SocketException">The group does not exist, or the process may not give it; the file is still there.</exception>
    public static void SetAccess(UnixSocketFileEndPoint endPoint)
    {
        if (!TryGetPath(endPoint.Socket, out var path))
        {
            throw new EndPointException(SocketError.InvalidArgument, "an abstract name has no file, and so neither a mode nor a group.");
        }

        if (OperatingSystem.IsWindows())
        {
            throw new EndPointException(SocketError.OperationNotSupported, "files of Windows have neither a mode nor a group of this kind.");
        }

        if (endPoint.Group is { } group)
        {
            UnixGroup.Give(path, group);
        }

        if (endPoint.Mode is { } mode)
        {
            try
            {
                File.SetUnixFileMode(path, mode);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new EndPointException(SocketError.AccessDenied, $"its file cannot be given its mode: {exception.Message}");
            }
        }
    }

    /// <summary>Deletes the file of a server that stops.</summary>
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

    /// <summary>True when a path leads to a socket.</summary>
    public static bool IsSocket(string path) => OperatingSystem.IsLinux() ? TypeOf(path) == IFSOCK : IsSocketByOpening(path);

    private static void DeleteIfStale(UnixDomainSocketEndPoint endPoint, string path)
    {
        if (!File.Exists(path))
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
            try
            {
                File.Delete(path);
            }
            catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
            {
                throw new EndPointException(
                    SocketError.AddressAlreadyInUse,
                    $"the file that a dead server left there cannot be deleted. Delete it, or choose another path. ({denied.Message})");
            }
        }
        catch (SocketException)
        {
            // Alive, or not a socket, or not ours to reach: the bind will say so.
        }
    }

    private static bool TryGetPath(UnixDomainSocketEndPoint endPoint, out string path)
    {
        path = endPoint.ToString();
        return !UnixSocketAddress.IsAbstract(endPoint);
    }

    // SAFETY: struct statx has 256 bytes, here on this stack frame, and stx_mode is at 28; the array is pinned for the call and ends with a zero byte.
    private static unsafe int TypeOf(string path)
    {
        var status = stackalloc byte[256];
        fixed (byte* first = Encoding.UTF8.GetBytes(path + '\0'))
        {
            return statx(AT_FDCWD, first, 0, STATX_TYPE, status) < 0 ? 0 : *(ushort*)(status + 28) & IFMT;
        }
    }

    // Regular files and FIFOs refuse connections too, but can be opened; for a socket the system says ENXIO. Read and write,
    // because to open a FIFO for one of them would wait for the other.
    private static bool IsSocketByOpening(string path)
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

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    // SAFETY: see TypeOf.
    private static unsafe partial int statx(int folder, byte* path, int flags, uint mask, byte* status);
}
