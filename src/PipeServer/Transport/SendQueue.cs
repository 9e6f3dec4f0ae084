using System.Runtime.InteropServices;

namespace PipeServer.Transport;

/// <summary>What Linux tells of the bytes that a socket was given and its peer has not taken yet.</summary>
internal static partial class SendQueue
{
    private const nuint SIOCOUTQ = 0x5411;

    /// <summary>
    /// Over a unix socket: the memory of what the peer has still to read. Over TCP: what it has not acknowledged. Null when that cannot be told.
    /// </summary>
    // SAFETY: the number lives on this stack frame for the whole call.
    public static unsafe long? UnreadBytes(SafeHandle socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            var bytes = 0;
            return ioctl(socket, SIOCOUTQ, &bytes) < 0 ? null : bytes;
        }
        catch (ObjectDisposedException)
        {
            return null; // closed a moment ago
        }
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    // SAFETY: see UnreadBytes.
    private static unsafe partial int ioctl(SafeHandle socket, nuint request, int* value);
}
