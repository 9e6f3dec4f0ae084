namespace PipeServer.Server.Http2;

/// <summary>Who waits until answers that are written to their end have been handed to the system. The owner's. A mutable struct: it must be a field.</summary>
internal struct FlushWaiters
{
    private List<TaskCompletionSource>? _sources;

    /// <summary>Adds one.</summary>
    public void Add(TaskCompletionSource source) => (_sources ??= []).Add(source);

    /// <summary>It has been done, or will not be.</summary>
    public readonly void Release()
    {
        if (_sources is { Count: > 0 } sources)
        {
            sources.ForEach(static source => source.TrySetResult());
            sources.Clear();
        }
    }
}
