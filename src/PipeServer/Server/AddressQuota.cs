using System.Net;
using System.Runtime.InteropServices;

namespace PipeServer.Server;

/// <summary>
/// Counts the connections of each client address against <see cref="HttpServerOptions.MaxConnectionsPerAddress"/>, from the first time on that there is
/// such a limit. Thread-safe.
/// </summary>
/// <param name="limit">The limit; null for none.</param>
internal sealed class AddressQuota(int? limit)
{
    private readonly Dictionary<IPAddress, int> _connections = []; // locked on itself
    private volatile int _limit = limit ?? int.MaxValue;
    private volatile bool _isCounting = limit is not null;

    /// <summary>True when connections are to be counted.</summary>
    public bool IsCounting => _isCounting;

    /// <summary>
    /// Sets another limit; null for none. An address that has more connections gets no other one until it has fewer. When it is the first limit, the
    /// caller has to <see cref="Add"/> the connections that there are, behind this call.
    /// </summary>
    /// <returns>True when it is the first limit.</returns>
    public bool Change(int? limit)
    {
        _limit = limit ?? int.MaxValue;
        var isFirst = limit is not null && !_isCounting;
        _isCounting |= isFirst;
        return isFirst;
    }

    /// <summary>Counts one more connection; false, and nothing counted, when the address has reached its limit.</summary>
    public bool TryTake(IPAddress address)
    {
        var client = Client(address);
        lock (_connections)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_connections, client, out _);
            if (count >= _limit)
            {
                return false;
            }

            count++;
            return true;
        }
    }

    /// <summary>Counts a connection that there is already, whatever the limit.</summary>
    public void Add(IPAddress address)
    {
        var client = Client(address);
        lock (_connections)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_connections, client, out _)++;
        }
    }

    /// <summary>A connection that was counted has ended.</summary>
    public void Return(IPAddress address)
    {
        var client = Client(address);
        lock (_connections)
        {
            if (--CollectionsMarshal.GetValueRefOrNullRef(_connections, client) == 0)
            {
                _connections.Remove(client);
            }
        }
    }

    // The same client counts once, whichever listener or proxy names it: IPv4 as such, IPv6 without its scope.
    private static IPAddress Client(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());
}
