namespace PipeServer.Server.Http2;

/// <summary>
/// The streams of a connection that want to be looked at: many threads add, without a lock, and the owner takes. A stream is in it once at most. A mutable
/// struct: it must be a field.
/// </summary>
internal struct SignalList
{
    private Http2Stream? _newest; // of those that the owner has not seen
    private Http2Stream? _oldest; // of those that it has taken over, in their order

    /// <summary>Nobody has added one that the owner has not taken over. From any thread.</summary>
    public bool IsEmpty => Volatile.Read(ref _newest) is null;

    /// <summary>Adds a stream; true for the first that the owner has not seen, for which it is to be woken. From any thread.</summary>
    public bool Push(Http2Stream stream)
    {
        Http2Stream? before;
        do
        {
            before = Volatile.Read(ref _newest);
            stream.NextInList = before;
        }
        while (Interlocked.CompareExchange(ref _newest, stream, before) != before);

        return before is null;
    }

    /// <summary>Takes the one that has waited for longest; null when there is none. The owner.</summary>
    public Http2Stream? Take()
    {
        if (_oldest is null && !IsEmpty)
        {
            for (var stream = Interlocked.Exchange(ref _newest, null); stream is not null;)
            {
                (var next, stream.NextInList) = (stream.NextInList, _oldest);
                (_oldest, stream) = (stream, next);
            }
        }

        if (_oldest is not { } oldest)
        {
            return null;
        }

        (_oldest, oldest.NextInList) = (oldest.NextInList, null);
        return oldest;
    }
}
