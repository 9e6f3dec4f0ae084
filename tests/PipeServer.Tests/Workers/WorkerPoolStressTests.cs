using PipeServer.Workers;

namespace PipeServer.Tests.Workers;

/// <summary>What only many threads at once can show.</summary>
public sealed class WorkerPoolStressTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Nothing accepted is lost, nothing runs twice: every producer knows which of its jobs were accepted.
    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(2, 4, false)]
    [InlineData(2, 4, true)]
    [InlineData(8, 16, false)]
    [InlineData(8, 1024, false)]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Completion_at_a_random_moment_loses_no_job_and_runs_none_twice(int size, int capacity, bool isPortable)
    {
        var random = new Random(size * 1000 + capacity);

        // Where there is hardly room, each job is a change of threads, which takes milliseconds beside busy neighbours: 1,500 took minutes.
        var jobsEach = capacity < 16 ? 100 * capacity : 1500;
        for (var round = 0; round < Stress.Rounds(25); round++)
        {
            const int Producers = 6;
            var runs = new int[Producers * jobsEach];
            var accepted = new bool[Producers * jobsEach];
            var pool = new WorkerPool(size, capacity, Options(isPortable));
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
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task A_parked_worker_always_wakes_with_more_workers_than_cores_and_busy_neighbours(bool isPortable)
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
            await using var pool = new WorkerPool(Environment.ProcessorCount * 4, 64, Options(isPortable));
            using var ran = new SemaphoreSlim(0);
            for (var i = 0; i < Stress.Rounds(4_000); i++)
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

    // Two jobs that need each other need two workers. A worker that goes on sleeping because another is awake would leave the second job lying.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public void As_many_workers_wake_as_jobs_are_handed_in()
    {
        const int Size = 4;
        using var pool = new WorkerPool(Size, Size);
        using var all = new Barrier(Size + 1);
        for (var round = 0; round < Stress.Rounds(1000); round++)
        {
            for (var job = 0; job < Size; job++)
            {
                pool.Execute(static barrier => barrier.SignalAndWait(Patience), all);
            }

            Assert.True(all.SignalAndWait(Patience), $"a job of round {round} has no worker");
        }
    }

    // Reports read the current job without stopping the worker: what they say belongs together, and to one job.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task A_report_names_one_job_or_none_while_jobs_come_and_go()
    {
        await using var pool = new WorkerPool(1, 64);
        using var stop = new CancellationTokenSource();
        string[] names = ["one", "two"];
        var producer = new Thread(() =>
        {
            var items = names.Select(static name => new NamedItem(name)).ToArray();
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                // Both kinds in turn, so that the place of the current job is filled in both ways.
                if (!(i % 2 == 0 ? pool.TryEnqueue(items[i / 2 % 2]) : pool.TryExecute(static _ => { }, names[i / 2 % 2])))
                {
                    Thread.Yield();
                }
            }
        });
        producer.Start();
        try
        {
            for (var i = 0; i < Stress.Rounds(20_000); i++)
            {
                foreach (var name in names)
                {
                    Assert.Contains(pool.WorkerOf(name), new[] { null, "worker-0" });
                }

                Assert.InRange(pool.LongestCurrentJob, TimeSpan.Zero, Patience);
                Assert.Contains(pool.CurrentJobOf(0), new[] { null, "one", "two" });
            }
        }
        finally
        {
            await stop.CancelAsync();
            producer.Join();
        }
    }

    private static WorkerPoolOptions Options(bool isPortable)
    {
        var options = new WorkerPoolOptions();
        options.UsesPortableWaits |= isPortable;
        return options;
    }

    private sealed class NamedItem(string name) : IWorkItem
    {
        public object Description => name;

        public void Run(long started, ExecutionContext? context)
        {
            // Nothing: it is over before it can be looked at, mostly.
        }
    }
}
