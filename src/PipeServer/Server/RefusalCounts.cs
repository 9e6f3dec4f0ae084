using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>How often the server has refused, by reason: requests, and clients unread. Thread-safe.</summary>
internal sealed class RefusalCounts
{
    private readonly long[] _counts = new long[RequestErrors.Count];

    /// <summary>The answer is about to be written.</summary>
    public void Count(RequestError error) => Interlocked.Increment(ref _counts[(int)error]);

    /// <summary>Every reason that there has been.</summary>
    public IReadOnlyList<RefusalCount> Read()
    {
        var counts = new List<RefusalCount>();
        for (var index = 0; index < _counts.Length; index++)
        {
            if (Volatile.Read(ref _counts[index]) is > 0 and var count)
            {
                var error = (RequestError)index;
                counts.Add(new RefusalCount(RequestErrors.Name(error), RequestErrors.Status(error), RequestErrors.Text(error), count));
            }
        }

        return counts;
    }
}
