using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace PipeServer.Routing;

/// <summary>
/// The routes without parameters by their path: a fixed hash table of their bytes. Immutable.
/// </summary>
/// <remarks>
/// The hash looks at the length and at no more than sixteen bytes; for a table whose paths differ elsewhere it looks at all of them. How many
/// entries a look-up compares at most is settled when the table is made, so an attacker gains nothing from paths that collide: requests add
/// nothing to the table.
/// </remarks>
internal sealed class LiteralRoutes
{
    /// <summary>How many routes a look-up compares with a path, at most, in all tables but those that no hash spreads.</summary>
    public const int MostProbes = 8;

    // A table of so many times its routes is still small beside them, and sparse enough for chance.
    private const int MostEntriesPerRoute = 16;
    private const int Seeds = 8;
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15;

    private Entry[] _entries; // open addressing; at least half of it is empty
    private uint _mask;
    private ulong _seed; // 0: the hash looks at sixteen bytes

    public LiteralRoutes(IEnumerable<Route> routes)
    {
        List<(byte[] Path, Route Route)> all = [.. routes.Select(static route => (Encoding.UTF8.GetBytes(route.Pattern.Text), route))];
        var smallest = BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, all.Count) * 2);
        _entries = [];
        var best = (Probes: int.MaxValue, Size: smallest, Seed: 0ul);
        for (var seed = 0ul; seed <= Seeds && best.Probes > MostProbes; seed++)
        {
            for (var size = smallest; size <= smallest * MostEntriesPerRoute / 2 && best.Probes > MostProbes; size *= 2)
            {
                var probes = Fill(all, size, seed);
                best = probes < best.Probes ? (probes, size, seed) : best;
            }
        }

        if ((_mask, _seed) != (best.Size - 1, best.Seed))
        {
            Fill(all, best.Size, best.Seed); // the last try was not the best
        }

        Probes = best.Probes;
    }

    /// <summary>How many routes the longest look-up compares with its path.</summary>
    public int Probes { get; }

    /// <summary>The route of a path, or null.</summary>
    public Route? Find(ReadOnlySpan<byte> path)
    {
        var entries = _entries;
        var ends = EndsOf(path);
        for (var at = PlaceOf(path, ends); at < (uint)entries.Length; at = (at + 1) & _mask)
        {
            ref readonly var entry = ref entries[at];
            if (entry.Route is not { } route)
            {
                break;
            }

            // The ends and the length are all there is of a short path.
            if (entry.Path.Length == path.Length && entry.First == ends.First && entry.Last == ends.Last
                && (path.Length <= 2 * sizeof(ulong) || path.SequenceEqual(entry.Path)))
            {
                return route;
            }
        }

        return null;
    }

    // Returns the number of entries in the longest row of taken ones, which is what a path that is not there is compared with at most.
    private int Fill(List<(byte[] Path, Route Route)> routes, uint size, ulong seed)
    {
        (_entries, _mask, _seed) = (new Entry[size], size - 1, seed);
        foreach (var (path, route) in routes)
        {
            var ends = EndsOf(path);
            var at = PlaceOf(path, ends);
            while (_entries[at].Route is not null)
            {
                at = (at + 1) & _mask;
            }

            _entries[at] = new Entry(path, ends.First, ends.Last, route);
        }

        var (longest, row) = (0, 0);
        for (var at = 0u; at < size * 2; at++) // twice around: a row may go over the end
        {
            row = _entries[at & _mask].Route is null ? 0 : row + 1;
            longest = Math.Max(longest, row);
        }

        return longest;
    }

    // Where the row of entries begins that a path may be in.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint PlaceOf(ReadOnlySpan<byte> path, (ulong First, ulong Last) ends) =>
        (_seed == 0 ? EndsHash(ends, path.Length) : WholeHash(path, _seed)) & _mask;

    // The first and the last eight bytes, which overlap in a short path: that is where paths differ.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ulong First, ulong Last) EndsOf(ReadOnlySpan<byte> path)
    {
        if (path.Length >= sizeof(ulong))
        {
            return (BinaryPrimitives.ReadUInt64LittleEndian(path), BinaryPrimitives.ReadUInt64LittleEndian(path[^sizeof(ulong)..]));
        }

        var whole = Short(path);
        return (whole, whole);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint EndsHash((ulong First, ulong Last) ends, int length) =>
        Mix(ends.First ^ BitOperations.RotateLeft(ends.Last, 31) ^ (uint)length);

    private static uint WholeHash(ReadOnlySpan<byte> path, ulong seed)
    {
        var hash = (seed * Odd) ^ (uint)path.Length;
        for (; path.Length >= sizeof(ulong); path = path[sizeof(ulong)..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(path)) * Odd;
            hash ^= hash >> 32;
        }

        return Mix(hash ^ Short(path));
    }

    // Of fewer than eight bytes.
    private static ulong Short(ReadOnlySpan<byte> path)
    {
        if (path.Length >= sizeof(uint))
        {
            // Overlapping; the length is in the hash as well.
            return BinaryPrimitives.ReadUInt32LittleEndian(path) | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(path[^sizeof(uint)..]) << 32);
        }

        var value = 0ul;
        foreach (var one in path)
        {
            value = (value << 8) | one;
        }

        return value;
    }

    private static uint Mix(ulong hash) => (uint)((hash * Odd) >> 32);

    private readonly record struct Entry(byte[] Path, ulong First, ulong Last, Route? Route);
}
