using System.Runtime.InteropServices;
using System.Text;

namespace PipeServer.AspNetCore;

/// <summary>What the system says of a file, links followed: two equal ones are one version of one file.</summary>
internal readonly partial record struct FileVersion(ulong Device, ulong Inode, long Length, FileVersion.Moment Modified, FileVersion.Moment Changed)
{
    private const int LongestPath = 1024; // bytes
    private const int AT_FDCWD = -100;
    private const uint STATX_BASIC_STATS = 0x7FF;
    private const int IFMT = 0xF000;
    private const int IFREG = 0x8000;

    /// <summary>What a path leads to; false where that is no regular file, the path is long, or the platform is not Linux.</summary>
    // SAFETY: path and struct statx (256 bytes) are on this stack frame; the path ends with a zero byte; the offsets are those of the struct.
    public static unsafe bool TryGet(string path, out FileVersion version)
    {
        version = default;
        var name = stackalloc byte[LongestPath];
        var status = stackalloc byte[256];
        if (!OperatingSystem.IsLinux() || !Encoding.UTF8.TryGetBytes(path, new Span<byte>(name, LongestPath - 1), out var length))
        {
            return false;
        }

        name[length] = 0;
        if (path.Contains('\0') || statx(AT_FDCWD, name, 0, STATX_BASIC_STATS, status) < 0 || (*(ushort*)(status + 28) & IFMT) != IFREG)
        {
            return false;
        }

        var device = ((ulong)*(uint*)(status + 136) << 32) | *(uint*)(status + 140);
        version = new(device, *(ulong*)(status + 32), *(long*)(status + 40), Time(status + 112), Time(status + 96));
        return true;
    }

    /// <summary>It has been as it is for so long that the next change has another time.</summary>
    public bool IsSettled(DateTimeOffset now)
    {
        var before = now.ToUnixTimeSeconds() - 1;
        return Modified.Seconds < before && Changed.Seconds < before;
    }

    // SAFETY: struct statx_timestamp: seconds in eight bytes, nanoseconds in four.
    private static unsafe Moment Time(byte* time) => new(*(long*)time, *(uint*)(time + 8));

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    // SAFETY: see TryGet.
    private static unsafe partial int statx(int folder, byte* path, int flags, uint mask, byte* status);

    /// <summary>Seconds since 1970 and nanoseconds.</summary>
    internal readonly record struct Moment(long Seconds, uint Nanoseconds);
}
