using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace ServerSentEventsSample;

/// <summary>
/// What was published last, for any number of readers at places of their own. Nobody holds up the publisher: a slow reader skips what has been forgotten
/// meanwhile, and memory holds <paramref name="capacity"/> events however many read.
/// </summary>
internal sealed class Feed(int capacity, TimeProvider time)
{
    // Ids begin with what no other run of the program has: the number of another run means nothing here.
    private readonly string _run = time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);

    private readonly Lock _lock = new();
    private readonly Queue<Reading> _recent = new(capacity);
    private long _lastNumber;
    private TaskCompletionSource _published = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Appends an event, and wakes whoever waits for one.</summary>
    public void Publish(Reading reading)
    {
        TaskCompletionSource published;
        lock (_lock)
        {
            if (_recent.Count == capacity)
            {
                _recent.Dequeue();
            }

            _recent.Enqueue(reading);
            _lastNumber++;
            published = _published;
            _published = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        published.SetResult();
    }

    /// <summary>
    /// All that is remembered and that a client has not got yet, then what is published, without end. A client that is new, or comes from another run, gets
    /// all that is remembered.
    /// </summary>
    /// <param name="lastEventId">The id of the last event that the client has got; null when there is none.</param>
    /// <param name="cancellationToken">The end.</param>
    public async IAsyncEnumerable<SseItem<Reading>> ReadAsync(string? lastEventId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var seen = NumberOf(lastEventId);
        while (true)
        {
            var (first, readings, published) = Take(seen);
            for (var i = 0; i < readings.Length; i++)
            {
                seen = first + i;
                yield return new SseItem<Reading>(readings[i], "reading") { EventId = string.Create(CultureInfo.InvariantCulture, $"{_run}-{seen}") };
            }

            await published.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What comes behind a number, the number of its first event, and what completes with the next one.</summary>
    private (long First, Reading[] Readings, Task Published) Take(long seen)
    {
        lock (_lock)
        {
            var first = Math.Max(seen, _lastNumber - _recent.Count) + 1;
            return (first, [.. _recent.TakeLast((int)(_lastNumber - first + 1))], _published.Task);
        }
    }

    private long NumberOf(string? id) =>
        id is not null && id.StartsWith(_run + "-", StringComparison.Ordinal)
        && long.TryParse(id.AsSpan(_run.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number <= Volatile.Read(ref _lastNumber)
            ? number
            : 0;
}
