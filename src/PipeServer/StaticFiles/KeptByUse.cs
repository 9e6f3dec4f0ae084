using System.Diagnostics.CodeAnalysis;

namespace PipeServer.StaticFiles;

/// <summary>Values within a bound of memory; the one unused for longest goes first. Safe for any number of threads.</summary>
/// <typeparam name="TKey">What they are found by.</typeparam>
/// <typeparam name="TValue">What is kept.</typeparam>
internal abstract class KeptByUse<TKey, TValue> : IMemoryHolder
    where TKey : notnull
{
    private readonly MemoryBudget _memory;
    private readonly Dictionary<TKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new(); // the one used last is the last
    private long _bytes;
    private bool _isClosed;

    /// <summary>Holds nothing yet.</summary>
    /// <param name="memory">What it may hold, perhaps beside others.</param>
    protected KeptByUse(MemoryBudget memory)
    {
        _memory = memory;
        memory.Join(this);
    }

    /// <inheritdoc/>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <inheritdoc/>
    public int Count => _entries.Count;

    /// <summary>Guards what is kept, and what a derived class holds beside it.</summary>
    protected Lock Guard { get; } = new();

    /// <summary>Gives up everything, and keeps nothing from now on. What is in use stays so.</summary>
    public virtual void Close()
    {
        lock (Guard)
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
        lock (Guard)
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

    /// <summary>Finds a value, without using it. Under <see cref="Guard"/>.</summary>
    protected bool TryPeek(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var isThere = _entries.TryGetValue(key, out var node);
        value = isThere ? node!.Value.Value : default;
        return isThere;
    }

    /// <summary>Finds a value that is used now. Under <see cref="Guard"/>.</summary>
    protected bool TryUse(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (!_entries.TryGetValue(key, out var node))
        {
            value = default;
            return false;
        }

        _byUse.Remove(node);
        _byUse.AddLast(node);
        value = node.Value.Value;
        return true;
    }

    /// <summary>Keeps a value, where there is none of the key and it is not larger than all that may be kept. Not under <see cref="Guard"/>.</summary>
    /// <param name="key">What it is found by.</param>
    /// <param name="value">The value.</param>
    /// <param name="size">What it takes with its key, in bytes, roughly.</param>
    protected void Keep(TKey key, TValue value, long size)
    {
        lock (Guard)
        {
            if (_isClosed || size > _memory.MaxBytes || _entries.ContainsKey(key))
            {
                return;
            }

            _entries[key] = _byUse.AddLast(new Entry(key, value, size));
            _bytes += size;
            _memory.Count(size, 1);
        }

        _memory.MakeRoom();
    }

    private sealed record Entry(TKey Key, TValue Value, long Size);
}
