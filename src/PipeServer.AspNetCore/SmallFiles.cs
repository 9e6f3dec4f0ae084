using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.AspNetCore;

/// <summary>
/// The bytes of small files that were sent, so that the next one is neither opened nor read. Each use asks the system whether the file is still the same
/// version (<see cref="FileVersion"/>). Bounded; what was read first goes first. From any thread.
/// </summary>
/// <remarks>On Linux; elsewhere there are none, and each file is opened. What maps a file and writes to it is seen when the system notes its time.</remarks>
internal sealed class SmallFiles(TimeProvider time)
{
    /// <summary>What a file may have, in bytes.</summary>
    public const int MostOfFile = 64 * 1024;

    private const int MostOfAll = 16 * 1024 * 1024; // with the names
    private const int Overhead = 256; // bytes of an entry beside content and name

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Lock _lock = new(); // for what follows, and for changes of the above
    private readonly LinkedList<Entry> _order = new();
    private long _size;

    /// <summary>The bytes of a file that is known and has not changed.</summary>
    public bool TryGet(string path, [NotNullWhen(true)] out byte[]? content)
    {
        content = null;
        if (!_entries.TryGetValue(path, out var entry))
        {
            return false;
        }

        if (FileVersion.TryGet(path, out var version) && version == entry.Version)
        {
            content = entry.Content;
            return true;
        }

        Remove(entry);
        return false;
    }

    /// <summary>Reads an open file; null where it is large, has changed a moment ago, or changes.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public byte[]? Read(string path, SafeFileHandle file, long length)
    {
        if (length > MostOfFile || !FileVersion.TryGet(path, out var before) || before.Length != length || !before.IsSettled(time.GetUtcNow()))
        {
            return null;
        }

        var content = new byte[length];
        var count = 0;
        while (count < content.Length && RandomAccess.Read(file, content.AsSpan(count), count) is > 0 and var read)
        {
            count += read;
        }

        if (count < content.Length || !FileVersion.TryGet(path, out var after) || after != before)
        {
            return null;
        }

        Add(new Entry(path, before, content));
        return content;
    }

    private void Add(Entry entry)
    {
        lock (_lock)
        {
            if (!_entries.TryAdd(entry.Path, entry))
            {
                return; // somebody else has read it too
            }

            entry.Place = _order.AddLast(entry);
            _size += entry.Size;
            while (_size > MostOfAll)
            {
                Remove(_order.First!.Value);
            }
        }
    }

    private void Remove(Entry entry)
    {
        lock (_lock)
        {
            if (_entries.TryRemove(new KeyValuePair<string, Entry>(entry.Path, entry)))
            {
                _order.Remove(entry.Place!);
                _size -= entry.Size;
            }
        }
    }

    private sealed class Entry(string path, in FileVersion version, byte[] content)
    {
        public string Path { get; } = path;

        public FileVersion Version { get; } = version;

        public byte[] Content { get; } = content;

        public int Size => Content.Length + (Path.Length * sizeof(char)) + Overhead;

        public LinkedListNode<Entry>? Place { get; set; }
    }
}
