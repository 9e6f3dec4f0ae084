using PipeServer.Workers;

namespace PipeServer.Tests.Workers;

/// <summary>
/// What a job sets in its execution context is its own. A worker's thread used to be started in the context of the job that was first, a
/// request's, and to keep it, with all that it referred to, for the life of the process; and each job saw what the one before had left behind.
/// </summary>
public sealed class WorkerContextTests
{
    private static readonly TimeSpan Patience = TestClient.Patience;
    private static readonly AsyncLocal<string?> Local = new();

    [Fact]
    public async Task A_worker_does_not_begin_in_the_context_of_the_job_that_it_is_started_for()
    {
        await using var pool = new WorkerPool(1, 10);
        Local.Value = "the first job's caller";
        Assert.Null(await SeenByAsync(pool.Execute));
    }

    [Fact]
    public async Task A_job_does_not_see_what_the_one_before_has_set()
    {
        await using var pool = new WorkerPool(1, 10);
        pool.Execute(static () => Local.Value = "before");
        Assert.Null(await SeenByAsync(pool.Execute));
        pool.Execute(static state => Local.Value = state, "before");
        Assert.Null(await SeenByAsync(pool.Execute));
        pool.TryEnqueue(new SettingItem());
        Assert.Null(await SeenByAsync(pool.Execute));
    }

    [Fact]
    public async Task Nor_after_one_that_has_thrown_or_has_suppressed_the_flow()
    {
        await using var pool = new WorkerPool(1, 10, new WorkerPoolOptions { Logger = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance });
        pool.Execute(static () =>
        {
            Local.Value = "before";
            throw new InvalidOperationException("on purpose");
        });
        Assert.Null(await SeenByAsync(pool.Execute));
        pool.Execute(static () =>
        {
            Local.Value = "before";
            ExecutionContext.SuppressFlow();
        });
        Assert.Null(await SeenByAsync(pool.Execute));
    }

    [Fact]
    public async Task A_job_inside_a_job_leaves_the_outer_one_what_it_has_set()
    {
        await using var pool = new WorkerPool(1, 1);
        using var started = new ManualResetEventSlim();
        using var full = new ManualResetEventSlim();
        var seen = new TaskCompletionSource<(string?, string?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        pool.Execute(() =>
        {
            started.Set();
            full.Wait(Patience);
            Local.Value = "outer";
            string? inner = null;
            pool.Execute(() => // the queue is full, so it runs here
            {
                inner = Local.Value;
                Local.Value = "inner";
            });
            seen.SetResult((inner, Local.Value));
        });
        Assert.True(started.Wait(Patience));
        Assert.True(pool.TryExecute(static () => { }));
        full.Set();
        Assert.Equal(("outer", "outer"), await seen.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_method_that_continues_on_a_worker_keeps_its_own()
    {
        await using var pool = new WorkerPool(1, 10);
        pool.Execute(static () => Local.Value = "before");
        Local.Value = "the method's";
        await pool.ContinueOnWorker();
        Assert.Equal("the method's", Local.Value);
        Assert.True(pool.IsOnWorker);
        Local.Value = "set on the worker";
        await Task.Yield();
        Assert.Equal("set on the worker", Local.Value);
        Assert.Null(await SeenByAsync(pool.Execute));
    }

    private static Task<string?> SeenByAsync(Action<Action> execute)
    {
        var seen = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        execute(() => seen.SetResult(ExecutionContext.IsFlowSuppressed() ? "suppressed" : Local.Value));
        return seen.Task.WaitAsync(Patience);
    }

    private sealed class SettingItem : IWorkItem
    {
        public object Description => this;

        public void Run(long started, ExecutionContext? context) => Local.Value = "before";
    }
}
