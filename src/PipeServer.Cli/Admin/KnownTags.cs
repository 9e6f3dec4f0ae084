using System.Runtime.CompilerServices;

namespace PipeServer.Cli.Admin;

/// <summary>
/// Finds the series of attributes that have come before as the very same objects, without an allocation and without a lock: whoever measures often
/// keeps them. Others are told apart by their text, which takes longer. Members may be used from any thread.
/// </summary>
internal sealed class KnownTags
{
    // More than sets of attributes that are in use at once: method, status, route. A power of two.
    private const int Slots = 1024;

    // Beyond that the first one is replaced.
    private const int Probes = 8;

    private readonly Entry?[] _slots = new Entry?[Slots];

    /// <summary>The series, or null.</summary>
    public MetricSeries? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        for (var (slot, probe) = (SlotOf(tags), 0); probe < Probes; slot = (slot + 1) & (Slots - 1), probe++)
        {
            if (_slots[slot] is not { } entry)
            {
                return null;
            }

            if (entry.Has(tags))
            {
                return entry.Series;
            }
        }

        return null;
    }

    /// <summary>Keeps a set of attributes with its series. One that another thread keeps at the same time may be lost: it is found by its text again.</summary>
    public void Add(ReadOnlySpan<KeyValuePair<string, object?>> tags, MetricSeries series)
    {
        var first = SlotOf(tags);
        for (var probe = 0; probe < Probes; probe++)
        {
            var slot = (first + probe) & (Slots - 1);
            if (_slots[slot] is null)
            {
                first = slot;
                break;
            }
        }

        _slots[first] = new Entry(tags.ToArray(), series);
    }

    // By the objects, not by what they say: a number that comes with the object and costs nothing to find.
    private static int SlotOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = 0;
        foreach (ref readonly var tag in tags)
        {
            hash = (hash * 31) + (tag.Value is null ? 0 : RuntimeHelpers.GetHashCode(tag.Value));
        }

        return (hash ^ (hash >> 10) ^ (hash >> 20)) & (Slots - 1);
    }

    private sealed class Entry(KeyValuePair<string, object?>[] tags, MetricSeries series)
    {
        public MetricSeries Series => series;

        public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> other)
        {
            if (other.Length != tags.Length)
            {
                return false;
            }

            for (var i = 0; i < other.Length; i++)
            {
                if (!ReferenceEquals(tags[i].Value, other[i].Value) || !ReferenceEquals(tags[i].Key, other[i].Key))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
