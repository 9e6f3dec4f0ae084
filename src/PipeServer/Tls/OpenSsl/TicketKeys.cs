using PipeServer.Platform;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// The keys of an engine's session tickets: the first one encrypts, all of them decrypt. Keys of its own are exchanged every twelve hours, and each is
/// good for twice that time afterwards, which is as long as a ticket lives; then nobody can read a ticket, or a session of TLS 1.2 that began with it, any more.
/// Thread-safe.
/// </summary>
internal sealed class TicketKeys
{
    /// <summary>How long a ticket lives.</summary>
    public static readonly TimeSpan TicketLifetime = TimeSpan.FromHours(24);

    private const int KeptKeys = 3;
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(12);

    private readonly TimeProvider _time;
    private readonly bool _areGiven;
    private readonly Lock _lock = new();
    private volatile TicketKey[] _keys;
    private long _exchanged;

    /// <summary>Keys of its own, or the ones that are given.</summary>
    /// <exception cref="ArgumentException">There are none of these, or one has another length.</exception>
    public TicketKeys(IReadOnlyList<ReadOnlyMemory<byte>>? given, TimeProvider time)
    {
        _time = time;
        _areGiven = given is not null;
        _exchanged = time.GetTimestamp();
        if (given is null)
        {
            _keys = [NewKey()];
            return;
        }

        if (given.Count == 0 || given.Any(static key => key.Length != TicketKey.Length))
        {
            throw new ArgumentException(
                $"TlsOptions.TicketKeys must have at least one key, and each must have {TicketKey.Length} bytes; found "
                + $"{(given.Count == 0 ? "none" : string.Join(", ", given.Select(static key => key.Length)) + " bytes")}. Null is for keys of the server's own.");
        }

        _keys = [.. given.Select(static key => new TicketKey(key.Span))];
    }

    /// <summary>The key of new tickets.</summary>
    public TicketKey Current
    {
        get
        {
            ExchangeIfDue();
            return _keys[0];
        }
    }

    /// <summary>The key of this name; null where there is none, or none any more.</summary>
    public TicketKey? Find(ReadOnlySpan<byte> name, out bool isCurrent)
    {
        ExchangeIfDue();
        var keys = _keys;
        foreach (var key in keys)
        {
            if (key.Name.SequenceEqual(name))
            {
                isCurrent = key == keys[0];
                return key;
            }
        }

        isCurrent = false;
        return null;
    }

    private static TicketKey NewKey() => new(RandomNumbers.Bytes(TicketKey.Length));

    // A server that nobody has talked to for long has missed several exchanges: each of them makes the older keys older.
    private void ExchangeIfDue()
    {
        if (_areGiven || _time.GetElapsedTime(Volatile.Read(ref _exchanged)) < KeyLifetime)
        {
            return;
        }

        lock (_lock)
        {
            var missed = (int)Math.Min(KeptKeys, _time.GetElapsedTime(_exchanged).Ticks / KeyLifetime.Ticks);
            if (missed == 0)
            {
                return;
            }

            _keys = [.. Enumerable.Range(0, missed).Select(static _ => NewKey()), .. _keys.Take(KeptKeys - missed)];
            Volatile.Write(ref _exchanged, _time.GetTimestamp());
        }
    }
}
