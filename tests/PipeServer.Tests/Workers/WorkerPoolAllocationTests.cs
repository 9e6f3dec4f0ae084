using PipeServer.Workers;

namespace PipeServer.Tests.Workers;

/// <summary>The ways into the pool that a server takes with every request.</summary>
[Collection(AllocationTests.Name)]
public sealed class WorkerPoolAllocationTests
{
    private const int Count = 2000;

    // What the measuring itself costs: a task and a state machine for a round, far below one object per job.
    private const int Overhead = 4096;

    [Fact]
    public async Task Typed_jobs_allocate_nothing()
    {
        await using var pool = new WorkerPool(1, 1024);
        var counter = new Counter();
        await AllocationTests.AssertAllocatesAtMostAsync(Overhead, () =>
        {
            for (var i = 0; i < Count; i++)
            {
                while (!pool.TryExecute(static state => state.Value++, counter))
                {
                    Thread.Yield();
                }
            }

            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Work_items_allocate_nothing()
    {
        await using var pool = new WorkerPool(1, 1024);
        var item = new Item();
        await AllocationTests.AssertAllocatesAtMostAsync(Overhead, () =>
        {
            for (var i = 0; i < Count; i++)
            {
                while (!pool.TryEnqueue(item))
                {
                    Thread.Yield();
                }
            }

            return Task.CompletedTask;
        });
    }

    // Back and forth between two pools of one worker each, so that every await really hops, mostly to a parked worker.
    [Fact]
    public async Task Hops_allocate_nothing()
    {
        await using var one = new WorkerPool(1, 16);
        await using var other = new WorkerPool(1, 16);
        await AllocationTests.AssertAllocatesAtMostAsync(Overhead, async () =>
        {
            for (var i = 0; i < Count; i++)
            {
                await one.ContinueOnWorker();
                Assert.True(await other.TryContinueOnWorker());
            }
        });
        await Task.Yield();
    }

    private sealed class Counter
    {
        public int Value { get; set; }
    }

    private sealed class Item : IWorkItem
    {
        public object Description => this;

        public int Runs { get; private set; }

        public void Run(long started, ExecutionContext? context) => Runs++;
    }
}
