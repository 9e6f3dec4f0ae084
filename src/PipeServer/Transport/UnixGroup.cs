using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PipeServer.Transport;

/// <summary>Groups of users as the system knows them, wherever it looks them up (nsswitch.conf(5)).</summary>
internal static partial class UnixGroup
{
    private const int ERANGE = 34;
    private const int EPERM = 1;

    // A group of tens of thousands of members fits.
    private const int MostBytes = 4 * 1024 * 1024;

    /// <summary>Makes a group that of a file. Does not follow a symbolic link.</summary>
    /// <param name="path">The file.</param>
    /// <param name="group">The group's name, or its number if no group has that name, as chown(1) takes it.</param>
    /// <exception cref="SocketException">There is no such group, or the process may not give it.</exception>
    public static void Give(string path, string group)
    {
        var id = Find(group)
            ?? (uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number != uint.MaxValue ? number : null as uint?)
            ?? throw new EndPointException(SocketError.InvalidArgument, $"there is no group '{group}' for its file. Name one of getent group, or its number.");
        if (lchown(path, uint.MaxValue, id) == 0)
        {
            return;
        }

        var errno = Marshal.GetLastPInvokeError();
        throw new EndPointException(SocketError.AccessDenied, errno == EPERM
            ? $"its file cannot be given the group '{group}': the process must be a member of it, or root."
            : $"its file cannot be given the group '{group}': {Marshal.GetPInvokeErrorMessage(errno)}.");
    }

    // SAFETY: struct group is two pointers, then the number, then a pointer, here on this stack frame; the array is pinned for the call, and its
    // length passed with it.
    private static unsafe uint? Find(string name)
    {
        var group = stackalloc nint[4];
        for (var bytes = 4096; bytes <= MostBytes; bytes *= 4)
        {
            fixed (byte* buffer = new byte[bytes])
            {
                nint found = 0;
                var errno = getgrnam_r(name, group, buffer, (nuint)bytes, &found);
                if (errno != ERANGE)
                {
                    return errno == 0 && found != 0 ? *(uint*)(group + 2) : null;
                }
            }
        }

        return null;
    }

    // SAFETY: see Find.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int getgrnam_r(string name, nint* group, byte* buffer, nuint length, nint* found);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int lchown(string path, uint owner, uint group);
}
