using System.Runtime.InteropServices;

namespace PipeServer.Platform;

/// <summary>How many descriptors the process may have, and has. Every connection, file and watch costs one.</summary>
internal static partial class DescriptorLimits
{
    private const int RLIMIT_NOFILE = 7;

    // Below this, connections need all there are.
    private const int FewDescriptors = 1024;

    private static readonly Lazy<long> Limit = new(ReadLimit);

    private static bool IsKnown => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>
    /// The number of descriptors that the process may have (<c>RLIMIT_NOFILE</c>, the soft limit); <see cref="long.MaxValue"/> where it is not known.
    /// </summary>
    public static long Most => Limit.Value;

    /// <summary>
    /// How many of them files may keep that are held open between requests: an eighth, at most 4,096, and none where there are few. Connections
    /// are counted beside them, not in their place.
    /// </summary>
    public static int MostKeptFiles => Most < FewDescriptors ? 0 : (int)Math.Min(Most / 8, 4096);

    /// <summary>
    /// Raises the soft limit to the hard one, for a program to call before anything else. The runtime does so by itself, a native file does not, and
    /// 1,024 is what shells and systemd give for the sake of select(2), which nobody here calls.
    /// </summary>
    public static unsafe void Raise()
    {
        // SAFETY: as in ReadLimit.
        var limits = stackalloc ulong[2];
        if (IsKnown && getrlimit(RLIMIT_NOFILE, limits) == 0 && limits[0] < limits[1])
        {
            limits[0] = limits[1];
            _ = setrlimit(RLIMIT_NOFILE, limits); // where that is refused, the limit that there is holds
        }
    }

    /// <summary>How many descriptors are open now. Linux only.</summary>
    /// <exception cref="IOException">No descriptor is left to look with.</exception>
    public static int Open() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    // SAFETY: struct rlimit is two numbers, the soft limit first, on this stack frame for the whole call.
    private static unsafe long ReadLimit()
    {
        var limits = stackalloc ulong[2];
        return IsKnown && getrlimit(RLIMIT_NOFILE, limits) == 0 ? (long)Math.Min(limits[0], long.MaxValue) : long.MaxValue;
    }

    [LibraryImport("libc")]
    // SAFETY: see ReadLimit.
    private static unsafe partial int getrlimit(int resource, ulong* limits);

    [LibraryImport("libc")]
    // SAFETY: see Raise.
    private static unsafe partial int setrlimit(int resource, ulong* limits);
}
