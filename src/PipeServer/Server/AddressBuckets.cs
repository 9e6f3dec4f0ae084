using System.Net;
using PipeServer.Http;
using PipeServer.Platform;

namespace PipeServer.Server;

/// <summary>Token buckets by client address. Thread-safe; nothing is allocated to take tokens.</summary>
/// <remarks>
/// IPv4 addresses count one by one, mapped to IPv6 or not; IPv6 addresses by their first 64 bits, because a client has all that begin with them. The
/// tables are several, so that threads seldom wait for each other; which one is a client's, and where in it, depends on random numbers,
/// so that nobody can fill one chain.
/// </remarks>
internal sealed class AddressBuckets
{
    /// <summary>How many addresses a table remembers, in 256 KB.</summary>
    public const int ClientsPerTable = 4096;

    private const int NetworkBits = 64;

    private readonly RateBuckets[] _tables;
    private readonly ulong _seed = RandomNumbers.Next();
    private readonly ulong _factor = RandomNumbers.Next() | 1;

    /// <summary>Starts with no client known.</summary>
    /// <param name="tables">How many tables; a power of two.</param>
    public AddressBuckets(int tables)
    {
        _tables = new RateBuckets[tables];
        for (var i = 0; i < tables; i++)
        {
            _tables[i] = new RateBuckets(ClientsPerTable);
        }
    }

    /// <summary>How many addresses are remembered.</summary>
    public int Count => _tables.Sum(static table => table.Count);

    /// <summary>Takes tokens from a client's bucket; false, and nothing is taken, when there are not that many.</summary>
    /// <param name="address">The client's address.</param>
    /// <param name="tokens">How many.</param>
    /// <param name="now">The time, in any unit, since any moment before.</param>
    /// <param name="perToken">How long a token takes to come.</param>
    /// <param name="burst">How many a full bucket has.</param>
    /// <param name="wait">How long until there are as many: zero where they were taken.</param>
    public bool TryTake(IPAddress address, uint tokens, UInt128 now, UInt128 perToken, uint burst, out UInt128 wait)
    {
        var client = Client(HostAddress.Of(address));
        var hash = Hash(client);
        var table = _tables[(int)(hash >> 32) & (_tables.Length - 1)];
        return table.TryTake(client, (uint)hash, tokens, now, perToken, burst, out wait);
    }

    // No network of IPv6 is the number of an IPv4 address: their lower halves tell them apart.
    private static UInt128 Client(HostAddress address) => address.IsIPv4 ? address.Value : address.Value >> NetworkBits << NetworkBits;

    private ulong Hash(UInt128 client)
    {
        var high = Math.BigMul((ulong)(client >> 64) ^ _seed, _factor, out var low);
        var folded = high ^ low ^ (ulong)client;
        high = Math.BigMul(folded ^ _factor, _seed | 1, out low);
        return high ^ low;
    }
}
