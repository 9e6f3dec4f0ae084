using System.Globalization;

namespace PipeServer.Capacity;

/// <summary>What the kernel holds for connections.</summary>
internal static class KernelMemory
{
    // A connection's structures, of both of its ends where both are on this machine. Its entry in the cache of names is counted as one for each socket:
    // of that cache whatever else the machine does takes some too.
    private static readonly string[] Sockets = ["TCP", "TCPv6", "sock_inode_cache", "filp", "eventpoll_epi"];

    /// <summary>Bytes in the slabs of sockets, of all processes; null where /proc/slabinfo may not be read.</summary>
    public static double? SlabBytes()
    {
        try
        {
            var caches = File.ReadLines("/proc/slabinfo").Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(static fields => fields.Length > 3)
                .ToLookup(static fields => fields[0], StringComparer.Ordinal);
            var names = Field(caches["sock_inode_cache"].FirstOrDefault(), 1) * Field(caches["dentry"].FirstOrDefault(), 3);
            return names + Sockets.Sum(name => Field(caches[name].FirstOrDefault(), 1) * Field(caches[name].FirstOrDefault(), 3));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            return null;
        }
    }

    private static double Field(string[]? fields, int at) => fields is null ? 0 : double.Parse(fields[at], CultureInfo.InvariantCulture);
}
