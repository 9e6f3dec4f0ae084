using System.Net;

namespace PipeServer.Server;

/// <summary>Holds each client address to <see cref="HttpServerOptions.RateLimit"/>. Thread-safe; nothing is allocated for a request.</summary>
internal sealed class RateLimiter
{
    /// <summary>How many addresses are remembered, whatever comes: 4 MB.</summary>
    public const int MaxClients = Tables * AddressBuckets.ClientsPerTable;

    private const int Tables = 16;

    private readonly TimeProvider _time;
    private readonly AddressBuckets _buckets = new(Tables);

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
        _perTick = (ulong)(limit.Requests * Thousandths) * (ulong)(TimeSpan.TicksPerSecond / Thousandths);
        _perToken = (UInt128)(ulong)time.TimestampFrequency * (ulong)limit.Period.Ticks;
        _perSecond = (ulong)time.TimestampFrequency * _perTick;
        _burst = (uint)limit.Burst;
        _start = time.GetTimestamp();
    }

    /// <summary>How many addresses are remembered.</summary>
    public int Count => _buckets.Count;

    /// <summary>Counts a request; false, and nothing is counted, when it is one too many.</summary>
    /// <param name="address">The client's address.</param>
    /// <param name="retryAfterSeconds">When it may come again: whole seconds, at least one. 0 where it may now.</param>
    public bool TryTake(IPAddress address, out int retryAfterSeconds)
    {
        var now = (ulong)(_time.GetTimestamp() - _start) * _perTick;
        if (_buckets.TryTake(address, tokens: 1, now, _perToken, _burst, out var wait))
        {
            retryAfterSeconds = 0;
            return true;
        }

        var seconds = (wait + _perSecond - 1) / _perSecond;
        retryAfterSeconds = seconds > int.MaxValue ? int.MaxValue : (int)seconds;
        return false;
    }
}
