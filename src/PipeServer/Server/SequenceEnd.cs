namespace PipeServer.Server;

/// <summary>
/// The end of the time of an asynchronous sequence: its token, and a second from then on. Completed when the token is cancelled, by whoever registers that.
/// </summary>
/// <param name="timeProvider">The server's clock.</param>
/// <param name="token">What the sequence was given.</param>
internal sealed class SequenceEnd(TimeProvider timeProvider, CancellationToken token) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
{
    // One that heeds its token needs no time at all. One that does not is left behind.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private Task? _patience;

    /// <summary>What the sequence was given.</summary>
    public CancellationToken Token => token;

    /// <summary>Nothing more that it gives is wanted.</summary>
    public bool IsPatienceOver => token.IsCancellationRequested && Patience.IsCompleted;

    // Begins when it is asked for, which is behind the token's end.
    private Task Patience => _patience ??= System.Threading.Tasks.Task.Delay(Longest, timeProvider, CancellationToken.None);

    /// <summary>Waits for the sequence's next step; false when its time is over.</summary>
    public async ValueTask<bool> WaitAsync(Task<bool> next)
    {
        await System.Threading.Tasks.Task.WhenAny(next, Task).ConfigureAwait(false);
        return next.IsCompleted || await System.Threading.Tasks.Task.WhenAny(next, Patience).ConfigureAwait(false) == next;
    }
}
