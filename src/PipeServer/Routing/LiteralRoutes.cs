using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace PipeServer.Routing;

/// <summary>
/// The routes without parameters by their path: a fixed hash table of their bytes. Immutable.
/// </summary>
/// <remarks>
/// The hash looks at the length and at no more than sixteen bytes. An attacker gains nothing from that: requests add nothing to the table,
/// and a path is compared with its routes byte by byte.
/// </remarks>
internal sealed class LiteralRoutes
{
    private readonly Entry[] _entries; // open addressing; at least half of it is empty
    private readonly uint _mask;

    public LiteralRoutes(IEnumerable<Route> routes)
    {
        var all = routes.ToList();
        _entries = new Entry[BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, all.Count) * 2)];
        _mask = (uint)_entries.Length - 1;
        foreach (var route in all)
        {
            var path = Encoding.UTF8.GetBytes(route.Pattern.Text);
            var at = Hash(path) & _mask;
            while (_entries[at].Route is not null)
            {
                at = (at + 1) & _mask;
            }

            _entries[at] = new Entry(path, route);
        }
    }

    /// <summary>The route of a path, or null.</summary>
    public Route? Find(ReadOnlySpan<byte> path)
    {
        for (var at = Hash(path) & _mask; _entries[at].Route is { } route; at = (at + 1) & _mask)
        {
            if (path.SequenceEqual(_entries[at].Path))
            {
                return route;
            }
        }

        return null;
    }

    // The first and the last eight bytes, which overlap in a short path: that is where paths differ.
    private static uint Hash(ReadOnlySpan<byte> path)
    {
        ulong first, last;
        if (path.Length >= sizeof(ulong))
        {
            first = BinaryPrimitives.ReadUInt64LittleEndian(path);
            last = BinaryPrimitives.ReadUInt64LittleEndian(path[^sizeof(ulong)..]);
        }
        else
        {
            first = last = 0;
            foreach (var value in path)
            {
                first = (first << 8) | value;
            }
        }

        var hash = (first ^ BitOperations.RotateLeft(last, 31) ^ (uint)path.Length) * 0x9E37_79B9_7F4A_7C15;
        return (uint)(hash >> 32);
    }

    private readonly record struct Entry(byte[] Path, Route? Route);
}
