namespace PipeServer.Tests.Support;

/// <summary>A handler that waits until it is let through, and counts how often it was called, and by how many at once.</summary>
internal sealed class CountingGate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _now;
    private int _peak;
    private int _calls;

    public int Peak => _peak;

    public int Calls => _calls;

    public void Open() => _open.SetResult();

    public async Task HandleAsync(HttpRequest _, HttpResponse response)
    {
        Interlocked.Increment(ref _calls);
        var now = Interlocked.Increment(ref _now);
        for (var seen = _peak; now > seen; seen = _peak)
        {
            Interlocked.CompareExchange(ref _peak, now, seen);
        }

        await _open.Task;
        await Task.Yield();
        Interlocked.Decrement(ref _now);
        response.WriteText("done");
    }
}
