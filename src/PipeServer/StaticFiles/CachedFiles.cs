using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>
/// Cached files by path: a hash table of bytes. Any thread may look into it at any time, without a lock; one at a time may change it.
/// </summary>
/// <remarks>
/// A look-up that runs beside a change finds the table as it was before or after. Paths are clients' to choose, and files' names may be
/// anybody's: the hash multiplies by numbers that are this process's own.
/// </remarks>
internal sealed class CachedFiles
{
    private const int FewestBuckets = 16;

    private static readonly ulong FirstKey = RandomNumbers.Next() | 1;
    private static readonly ulong SecondKey = RandomNumbers.Next() | 1;

    private Entry?[] _buckets = new Entry?[FewestBuckets]; // a power of two, at least as many as there are files
    private int _count;

    /// <summary>How many files there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The file of a path.</summary>
    public bool TryGet(ReadOnlySpan<byte> path, [NotNullWhen(true)] out CachedFile? file)
    {
        var buckets = Volatile.Read(ref _buckets);
        var hash = Hash(path);
        for (var entry = Volatile.Read(ref buckets[hash & (uint)(buckets.Length - 1)]); entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && path.SequenceEqual(entry.File.Path))
            {
                file = entry.File;
                return true;
            }
        }

        file = null;
        return false;
    }

    /// <summary>Adds a file whose path is not there yet.</summary>
    public void Add(CachedFile file)
    {
        if (_count == _buckets.Length)
        {
            Grow();
        }

        Put(_buckets, file, Hash(file.Path));
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Removes a file; false when it is not there, though another one of its path may be.</summary>
    public bool Remove(CachedFile file)
    {
        var hash = Hash(file.Path);
        ref var place = ref _buckets[hash & (uint)(_buckets.Length - 1)];
        for (Entry? entry = place, before = null; entry is not null; before = entry, entry = entry.Next)
        {
            if (entry.File != file)
            {
                continue;
            }

            // A look-up that stands at this entry goes on from it as before.
            if (before is null)
            {
                Volatile.Write(ref place, entry.Next);
            }
            else
            {
                before.Next = entry.Next;
            }

            Volatile.Write(ref _count, _count - 1);
            return true;
        }

        return false;
    }

    /// <summary>All files. Not beside a change.</summary>
    public List<CachedFile> ToList()
    {
        var files = new List<CachedFile>(_count);
        foreach (var first in _buckets)
        {
            for (var entry = first; entry is not null; entry = entry.Next)
            {
                files.Add(entry.File);
            }
        }

        return files;
    }

    private static void Put(Entry?[] buckets, CachedFile file, uint hash)
    {
        ref var place = ref buckets[hash & (uint)(buckets.Length - 1)];
        Volatile.Write(ref place, new Entry(file, hash) { Next = place });
    }

    // Eight bytes at a time, each time the two halves of a product of 128 bits.
    private static uint Hash(ReadOnlySpan<byte> path)
    {
        var state = FirstKey ^ (uint)path.Length;
        while (path.Length > sizeof(ulong))
        {
            state = Fold(state ^ BinaryPrimitives.ReadUInt64LittleEndian(path), SecondKey);
            path = path[sizeof(ulong)..];
        }

        ulong rest = 0;
        if (path.Length >= sizeof(uint))
        {
            // Overlapping where there are fewer than eight; the length is in the state.
            rest = BinaryPrimitives.ReadUInt32LittleEndian(path) | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(path[^sizeof(uint)..]) << 32);
        }
        else
        {
            foreach (var one in path)
            {
                rest = (rest << 8) | one;
            }
        }

        return (uint)Fold(state ^ rest, SecondKey);
    }

    private static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }

    // New entries: a look-up may be on its way through the old ones.
    private void Grow()
    {
        var larger = new Entry?[_buckets.Length * 2];
        foreach (var file in ToList())
        {
            Put(larger, file, Hash(file.Path));
        }

        Volatile.Write(ref _buckets, larger);
    }

    private sealed class Entry(CachedFile file, uint hash)
    {
        private volatile Entry? _next;

        public CachedFile File => file;

        public uint Hash => hash;

        public Entry? Next
        {
            get => _next;
            set => _next = value;
        }
    }
}
