using System.Net;

namespace PipeServer.Server;

/// <summary>
/// What each client address may have the server do, on all its HTTP/2 connections together, beside answering requests: frames that have no request to
/// show for them, resets, and requests that are taken back. A client that does so much on one connection is stopped by that one's own budget; this one
/// is for those who do it on many. Thread-safe; nothing is allocated to take of it.
/// </summary>
/// <remarks>
/// Of IPv6 the first 64 bits count. Clients without an address, of unix sockets, have none of these budgets. The last 16,384 addresses are remembered, in
/// 1 MB: a stream of new ones gets what a new address gets each (<see cref="RateBuckets"/>).
/// </remarks>
internal sealed class ClientBudgets
{
    /// <summary>How much work may be done for an address a second. Many honest clients may share one.</summary>
    public const int PerSecond = 1000 * PerMillisecond;

    /// <summary>How much may be done at once, when there was none for some seconds.</summary>
    public const int Burst = 4 * PerSecond;

    /// <summary>How many addresses are remembered, whatever comes.</summary>
    public const int MaxClients = Tables * AddressBuckets.ClientsPerTable;

    private const int PerMillisecond = 5;
    private const int Tables = 4;

    private readonly AddressBuckets _buckets = new(Tables);

    /// <summary>How many addresses are remembered.</summary>
    public int Count => _buckets.Count;

    /// <summary>Takes of a client's budget; false, and nothing is taken, when there is not that much left.</summary>
    /// <param name="address">The client's address.</param>
    /// <param name="cost">How much work it is.</param>
    /// <param name="now">Milliseconds of the heartbeat's clock.</param>
    public bool TryTake(IPAddress address, int cost, long now) =>
        _buckets.TryTake(address, (uint)cost, (ulong)now * PerMillisecond, perToken: 1, Burst, out _);
}
