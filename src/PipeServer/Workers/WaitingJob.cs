namespace PipeServer.Workers;

/// <summary>
/// A job that found the queue full and waits for room, in its turn: a link of the queue's list. Either a thread waits with it, or the rest of
/// an async method is the job, which waits without a thread.
/// </summary>
/// <param name="job">The job.</param>
/// <param name="continuation">What is called if the job is refused at last; null for a thread that waits by <see cref="Wait"/>.</param>
#pragma warning disable CA1001 // The event holds nothing to dispose of: its WaitHandle is never asked for.
internal sealed class WaitingJob(Job job, Action? continuation)
#pragma warning restore CA1001
{
    private readonly ManualResetEventSlim? _settled = continuation is null ? new ManualResetEventSlim() : null;
    private bool _isAccepted;

    public Job Job { get; } = job;

    /// <summary>The one that came next; under the queue's lock.</summary>
    public WaitingJob? Next { get; set; }

    /// <summary>Waits until it is settled: true when the job has been queued, false when the queue was completed first.</summary>
    public bool Wait()
    {
        _settled!.Wait();
        return _isAccepted;
    }

    /// <summary>The job has been queued.</summary>
    public void Accept()
    {
        _isAccepted = true;
        _settled?.Set();
    }

    /// <summary>The queue was completed. A continuation sees that it is not on a worker; it runs on the thread that has completed the queue.</summary>
    public void Refuse()
    {
        _settled?.Set();
        continuation?.Invoke();
    }
}
