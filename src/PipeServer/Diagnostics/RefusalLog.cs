using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>
/// Tells which clients are refused, and why: the first at once, by its address; those within a second after it are counted by status, and told
/// in one line when the second is over, so that an attack does not bury what else is logged. May be called from any thread.
/// </summary>
/// <param name="logger">Gets the lines, as warnings.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class RefusalLog(ILogger logger, TimeProvider timeProvider)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, long> _counts = [];
    private ITimer? _timer;
    private long _opened;
    private bool _isOpen;

    /// <summary>Tells of a refusal, or counts it. The client's address is asked for only where it is told: mostly it has to be made up.</summary>
    /// <param name="client">Who is refused.</param>
    /// <param name="address">Gives the client's address, or null.</param>
    /// <param name="status">What the client is answered.</param>
    /// <param name="reason">Why, without anything that it has sent, unless escaped.</param>
    public void Write<T>(T client, Func<T, EndPoint?> address, int status, string reason)
    {
        if (IsToBeTold(status))
        {
            Tell(address(client), status, reason);
        }
    }

    /// <summary>Counts a refusal. When it is the first for a second, the caller has to <see cref="Tell"/> it.</summary>
    /// <param name="status">What the client is answered.</param>
    public bool IsToBeTold(int status)
    {
        if (!logger.IsEnabled(LogLevel.Warning))
        {
            return false;
        }

        lock (_gate)
        {
            var now = timeProvider.GetTimestamp();
            if (!_isOpen || (_counts.Count == 0 && timeProvider.GetElapsedTime(_opened, now) >= Window))
            {
                (_isOpen, _opened) = (true, now);
                return true;
            }

            var isTimed = _counts.Count > 0;
            _counts[status] = _counts.GetValueOrDefault(status) + 1;
            if (!isTimed)
            {
                var left = Window - timeProvider.GetElapsedTime(_opened, now);
                _timer ??= timeProvider.CreateTimer(static log => ((RefusalLog)log!).TellCounted(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            }

            return false;
        }
    }

    /// <summary>Tells of one client.</summary>
    /// <param name="client">Its address; null where it has none, on a unix socket.</param>
    /// <param name="status">What it is answered.</param>
    /// <param name="reason">Why, without anything that it has sent, unless escaped.</param>
    public void Tell(EndPoint? client, int status, string reason) =>
        Log.ClientRefused(logger, Name(client), status, reason);

    // On a socket for both families an IPv4 client has a mapped address, which would be another one than in the access log. Behind a proxy most
    // clients have no port.
    private static string Name(EndPoint? client) => client switch
    {
        null or UnixDomainSocketEndPoint => "a client of a unix socket",
        IPEndPoint { Port: 0, Address: var address } => address.ToString(),
        IPEndPoint { Address: { IsIPv4MappedToIPv6: true } address } mapped => new IPEndPoint(address.MapToIPv4(), mapped.Port).ToString(),
        _ => client.ToString()!,
    };

    /// <summary>Tells now of those that were counted: nothing more comes, or the second is over.</summary>
    public void TellCounted()
    {
        long count;
        string statuses;
        lock (_gate)
        {
            _isOpen = false;
            count = _counts.Values.Sum();
            statuses = string.Join(", ", _counts.Select(static pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} ({pair.Value})")));
            _counts.Clear();
        }

        if (count > 0)
        {
            Log.MoreClientsRefused(logger, count, statuses);
        }
    }
}
