using System.IO.Compression;

namespace PipeServer.StaticFiles;

/// <summary>
/// Files that were compressed on the fly, by the version of the file, within a bound of memory. Safe for any number of threads:
/// one compresses, the others send the file as it is until it is done.
/// </summary>
internal sealed class CompressedFiles : IMemoryHolder
{
    // Compressed once and sent many times: better than the fastest. Brotli's 11 takes a hundred times as long as its 5, for a
    // tenth less.
    private const int BrotliQuality = 5;
    private const int BrotliWindow = 22;

    private readonly MemoryBudget _memory;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Path, FileIdentity Identity, string Coding), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new(); // the one used last is the last
    private readonly HashSet<(string Path, FileIdentity Identity, string Coding)> _inProgress = [];
    private long _bytes;
    private bool _isClosed;

    /// <summary>Holds nothing yet.</summary>
    /// <param name="memory">What it may hold, perhaps beside others.</param>
    public CompressedFiles(MemoryBudget memory)
    {
        _memory = memory;
        memory.Join(this);
    }

    /// <inheritdoc/>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <inheritdoc/>
    public int Count => _entries.Count;

    /// <summary>
    /// The file in a coding, made now if it has not been; null where that is not worth it, or another thread is compressing it now.
    /// </summary>
    /// <param name="path">The file: not every system can tell two files of one length and one time apart.</param>
    /// <param name="identity">The version.</param>
    /// <param name="coding">br or gzip.</param>
    /// <param name="keep">Keep it for the next one.</param>
    /// <param name="read">Reads the whole file; null when it is another version by now.</param>
    public ReadOnlyMemory<byte>? Get(string path, FileIdentity identity, ContentCoding coding, bool keep, Func<byte[]?> read)
    {
        var key = (path, identity, coding.Name);
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var node))
            {
                _byUse.Remove(node);
                _byUse.AddLast(node);
                return node.Value.Bytes;
            }

            if (!_inProgress.Add(key))
            {
                return null;
            }
        }

        try
        {
            if (read() is not { } bytes)
            {
                return null;
            }

            var compressed = coding.Name == "br" ? Brotli(bytes) : Gzip(bytes);

            // Less than a tenth saved is not worth the client's time; remembered all the same.
            var isWorthIt = compressed.Length < bytes.Length - (bytes.Length / 10);
            var result = isWorthIt ? compressed : default(ReadOnlyMemory<byte>?); // a plain null would become an empty body
            if (keep)
            {
                Add(new Entry(key, result));
            }

            return result;
        }
        finally
        {
            lock (_lock)
            {
                _inProgress.Remove(key);
            }
        }
    }

    /// <summary>True when the file was compressed, and hardly got smaller.</summary>
    public bool IsNotWorthIt(string path, FileIdentity identity, ContentCoding coding)
    {
        lock (_lock)
        {
            return _entries.TryGetValue((path, identity, coding.Name), out var node) && node.Value.Bytes is null;
        }
    }

    /// <summary>Gives up everything, and keeps nothing from now on. What is in use stays so.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            _memory.Count(-_bytes, -_entries.Count);
            _memory.Leave(this);
            _entries.Clear();
            _byUse.Clear();
            _bytes = 0;
        }
    }

    /// <inheritdoc/>
    public bool TryGiveUpOne()
    {
        lock (_lock)
        {
            if (_byUse.First is not { } oldest)
            {
                return false;
            }

            _byUse.RemoveFirst();
            _entries.Remove(oldest.Value.Key);
            _bytes -= oldest.Value.Size;
            _memory.Count(-oldest.Value.Size, -1);
            return true;
        }
    }

    private void Add(Entry entry)
    {
        lock (_lock)
        {
            if (_isClosed || entry.Size > _memory.MaxBytes)
            {
                return;
            }

            _entries[entry.Key] = _byUse.AddLast(entry);
            _bytes += entry.Size;
            _memory.Count(entry.Size, 1);
        }

        _memory.MakeRoom();
    }

    private static ReadOnlyMemory<byte> Brotli(byte[] bytes)
    {
        var buffer = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        return BrotliEncoder.TryCompress(bytes, buffer, out var written, BrotliQuality, BrotliWindow)
            ? buffer.AsSpan(0, written).ToArray()
            : throw new InvalidOperationException("Brotli found its own bound too small.");
    }

    private static ReadOnlyMemory<byte> Gzip(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return output.ToArray();
    }

    private sealed record Entry((string Path, FileIdentity Identity, string Coding) Key, ReadOnlyMemory<byte>? Bytes)
    {
        public long Size => 256 + (Bytes?.Length ?? 0);
    }
}
