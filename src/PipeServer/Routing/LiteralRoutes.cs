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
    /// <summary>How many routes a look-up compares with a path, at most, wherever a hash spreads them.</summary>
    public const int MostProbes = 8;

    // A table of so many times its routes is still small beside them, and sparse enough for chance.
    private const int MostEntriesPerRoute = 16;
    private const int Seeds = 8;
    private const ulong Odd = 0x9E37_79B9_7F4A_7C15;

    private Entry[] _entries = []; // open addressing; at least half of it is empty. None where no hash spreads the routes
    private uint _mask;
    private ulong _seed; // 0: the hash looks at sixteen bytes
    private readonly Entry[] _sorted = []; // by their paths, where there is no hash table

    public LiteralRoutes(IEnumerable<Route> routes)
        : this(routes, Seeds)
    {
    }

    /// <summary>The same with so many hashes of the whole path to choose from.</summary>
    internal LiteralRoutes(IEnumerable<Route> routes, ulong seeds)
    {
        List<Entry> all = [.. routes.Select(static route => Entry.Of(Encoding.UTF8.GetBytes(route.Pattern.Text), route))];
        var smallest = BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, all.Count) * 2);
        for (var seed = 0ul; seed <= seeds; seed++)
        {
            for (var size = smallest; size <= smallest * MostEntriesPerRoute / 2; size *= 2)
            {
                if (TryFill(all, size, seed))
                {
                    return;
                }
            }
        }

        // By chance this does not happen; paths that were made to collide are still found in a number of steps that does not follow theirs.
        _entries = [];
        all.Sort(static (left, right) => left.Path.AsSpan().SequenceCompareTo(right.Path));
        _sorted = [.. all];
        Probes = BitOperations.Log2((uint)all.Count) + 1;
    }

    /// <summary>How many routes the longest look-up compares with its path.</summary>
    public int Probes { get; private set; }

    /// <summary>How many places of tables were looked at to find one that is good enough.</summary>
    public long Steps { get; private set; }

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
                return null;
            }

            // The ends and the length are all there is of a short path.
            if (entry.Path.Length == path.Length && entry.First == ends.First && entry.Last == ends.Last
                && (path.Length <= 2 * sizeof(ulong) || path.SequenceEqual(entry.Path)))
            {
                return route;
            }
        }

        return FindSorted(path); // without a table, that is: in one, the row of a path always ends
    }

    private Route? FindSorted(ReadOnlySpan<byte> path)
    {
        var (low, high) = (0, _sorted.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var order = path.SequenceCompareTo(_sorted[middle].Path);
            if (order == 0)
            {
                return _sorted[middle].Route;
            }

            (low, high) = order < 0 ? (low, middle - 1) : (middle + 1, high);
        }

        return null;
    }

    // False as soon as it turns out that a look-up would compare with too many: filled to its end, a table of paths that collide takes as many steps
    // as the square of their number.
    private bool TryFill(List<Entry> routes, uint size, ulong seed)
    {
        (_entries, _mask, _seed) = (new Entry[size], size - 1, seed);
        foreach (var entry in routes)
        {
            var at = PlaceOf(entry.Path, (entry.First, entry.Last));
            for (var row = 1; _entries[at].Route is not null; row++)
            {
                Steps++;
                if (row == MostProbes)
                {
                    return false;
                }

                at = (at + 1) & _mask;
            }

            _entries[at] = entry;
        }

        // The longest row of taken entries is what a path that is not there is compared with at most.
        var (longest, taken) = (0, 0);
        for (var at = 0u; at < size * 2 && longest <= MostProbes; at++) // twice around: a row may go over the end
        {
            Steps++;
            taken = _entries[at & _mask].Route is null ? 0 : taken + 1;
            longest = Math.Max(longest, taken);
        }

        Probes = longest;
        return longest <= MostProbes;
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

    private readonly record struct Entry(byte[] Path, ulong First, ulong Last, Route? Route)
    {
        public static Entry Of(byte[] path, Route route)
        {
            var (first, last) = EndsOf(path);
            return new Entry(path, first, last, route);
        }
    }
}
