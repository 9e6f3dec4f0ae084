using System.Collections.Concurrent;
using System.Globalization;

namespace Difference.Stops;

/// <summary>What the clients know of each piece of work, and what the handlers know, to be held against each other. Thread-safe.</summary>
internal sealed class WorkRecord
{
    private readonly ConcurrentDictionary<long, int> _begun = new();
    private readonly ConcurrentDictionary<long, int> _ended = new();
    private readonly ConcurrentDictionary<long, bool> _sent = new(); // true: answered
    private readonly ConcurrentDictionary<string, int> _failures = new(StringComparer.Ordinal);
    private long _next;

    /// <summary>Pieces that clients asked for, each counted once however often it was tried.</summary>
    public int Sent => _sent.Count;

    /// <summary>Those that were answered.</summary>
    public int Answered => _sent.Count(static piece => piece.Value);

    /// <summary>Tries that failed and were made again, or given up.</summary>
    public int FailedTries => _failures.Values.Sum();

    /// <summary>Those that a handler began, and whose client never got an answer.</summary>
    public int Lost => _sent.Count(piece => !piece.Value && _begun.ContainsKey(piece.Key));

    /// <summary>Those that never had an answer, and that no handler has seen.</summary>
    public int Unheard => _sent.Count(piece => !piece.Value && !_begun.ContainsKey(piece.Key));

    /// <summary>Those that were begun more than once: a client was told, wrongly, that it had to send it again.</summary>
    public int Repeated => _begun.Count(static piece => piece.Value > 1);

    /// <summary>Answers to what no handler has ended, or that nobody asked for.</summary>
    public int Wrong => _sent.Count(piece => piece.Value && !_ended.ContainsKey(piece.Key)) + _begun.Keys.Count(id => !_sent.ContainsKey(id));

    /// <summary>All of it in a line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Sent} sent, {Answered} answered, {Lost} lost, {Unheard} unheard, {Repeated} repeated, {Wrong} wrong; {FailedTries} failed tries ({string.Join(", ", _failures.Select(static pair => $"{pair.Key}: {pair.Value}"))})");

    /// <summary>The number of a new piece, which is about to be sent.</summary>
    public long Begin()
    {
        var id = Interlocked.Increment(ref _next);
        _sent[id] = false;
        return id;
    }

    /// <summary>Its whole answer has come.</summary>
    public void Answer(long id) => _sent[id] = true;

    /// <summary>A try has failed.</summary>
    public void Fail(string how) => _failures.AddOrUpdate(how, 1, static (_, count) => count + 1);

    /// <summary>What a process has written at its end: the numbers that were begun, and those that were ended.</summary>
    public void AddLedger(string[] lines)
    {
        Count(_begun, lines[0]);
        Count(_ended, lines[1]);
    }

    private static void Count(ConcurrentDictionary<long, int> counts, string line)
    {
        foreach (var id in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            counts.AddOrUpdate(long.Parse(id, CultureInfo.InvariantCulture), 1, static (_, count) => count + 1);
        }
    }
}
