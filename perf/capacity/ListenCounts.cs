using System.Globalization;

namespace PipeServer.Capacity;

/// <summary>What the system has counted of clients that found no room, in one network namespace since its start.</summary>
/// <param name="Overflows">Handshakes that found the queue of a listening socket full.</param>
/// <param name="Drops">Those, and all others that were dropped at a listening socket.</param>
/// <param name="Cookies">Times at which the queue of half-open connections was full and cookies were sent.</param>
internal readonly record struct ListenCounts(long Overflows, long Drops, long Cookies)
{
    /// <summary>Those of the namespace that a process is in.</summary>
    public static ListenCounts Of(int process)
    {
        var lines = File.ReadLines($"/proc/{process}/net/netstat").Where(static line => line.StartsWith("TcpExt:", StringComparison.Ordinal)).Take(2)
            .Select(static line => line.Split(' ')).ToList();
        return new ListenCounts(Count("ListenOverflows"), Count("ListenDrops"), Count("TCPReqQFullDoCookies"));

        long Count(string name) => Array.IndexOf(lines[0], name) is > 0 and var at ? long.Parse(lines[1][at], CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>What has come since.</summary>
    public ListenCounts Since(ListenCounts before) => new(Overflows - before.Overflows, Drops - before.Drops, Cookies - before.Cookies);
}
