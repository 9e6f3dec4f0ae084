using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PipeServer.Workers;

namespace PipeServer.Tests.Workers;

public sealed class WorkerPoolTests
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    [Theory]
    [InlineData(0, 1, "size")]
    [InlineData(-1, 1, "size")]
    [InlineData(1, 0, "capacity")]
    [InlineData(1, -5, "capacity")]
    public void Size_and_capacity_below_one_are_refused(int size, int capacity, string parameter)
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(size, capacity));
        Assert.Equal(parameter, exception.ParamName);
    }

    [Fact]
    public void Jobs_run_on_dedicated_threads_with_their_names()
    {
        var threads = new ConcurrentDictionary<string, bool>();
        using var all = new Barrier(3);
        using (var pool = new WorkerPool(3, 10))
        {
            for (var i = 0; i < 3; i++)
            {
                pool.Execute(() =>
                {
                    Assert.True(all.SignalAndWait(Patience));
                    threads[Thread.CurrentThread.Name!] = Thread.CurrentThread.IsThreadPoolThread;
                });
            }
        }

        Assert.Equal(["worker-0", "worker-1", "worker-2"], threads.Keys.Order());
        Assert.DoesNotContain(true, threads.Values);
    }

    [Fact]
    public async Task Dispose_runs_what_is_queued_and_joins_every_worker()
    {
        var ran = 0;
        using var gate = new ManualResetEventSlim();
        var pool = new WorkerPool(1, 100);
        pool.Execute(gate.Wait);
        for (var i = 0; i < 50; i++)
        {
            pool.Execute(() => Interlocked.Increment(ref ran));
        }

        pool.Complete();
        Assert.False(pool.TryExecute(() => { }));
        gate.Set();
        await pool.DisposeAsync();
        Assert.Equal(50, ran);
        Assert.Equal(51, pool.Executed);
        Assert.Equal(0, pool.Queued);
        Assert.Equal(0, pool.Busy);
        pool.Dispose();
        await pool.DisposeAsync();
    }

    [Fact]
    public void After_completion_execute_throws_and_says_why()
    {
        var pool = new WorkerPool(1, 1);
        pool.Complete();
        Assert.Contains("takes no more jobs", Assert.Throws<WorkerPoolStoppedException>(() => pool.Execute(() => { })).Message);
        Assert.Throws<WorkerPoolStoppedException>(() => pool.Execute(static _ => { }, "state"));
        Assert.False(pool.TryExecute(static _ => { }, "state"));
        pool.Dispose();
    }

    [Fact]
    public void TryExecute_is_false_when_the_channel_is_full()
    {
        using var gate = new ManualResetEventSlim();
        using var started = new ManualResetEventSlim();
        using var pool = new WorkerPool(1, 2);
        pool.Execute(() =>
        {
            started.Set();
            gate.Wait();
        });
        Assert.True(started.Wait(Patience));
        Assert.True(pool.TryExecute(() => { }));
        Assert.True(pool.TryExecute(() => { }));
        Assert.False(pool.TryExecute(() => { }));
        Assert.Equal(2, pool.Queued);
        Assert.Equal(1, pool.Busy);
        gate.Set();
    }

    [Fact]
    public async Task Execute_waits_while_the_channel_is_full()
    {
        using var gate = new ManualResetEventSlim();
        using var pool = new WorkerPool(1, 1);
        pool.Execute(gate.Wait);
        await Eventually.TrueAsync(() => pool.Busy == 1 && pool.Queued == 0, "the first job runs");
        pool.Execute(() => { });
        var returned = new TaskCompletionSource();
        var ran = new TaskCompletionSource();
        var producer = new Thread(() =>
        {
            pool.Execute(ran.SetResult);
            returned.SetResult();
        });
        producer.Start();
        await Eventually.TrueAsync(() => producer.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "the producer waits");
        Assert.False(returned.Task.IsCompleted);
        gate.Set();
        await returned.Task.WaitAsync(Patience);
        await ran.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_producer_that_waits_for_room_learns_of_the_completion()
    {
        using var gate = new ManualResetEventSlim();
        var pool = new WorkerPool(1, 1);
        pool.Execute(gate.Wait);
        await Eventually.TrueAsync(() => pool.Busy == 1 && pool.Queued == 0, "the first job runs");
        pool.Execute(() => { });
        Exception? thrown = null;
        var producer = new Thread(() => thrown = Record.Exception(() => pool.Execute(() => { })));
        producer.Start();
        await Eventually.TrueAsync(() => producer.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "the producer waits");
        pool.Complete();
        Assert.True(producer.Join(Patience));
        Assert.IsType<WorkerPoolStoppedException>(thrown);
        gate.Set();
        pool.Dispose();
        Assert.Equal(2, pool.Executed);
    }

    // On its own worker Execute must not wait for room that only that worker could make.
    [Fact]
    public async Task A_worker_that_hands_in_a_job_while_the_channel_is_full_runs_it_itself()
    {
        using var pool = new WorkerPool(1, 1);
        var inner = new TaskCompletionSource<string?>();
        pool.Execute(() =>
        {
            Assert.True(pool.TryExecute(() => { }));
            pool.Execute(() => inner.SetResult(Thread.CurrentThread.Name));
        });
        Assert.Equal("worker-0", await inner.Task.WaitAsync(Patience));
        await Eventually.TrueAsync(() => pool.Executed == 3, "all three jobs are counted");
    }

    [Fact]
    public async Task A_job_that_throws_is_counted_reported_and_does_not_end_its_worker()
    {
        var log = new TestLog();
        using var pool = new WorkerPool(1, 10, new WorkerPoolOptions { Logger = log });
        var reported = new TaskCompletionSource<JobFaultedEventArgs>();
        pool.JobFaulted += (_, e) => reported.SetResult(e);
        pool.JobFaulted += (_, _) => throw new InvalidOperationException("the listener");
        pool.Execute(() => throw new FormatException("the job"));
        var ran = new TaskCompletionSource();
        pool.Execute(ran.SetResult);
        await ran.Task.WaitAsync(Patience);
        var args = await reported.Task.WaitAsync(Patience);
        Assert.Equal("the job", args.Exception.Message);
        Assert.Equal(0, args.WorkerIndex);
        Assert.Equal(1, pool.Faulted);
        Assert.Single(log.Entries, entry => entry.Exception is FormatException && entry.Level == LogLevel.Error);
        Assert.Single(log.Entries, entry => entry.Exception is InvalidOperationException);
    }

    [Fact]
    public async Task StopAsync_names_the_stuck_worker_and_its_job_and_the_others_end()
    {
        using var gate = new ManualResetEventSlim();
        var log = new TestLog();
        var pool = new WorkerPool(2, 10, new WorkerPoolOptions { Logger = log, StopTimeout = TimeSpan.Zero });
        pool.Execute(static state => state.Gate.Wait(), new StuckJob(gate));
        await Eventually.TrueAsync(() => pool.Busy == 1, "the job runs");
        var report = await pool.StopAsync(TimeSpan.FromMilliseconds(200));
        Assert.False(report.AllEnded);
        var stuck = Assert.Single(report.Workers, worker => !worker.Ended);
        Assert.Equal("the stuck one", stuck.CurrentJob);
        Assert.True(stuck.CurrentJobDuration > TimeSpan.Zero);
        Assert.Equal(pool.LongestCurrentJob > TimeSpan.Zero, stuck.CurrentJobDuration > TimeSpan.Zero);
        Assert.Contains(log.Messages, message => message.StartsWith($"Worker {stuck.Index} did not end before the deadline: it has been running the stuck one"));
        gate.Set();
        await Eventually.TrueAsync(() => pool.StopAsync(Patience).GetAwaiter().GetResult().AllEnded, "the stuck one ends at last");
    }

    [Fact]
    public async Task Dispose_does_not_wait_for_ever_for_a_job_that_does_not_end()
    {
        using var gate = new ManualResetEventSlim();
        var pool = new WorkerPool(1, 1, new WorkerPoolOptions { StopTimeout = TimeSpan.FromMilliseconds(100) });
        pool.Execute(gate.Wait);
        await Eventually.TrueAsync(() => pool.Busy == 1, "the job runs");
        var disposing = new Thread(pool.Dispose);
        disposing.Start();
        Assert.True(disposing.Join(Patience));
        Assert.Equal(1, pool.Busy);
        gate.Set();
    }

    [Fact]
    public async Task Dispose_from_its_own_worker_does_not_wait_for_itself()
    {
        var pool = new WorkerPool(2, 10);
        var disposed = new TaskCompletionSource();
        pool.Execute(() =>
        {
            pool.Dispose();
            disposed.SetResult();
        });
        await disposed.Task.WaitAsync(Patience);
        Assert.True((await pool.StopAsync(Patience)).AllEnded);
    }

    [Fact]
    public async Task DisposeAsync_may_be_awaited_on_a_worker()
    {
        var pool = new WorkerPool(1, 1);
        await OnWorkerAsync().WaitAsync(Patience);
        Assert.Equal(1, pool.Executed);

        async Task OnWorkerAsync()
        {
            await pool.ContinueOnWorker();
            Assert.True(pool.IsOnWorker);
            await pool.DisposeAsync();
            Assert.False(pool.IsOnWorker);
        }
    }

    [Fact]
    public async Task A_work_item_is_named_by_itself_and_found_by_its_description()
    {
        using var gate = new ManualResetEventSlim();
        var pool = new WorkerPool(1, 10);
        var item = new StuckItem(gate);
        Assert.True(pool.TryEnqueue(item));
        await Eventually.TrueAsync(() => pool.Busy == 1, "the item runs");
        Assert.Equal("worker-0", pool.WorkerOf(item.Description));
        Assert.Null(pool.WorkerOf("another"));
        var report = await pool.StopAsync(TimeSpan.FromMilliseconds(50));
        Assert.Equal("the item's own words", Assert.Single(report.Workers).CurrentJob);
        gate.Set();
        Assert.True((await pool.StopAsync(Patience)).AllEnded);
        Assert.Null(pool.WorkerOf(item.Description));
        Assert.Equal(1, pool.Executed);
        Assert.False(pool.TryEnqueue(item));
    }

    // A job inside a job is the current one until it ends; then the outer one is again.
    [Fact]
    public async Task A_job_inside_a_job_is_the_one_that_is_reported()
    {
        using var inInner = new ManualResetEventSlim();
        using var leaveInner = new ManualResetEventSlim();
        using var leaveOuter = new ManualResetEventSlim();
        await using var pool = new WorkerPool(1, 1);
        pool.Execute(
            static state =>
            {
                var (pool, inInner, leaveInner, leaveOuter) = state;
                Assert.True(pool.TryExecute(static () => { }));
                pool.Execute(
                    static gates =>
                    {
                        gates.InInner.Set();
                        gates.LeaveInner.Wait();
                    },
                    new InnerGates(inInner, leaveInner));
                leaveOuter.Wait();
            },
            Tuple.Create(pool, inInner, leaveInner, leaveOuter));
        Assert.True(inInner.Wait(Patience));
        Assert.Equal("the inner job", pool.CurrentJobOf(0));
        Assert.Equal(1, pool.Busy);
        Assert.Equal(0, pool.Executed);
        leaveInner.Set();
        await Eventually.TrueAsync(() => pool.Executed == 1, "the inner job has ended");
        Assert.Equal(1, pool.Busy);
        Assert.NotEqual("the inner job", pool.CurrentJobOf(0));
        leaveOuter.Set();
        await Eventually.TrueAsync(() => pool is { Executed: 3, Busy: 0 }, "all three have ended");
    }

    // What a job holds must not outlive it while its worker waits for the next.
    [Fact]
    public async Task An_idle_worker_holds_on_to_nothing()
    {
        await using var pool = new WorkerPool(1, 4);
        var weak = HandIn(pool);
        await Eventually.TrueAsync(() => pool.Executed == 2, "both jobs have run");
        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return !weak.Any(static reference => reference.IsAlive);
            },
            "what the jobs held is collected");

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static List<WeakReference> HandIn(WorkerPool pool)
        {
            var state = new object();
            var item = new EmptyItem();
            pool.Execute(static _ => { }, state);
            Assert.True(pool.TryEnqueue(item));
            return [new WeakReference(state), new WeakReference(item)];
        }
    }

    // A turn is a millisecond of the pool's own clock, and is asked about only when somebody waits.
    [Fact]
    public async Task A_worker_stays_within_its_turn_or_while_nobody_waits()
    {
        var time = new ManualTimeProvider();
        await using var pool = new WorkerPool(1, 4, new WorkerPoolOptions { TimeProvider = time });
        var answers = new TaskCompletionSource<bool[]>();
        pool.Execute(() =>
        {
            var withinTurn = pool.MayStayOnWorker;
            time.Advance(TimeSpan.FromMilliseconds(2));
            var alone = pool.MayStayOnWorker;
            Assert.True(pool.TryExecute(static () => { }));
            answers.SetResult([withinTurn, alone, pool.MayStayOnWorker]);
        });
        var given = await answers.Task.WaitAsync(Patience);
        Assert.Equal([true, true, false], given);
        Assert.False(pool.MayStayOnWorker);
    }

    // What waits for room when the pool is stopped is told so, each, whatever the others make of it.
    [Fact]
    public async Task A_continuation_that_throws_when_it_is_refused_keeps_nobody_else_waiting()
    {
        using var gate = new ManualResetEventSlim();
        var log = new TestLog();
        await using var pool = new WorkerPool(1, 1, new WorkerPoolOptions { Logger = log });
        pool.Execute(gate.Wait);
        await Eventually.TrueAsync(() => pool.Busy == 1 && pool.Queued == 0, "the first job runs");
        pool.Execute(static () => { });
        pool.ContinueOnWorker().UnsafeOnCompleted(static () => throw new FormatException("the continuation"));
        var other = HopAsync();
        pool.Complete();
        await Assert.ThrowsAsync<WorkerPoolStoppedException>(() => other.WaitAsync(Patience));
        Assert.Single(log.Entries, static entry => entry is { Level: LogLevel.Error, Exception: FormatException });
        gate.Set();

        async Task HopAsync() => await pool.ContinueOnWorker();
    }

    [Fact]
    public async Task Jobs_run_in_the_order_in_which_they_were_handed_in_also_when_the_ring_grows()
    {
        using var gate = new ManualResetEventSlim();
        await using var pool = new WorkerPool(1, 100);
        pool.Execute(gate.Wait);
        await Eventually.TrueAsync(() => pool.Busy == 1 && pool.Queued == 0, "the first job runs");
        var order = new List<int>();
        for (var i = 0; i < 100; i++)
        {
            var number = i;
            Assert.True(pool.TryExecute(() => order.Add(number)));
        }

        Assert.False(pool.TryExecute(static () => { }));
        Assert.Equal(100, pool.Queued);
        gate.Set();
        await Eventually.TrueAsync(() => pool.Executed == 101, "all have run");
        Assert.Equal(Enumerable.Range(0, 100), order);
    }

    [Fact]
    public async Task The_log_lines_are_the_books()
    {
        var log = new TestLog();
        var pool = new WorkerPool(2, 10, new WorkerPoolOptions { Logger = log });
        pool.Execute(() => { });
        await Eventually.TrueAsync(() => pool.Executed == 1, "the job has run");
        await pool.DisposeAsync();
        pool.Dispose();
        Assert.Contains(log.Entries, entry => entry is { Level: LogLevel.Debug, Message: "Worker 0 got a job; executing." or "Worker 1 got a job; executing." });
        foreach (var line in new[]
        {
            "Worker 0 disconnected; shutting down.", "Worker 1 disconnected; shutting down.", "Shutting down worker 0", "Shutting down worker 1",
        })
        {
            Assert.Single(log.Entries, entry => entry.Level == LogLevel.Information && entry.Message == line);
        }
    }

    [Fact]
    public async Task A_hop_continues_on_a_worker_and_stays_there_for_the_next_one()
    {
        await using var pool = new WorkerPool(1, 4);
        await pool.ContinueOnWorker();
        Assert.Equal("worker-0", Thread.CurrentThread.Name);
        Assert.True(await pool.TryContinueOnWorker());
        Assert.Equal("worker-0", Thread.CurrentThread.Name);
    }

    [Fact]
    public async Task TryContinueOnWorker_is_false_where_it_was_when_the_channel_is_full_or_completed()
    {
        using var gate = new ManualResetEventSlim();
        var pool = new WorkerPool(1, 1);
        pool.Execute(gate.Wait);
        await Eventually.TrueAsync(() => pool.Busy == 1 && pool.Queued == 0, "the first job runs");
        pool.Execute(() => { });
        Assert.False(await pool.TryContinueOnWorker());
        Assert.False(pool.IsOnWorker);
        gate.Set();
        await pool.DisposeAsync();
        Assert.False(await pool.TryContinueOnWorker());
        await Assert.ThrowsAsync<WorkerPoolStoppedException>(async () => await pool.ContinueOnWorker());
    }

    [Fact]
    public async Task ContinueOnWorker_waits_for_room_without_a_thread()
    {
        using var gate = new ManualResetEventSlim();
        await using var pool = new WorkerPool(1, 1);
        pool.Execute(gate.Wait);
        await Eventually.TrueAsync(() => pool.Busy == 1 && pool.Queued == 0, "the first job runs");
        pool.Execute(() => { });
        var hops = Enumerable.Range(0, 20).Select(_ => HopAsync()).ToList();
        Assert.DoesNotContain(hops, hop => hop.IsCompleted);
        gate.Set();
        Assert.All(await Task.WhenAll(hops).WaitAsync(Patience), Assert.True);

        async Task<bool> HopAsync()
        {
            await pool.ContinueOnWorker();
            return pool.IsOnWorker;
        }
    }

    private sealed class StuckJob(ManualResetEventSlim gate)
    {
        public ManualResetEventSlim Gate { get; } = gate;

        public override string ToString() => "the stuck one";
    }

    private sealed class EmptyItem : IWorkItem
    {
        public object Description => this;

        public void Run(long started, ExecutionContext? context)
        {
            // Nothing to do.
        }
    }

    private sealed class StuckItem(ManualResetEventSlim gate) : IWorkItem
    {
        public object Description { get; } = new Words();

        public void Run(long started, ExecutionContext? context) => gate.Wait();

        private sealed class Words
        {
            public override string ToString() => "the item's own words";
        }
    }

    private sealed record InnerGates(ManualResetEventSlim InInner, ManualResetEventSlim LeaveInner)
    {
        public override string ToString() => "the inner job";
    }
}
