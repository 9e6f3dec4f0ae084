namespace PipeServer.Hosting.Tests.Support;

/// <summary>A handler that tells when it has been entered, and goes on when it may.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Entered => _entered.Task.WaitAsync(TestHost.Patience);

    public void Open() => _opened.TrySetResult();

    public async ValueTask HandleAsync(HttpRequest _, HttpResponse response)
    {
        _entered.TrySetResult();
        await _opened.Task;
        response.WriteText("late\n");
    }
}
