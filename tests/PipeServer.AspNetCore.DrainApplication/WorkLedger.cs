using System.Collections.Concurrent;

namespace DrainApplication;

/// <summary>The numbers of all pieces of work that handlers have begun and ended, to be held against what the clients know. Thread-safe.</summary>
internal sealed class WorkLedger
{
    private readonly ConcurrentQueue<long> _begun = new();
    private readonly ConcurrentQueue<long> _ended = new();

    /// <summary>A handler has begun with it.</summary>
    public void Begin(long id) => _begun.Enqueue(id);

    /// <summary>All but its answer is done.</summary>
    public void End(long id) => _ended.Enqueue(id);

    /// <summary>Does a piece of work, which takes a while.</summary>
    public async Task<long> DoAsync(long id, int milliseconds)
    {
        Begin(id);
        await Task.Delay(milliseconds);
        End(id);
        return id;
    }

    /// <summary>Writes all numbers: a line of those that were begun, one of those that were ended.</summary>
    public void Write(string path) => File.WriteAllLines(path, [string.Join(' ', _begun), string.Join(' ', _ended)]);
}
