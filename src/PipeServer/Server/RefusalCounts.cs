using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>How often the server has refused, by reason: requests, and clients unread. Thread-safe.</summary>
internal sealed class RefusalCounts
{
    private long[]? _counts; // from the first refusal on: the table of errors is no part of a start

    /// <summary>The answer is about to be written.</summary>
    public void Count(RequestError error)
    {
        var counts = Volatile.Read(ref _counts);
        if (counts is null)
        {
            Interlocked.CompareExchange(ref _counts, new long[RequestErrors.Count], null);
            counts = _counts;
        }

        Interlocked.Increment(ref counts[(int)error]);
    }

    /// <summary>Every reason that there has been.</summary>
    public IReadOnlyList<RefusalCount> Read()
    {
        if (Volatile.Read(ref _counts) is not { } all)
        {
            return [];
        }

        var counts = new List<RefusalCount>();
        for (var index = 0; index < all.Length; index++)
        {
            if (Volatile.Read(ref all[index]) is > 0 and var count)
            {
                var error = (RequestError)index;
                counts.Add(new RefusalCount(RequestErrors.Name(error), RequestErrors.Status(error), RequestErrors.Text(error), count));
            }
        }

        return counts;
    }
}
