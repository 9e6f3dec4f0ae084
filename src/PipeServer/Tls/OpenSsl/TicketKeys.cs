using System.Buffers.Binary;
using PipeServer.Platform;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// The keys of an engine's session tickets: the first one encrypts, all of them decrypt. Keys of its own are exchanged every twelve hours, and each is
/// good for twice that time afterwards, which is as long as a ticket lives; then nobody can read a ticket any more, or a session of TLS 1.2 that began
/// with it.
/// Thread-safe.
/// </summary>
internal sealed class TicketKeys
{
    /// <summary>How long a ticket lives.</summary>
    public static readonly TimeSpan TicketLifetime = TimeSpan.FromHours(24);

    private const int KeptKeys = 3;
    private const byte ExportVersion = 1;
    private const int ExportHeadBytes = 1 + sizeof(long); // the version, and for how many milliseconds the first key has been in use
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
                + $"{(given.Count == 0 ? "none" : string.Join(", ", given.Select(static key => key.Length)) + " bytes")}. "
                + "Null is for keys of the server's own.");
        }

        _keys = [.. given.Select(static key => new TicketKey(key.Span))];
    }

    /// <summary>Keys of its own, gone on with from those of another process; new ones where that says nothing or is of no form that is known here.</summary>
    /// <param name="exported">What <see cref="Export"/> gave there a moment ago.</param>
    /// <param name="time">When they are exchanged.</param>
    public static TicketKeys Import(ReadOnlySpan<byte> exported, TimeProvider time)
    {
        var keys = new TicketKeys(given: null, time);
        var count = (exported.Length - ExportHeadBytes) / TicketKey.Length;
        if (exported.Length <= ExportHeadBytes || exported[0] != ExportVersion || count > KeptKeys
            || exported.Length != ExportHeadBytes + (count * TicketKey.Length))
        {
            return keys;
        }

        var age = TimeSpan.FromMilliseconds(Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(exported[1..]), 0, (long)KeyLifetime.TotalMilliseconds));
        var imported = new TicketKey[count];
        for (var index = 0; index < count; index++)
        {
            imported[index] = new TicketKey(exported.Slice(ExportHeadBytes + (index * TicketKey.Length), TicketKey.Length));
        }

        keys._keys = imported;
        keys._exchanged -= (long)(age.TotalSeconds * time.TimestampFrequency);
        return keys;
    }

    /// <summary>
    /// The keys and their age, for a process that takes the sessions over. A secret: who has it can read what was recorded of sessions that go on with
    /// tickets of TLS 1.2.
    /// </summary>
    public byte[] Export()
    {
        lock (_lock)
        {
            var exported = new byte[ExportHeadBytes + (_keys.Length * TicketKey.Length)];
            exported[0] = ExportVersion;
            BinaryPrimitives.WriteInt64LittleEndian(exported.AsSpan(1), (long)_time.GetElapsedTime(_exchanged).TotalMilliseconds);
            for (var index = 0; index < _keys.Length; index++)
            {
                _keys[index].CopyTo(exported.AsSpan(ExportHeadBytes + (index * TicketKey.Length)));
            }

            return exported;
        }
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
