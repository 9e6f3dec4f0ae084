using PipeServer.Workers;

namespace PipeServer.Tests.Workers;

/// <summary>The permits of the thread pool: never more out than there are, none lost, first come first served.</summary>
public sealed class BoundedThreadPoolTests
{
    [Fact]
    public void Who_finds_no_permit_waits_in_turn_and_who_finds_the_queue_full_is_told()
    {
        var started = new Queue<IThreadPoolWorkItem>();
        var pool = new BoundedThreadPool(concurrency: 2, capacity: 2, started.Enqueue);
        var works = Enumerable.Range(0, 5).Select(_ => new Work(pool)).ToArray();
        Assert.All(works[..4], work => Assert.True(pool.TryStart(work)));
        Assert.False(pool.TryStart(works[4]));
        Assert.Equal((2, 2), (pool.Active, pool.Queued));
        Assert.Equal(works[..2], started);
        RunAll(started);
        works[1].ReturnPermit();
        Assert.Equal((2, 1), (pool.Active, pool.Queued));
        Assert.True(pool.TryStart(works[4]));
        works[0].ReturnPermit();
        works[0].ReturnPermit(); // it has none any more
        Assert.Equal([works[2], works[3]], started);
        RunAll(started);
        works[2].ReturnPermit();
        RunAll(started);
        works[3].ReturnPermit();
        works[4].ReturnPermit();
        Assert.Equal((0, 0), (pool.Active, pool.Queued));
        Assert.All(works, static work => Assert.Equal((1, 0), (work.Runs, work.Refusals)));
    }

    // The system gives the thread pool no thread: the work would have stayed in its queue for good, with its permit.
    [Fact]
    public void Without_a_thread_nothing_is_taken_and_no_permit_is_lost()
    {
        var pool = new BoundedThreadPool(1, 1, static _ => ThrowNoThread());
        var work = new Work(pool);
        for (var i = 0; i < 3; i++)
        {
            Assert.False(pool.TryStart(work));
            Assert.Equal((0, false, 0), (pool.Active, work.HasPermit, work.Runs));
        }
    }

    // What has stayed in the pool's queue comes out of it one day: then it must neither run twice nor run what is not handed in.
    [Fact]
    public void What_comes_out_of_the_queue_late_runs_nothing_twice()
    {
        var queued = new List<IThreadPoolWorkItem>();
        var hasThread = false;
        var pool = new BoundedThreadPool(1, 1, item =>
        {
            queued.Add(item);
            if (!hasThread)
            {
                ThrowNoThread();
            }
        });
        var (work, other) = (new Work(pool), new Work(pool));
        Assert.False(pool.TryStart(work));
        queued[0].Execute();
        Assert.Equal(0, work.Runs);
        hasThread = true;
        Assert.True(pool.TryStart(other));
        Assert.True(pool.TryStart(work)); // waits
        queued[0].Execute();
        Assert.Equal(0, work.Runs);
        queued[1].Execute();
        other.ReturnPermit();
        queued[0].Execute(); // the late one takes the place of the real one
        queued[2].Execute();
        Assert.Equal((1, 1), (work.Runs, other.Runs));
    }

    // Somebody has waited, gets the permit, and there is no thread: it is told, and the permit goes on.
    [Fact]
    public void Who_has_waited_for_a_permit_without_a_thread_is_refused_and_the_next_is_tried()
    {
        var attempts = 0;
        var started = new List<IThreadPoolWorkItem>();
        var pool = new BoundedThreadPool(1, 5, item =>
        {
            if (++attempts is 2 or 3)
            {
                ThrowNoThread();
            }

            started.Add(item);
        });
        var works = Enumerable.Range(0, 4).Select(_ => new Work(pool)).ToArray();
        Assert.All(works, work => Assert.True(pool.TryStart(work)));
        works[0].ReturnPermit();
        Assert.Equal([0, 1, 1, 0], works.Select(static work => work.Refusals));
        Assert.Equal([works[0], works[3]], started);
        Assert.Equal((1, 0), (pool.Active, pool.Queued));
    }

    [Fact]
    public void Completion_refuses_who_waits_and_leaves_who_is_at_work()
    {
        var started = new Queue<IThreadPoolWorkItem>();
        var pool = new BoundedThreadPool(1, 5, started.Enqueue);
        var works = Enumerable.Range(0, 4).Select(_ => new Work(pool)).ToArray();
        Assert.All(works[..3], work => Assert.True(pool.TryStart(work)));
        pool.Complete();
        pool.Complete();
        Assert.Equal([0, 1, 1, 0], works.Select(static work => work.Refusals));
        Assert.False(pool.TryStart(works[3]));
        RunAll(started);
        works[0].ReturnPermit();
        Assert.Equal((1, 0, 0), (works[0].Runs, pool.Active, pool.Queued));
    }

    [Fact]
    public async Task An_async_method_goes_on_with_a_permit_or_is_told_that_there_is_none()
    {
        var pool = new BoundedThreadPool(1, 1);
        var (first, second, third) = (new Work(pool), new Work(pool), new Work(pool));
        Assert.True(await first.TryContinueOnThreadPool());
        Assert.True(Thread.CurrentThread.IsThreadPoolThread);
        var waiting = ContinueAsync(second);
        Assert.False(waiting.IsCompleted);
        Assert.False(await third.TryContinueOnThreadPool());
        first.ReturnPermit();
        Assert.True(await waiting.WaitAsync(TestClient.Patience));
        second.ReturnPermit();
        Assert.Equal((0, 0), (pool.Active, pool.Queued));
        Assert.All([first, second, third], static work => Assert.Equal(0, work.Runs + work.Refusals));
    }

    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task However_many_come_and_go_the_permits_add_up()
    {
        const int Most = 3;
        var pool = new BoundedThreadPool(Most, 50);
        var (now, peak, granted, refused) = (0, 0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(number => Task.Run(async () =>
        {
            var work = new Work(pool);
            for (var round = 0; round < Stress.Rounds(200); round++)
            {
                if (!await work.TryContinueOnThreadPool())
                {
                    Interlocked.Increment(ref refused);
                    continue;
                }

                var at = Interlocked.Increment(ref now);
                for (var seen = peak; at > seen; seen = peak)
                {
                    Interlocked.CompareExchange(ref peak, at, seen);
                }

                Interlocked.Increment(ref granted);
                if ((round + number) % 7 == 0)
                {
                    await Task.Yield();
                }

                Interlocked.Decrement(ref now);
                work.ReturnPermit();
            }
        })));
        Assert.Equal(100 * Stress.Rounds(200), granted + refused);
        Assert.InRange(peak, 1, Most);
        Assert.Equal((0, 0), (pool.Active, pool.Queued));
    }

    // As the runtime does where the system refuses it a thread.
#pragma warning disable CA2201, MA0012 // It is the runtime's.
    private static void ThrowNoThread() => throw new OutOfMemoryException();
#pragma warning restore CA2201, MA0012

    private static async Task<bool> ContinueAsync(Work work) => await work.TryContinueOnThreadPool();

    private static void RunAll(Queue<IThreadPoolWorkItem> started)
    {
        while (started.TryDequeue(out var item))
        {
            item.Execute();
        }
    }

    private sealed class Work(BoundedThreadPool pool) : BoundedWork
    {
        public override BoundedThreadPool ThreadPool => pool;

        public int Runs { get; private set; }

        public int Refusals { get; private set; }

        protected override void Run() => _ = HasPermit ? Runs++ : Refusals++;
    }
}
