using System.Net;
using PipeServer.Http;
using PipeServer.Platform;

namespace PipeServer.Server;

/// <summary>Holds each client address to <see cref="HttpServerOptions.RateLimit"/>. Thread-safe; nothing is allocated for a request.</summary>
/// <remarks>
/// IPv4 addresses count one by one, mapped to IPv6 or not; IPv6 addresses by their first 64 bits, because a client has all that begin with them. The
/// tables are several, so that threads seldom wait for each other; which one is a client's, and where in it, depends on random numbers,
/// so that nobody can fill one chain.
/// </remarks>
internal sealed class RateLimiter
{
    /// <summary>How many addresses are remembered, whatever comes: 4 MB.</summary>
    public const int MaxClients = Tables * ClientsPerTable;

    private const int Tables = 16;
    private const int ClientsPerTable = 4096;
    private const int NetworkBits = 64;

    private readonly TimeProvider _time;
    private readonly RateBuckets[] _tables = new RateBuckets[Tables];
    private readonly ulong _seed = RandomNumbers.Next();
    private readonly ulong _factor = RandomNumbers.Next() | 1;

    // Time is counted in a unit that makes both whole: how long a token takes, and how much a tick of the clock brings.
    private readonly UInt128 _perTick;
    private readonly UInt128 _perToken;
    private readonly UInt128 _perSecond;
    private readonly uint _burst;
    private readonly long _start; // a timestamp, from which on time is counted

    /// <summary>What it holds clients to.</summary>
    public RateLimit Limit { get; }

    /// <summary>Starts with no client known.</summary>
    public RateLimiter(RateLimit limit, TimeProvider time)
    {
        const int Thousandths = 1000;
        Limit = limit;
        _time = time;
        for (var i = 0; i < Tables; i++)
        {
            _tables[i] = new RateBuckets(ClientsPerTable);
        }

        _perTick = (ulong)(limit.Requests * Thousandths) * (ulong)(TimeSpan.TicksPerSecond / Thousandths);
        _perToken = (UInt128)(ulong)time.TimestampFrequency * (ulong)limit.Period.Ticks;
        _perSecond = (ulong)time.TimestampFrequency * _perTick;
        _burst = (uint)limit.Burst;
        _start = time.GetTimestamp();
    }

    /// <summary>How many addresses are remembered.</summary>
    public int Count => _tables.Sum(static table => table.Count);

    /// <summary>Counts a request; false, and nothing is counted, when it is one too many.</summary>
    /// <param name="address">The client's address.</param>
    /// <param name="retryAfterSeconds">When it may come again: whole seconds, at least one. 0 where it may now.</param>
    public bool TryTake(IPAddress address, out int retryAfterSeconds)
    {
        var client = Client(HostAddress.Of(address));
        var hash = Hash(client);
        var table = _tables[hash >> 32 & (Tables - 1)];
        var now = (ulong)(_time.GetTimestamp() - _start) * _perTick;
        if (table.TryTake(client, (uint)hash, now, _perToken, _burst, out var wait))
        {
            retryAfterSeconds = 0;
            return true;
        }

        var seconds = (wait + _perSecond - 1) / _perSecond;
        retryAfterSeconds = seconds > int.MaxValue ? int.MaxValue : (int)seconds;
        return false;
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
