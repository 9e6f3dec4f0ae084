using System.Net;
using System.Runtime.InteropServices;

namespace PipeServer.Server;

/// <summary>Counts the connections of each client address against <see cref="HttpServerOptions.MaxConnectionsPerAddress"/>. Thread-safe.</summary>
internal sealed class AddressQuota(int limit)
{
    private readonly Dictionary<IPAddress, int> _connections = []; // locked on itself

    /// <summary>Counts one more connection; false, and nothing counted, when the address has reached its limit.</summary>
    public bool TryTake(IPAddress address)
    {
        var client = Client(address);
        lock (_connections)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_connections, client, out _);
            if (count >= limit)
            {
                return false;
            }

            count++;
            return true;
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
