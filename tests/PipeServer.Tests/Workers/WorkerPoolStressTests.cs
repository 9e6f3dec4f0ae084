using PipeServer.Workers;

namespace PipeServer.Tests.Workers;

/// <summary>What only many threads at once can show.</summary>
public sealed class WorkerPoolStressTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Nothing accepted is lost, nothing runs twice: every producer knows which of its jobs were accepted.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 4)]
    [InlineData(8, 16)]
    [InlineData(8, 1024)]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Completion_at_a_random_moment_loses_no_job_and_runs_none_twice(int size, int capacity)
    {
        var random = new Random(size * 1000 + capacity);

        // Where there is hardly room, each job is a change of threads, which takes milliseconds beside busy neighbours: 1,500 took minutes.
        var jobsEach = capacity < 16 ? 100 * capacity : 1500;
        for (var round = 0; round < Stress.Rounds(25); round++)
        {
            const int Producers = 6;
            var runs = new int[Producers * jobsEach];
            var accepted = new bool[Producers * jobsEach];
            var pool = new WorkerPool(size, capacity);
            var stopAfter = random.Next(Producers * jobsEach);
            var handedIn = 0;
            var producers = Enumerable.Range(0, Producers).Select(producer => new Thread(() =>
            {
                for (var i = 0; i < jobsEach; i++)
                {
                    var job = (producer * jobsEach) + i;
                    if (Interlocked.Increment(ref handedIn) == stopAfter)
                    {
                        pool.Complete();
                    }

                    if (i % 2 == 0)
                    {
                        accepted[job] = pool.TryExecute(() => Interlocked.Increment(ref runs[job]));
                        continue;
                    }

                    try
                    {
                        pool.Execute(() => Interlocked.Increment(ref runs[job]));
                        accepted[job] = true;
                    }
                    catch (WorkerPoolStoppedException)
                    {
                        return;
                    }
                }
            })).ToList();
            producers.ForEach(static thread => thread.Start());
            producers.ForEach(static thread => Assert.True(thread.Join(Patience)));
            var report = await pool.StopAsync(Patience);
            Assert.True(report.AllEnded);
            for (var job = 0; job < runs.Length; job++)
            {
                Assert.Equal(accepted[job] ? 1 : 0, runs[job]);
            }

            Assert.Equal(accepted.Count(static job => job), pool.Executed);
        }
    }

    // dotnet/runtime#131141: a parked reader that never wakes under CPU contention. Ours park themselves; the same must
    // not happen to them. One job at a time, so that nearly every one finds its worker parked or parking.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task A_parked_worker_always_wakes_with_more_workers_than_cores_and_busy_neighbours()
    {
        using var stop = new CancellationTokenSource();
        var neighbours = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Thread.SpinWait(200);
            }
        })
        { IsBackground = true, Priority = ThreadPriority.BelowNormal }).ToList();
        neighbours.ForEach(static thread => thread.Start());
        try
        {
            await using var pool = new WorkerPool(Environment.ProcessorCount * 4, 64);
            using var ran = new SemaphoreSlim(0);
            for (var i = 0; i < Stress.Rounds(10_000); i++)
            {
                pool.Execute(static state => state.Release(), ran);
                Assert.True(await ran.WaitAsync(Patience), $"job {i} was never run");
            }
        }
        finally
        {
            await stop.CancelAsync();
            neighbours.ForEach(static thread => thread.Join());
        }
    }

    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Hops_of_many_methods_all_arrive()
    {
        var hops = Stress.Rounds(200);
        await using var pool = new WorkerPool(4, 8);
        var arrived = 0;
        var methods = Enumerable.Range(0, 64).Select(_ => HopAsync()).ToList();
        await Task.WhenAll(methods).WaitAsync(Patience);
        Assert.Equal(64 * hops, arrived);

        async Task HopAsync()
        {
            for (var i = 0; i < hops; i++)
            {
                await pool.ContinueOnWorker();
                Assert.True(pool.IsOnWorker);
                Interlocked.Increment(ref arrived);
                await Task.Yield();
            }
        }
    }
}
