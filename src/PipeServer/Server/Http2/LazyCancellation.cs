namespace PipeServer.Server.Http2;

/// <summary>A cancellation of which the source is made for whoever asks for its token. From any thread. A mutable struct: it must be a field.</summary>
internal struct LazyCancellation
{
    private CancellationTokenSource? _source;

    /// <summary>The token.</summary>
    /// <param name="stream">Whose it is.</param>
    /// <param name="isDue">Whether it is to be cancelled: a source that is made meanwhile is cancelled here.</param>
    public CancellationToken TokenOf(Http2Stream stream, Func<Http2Stream, bool> isDue)
    {
        var source = Volatile.Read(ref _source);
        if (source is null)
        {
            var made = new CancellationTokenSource();
            source = Interlocked.CompareExchange(ref _source, made, null) ?? made;
        }

        if (isDue(stream))
        {
            _ = source.CancelAsync();
        }

        return source.Token;
    }

    /// <summary>Cancels it. Callbacks are handlers', and run on the thread pool.</summary>
    public void Cancel()
    {
        if (Interlocked.Exchange(ref _source, null) is { } source)
        {
            _ = source.CancelAsync();
        }
    }

    /// <summary>Nobody has the token any more.</summary>
    public void Reset() => _source = null;
}
