using Microsoft.Extensions.Logging;
using PipeServer.Workers;

namespace PipeServer.Tests.Workers;

/// <summary>Workers get their threads when jobs need them, and a system that refuses a thread costs no job.</summary>
public sealed class WorkerStartTests
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    private readonly Threads _threads = new();

    [Fact]
    public async Task An_idle_pool_has_no_thread_and_its_stop_tells_of_each_worker_all_the_same()
    {
        var log = new TestLog();
        var pool = new WorkerPool(3, 10, _threads.Options(log));
        Assert.Equal(3, pool.Size);
        var report = await pool.StopAsync(Patience);
        pool.Dispose();
        Assert.Empty(_threads.Started);
        Assert.True(report.AllEnded);
        Assert.Equal(["worker-0", "worker-1", "worker-2"], report.Workers.Select(static worker => worker.Name));
        for (var worker = 0; worker < 3; worker++)
        {
            Assert.Single(log.Messages, $"Shutting down worker {worker}");
            Assert.Single(log.Messages, $"Worker {worker} disconnected; shutting down.");
        }
    }

    [Fact]
    public async Task A_job_starts_one_thread_and_each_that_finds_all_busy_starts_another_up_to_the_size()
    {
        using var gate = new ManualResetEventSlim();
        await using var pool = new WorkerPool(2, 10, _threads.Options());
        for (var busy = 1; busy <= 3; busy++)
        {
            pool.Execute(gate.Wait);
            await Eventually.TrueAsync(() => pool.Busy == Math.Min(busy, 2), "the job runs, if there is a worker for it");
            Assert.Equal(Math.Min(busy, 2), _threads.Started.Count);
        }

        Assert.Equal(["worker-0", "worker-1"], _threads.Started);
        Assert.Equal(1, pool.Queued);
        gate.Set();
    }

    // The jobs that arrive together before the first worker has begun must not share it: each may block.
    [Fact]
    public void Jobs_that_are_handed_in_at_once_have_a_worker_each()
    {
        using var all = new Barrier(4);
        using var pool = new WorkerPool(4, 10);
        var met = 0;
        for (var i = 0; i < 4; i++)
        {
            pool.Execute(() =>
            {
                Assert.True(all.SignalAndWait(Patience));
                Interlocked.Increment(ref met);
            });
        }

        pool.Dispose();
        Assert.Equal(4, met);
    }

    [Fact]
    public async Task Without_a_thread_for_the_first_worker_a_job_is_refused_and_told_why()
    {
        var log = new TestLog();
        var time = new ManualTimeProvider();
        _threads.AreRefused = true;
        var options = _threads.Options(log);
        options.TimeProvider = time;
        await using var pool = new WorkerPool(2, 10, options);
        var exception = Assert.Throws<InvalidOperationException>(() => pool.Execute(static () => { }));
        Assert.IsNotType<WorkerPoolStoppedException>(exception);
        Assert.Contains("ulimit -u", exception.Message);
        Assert.IsType<OutOfMemoryException>(exception.InnerException);
        Assert.False(pool.TryExecute(static () => { }));
        Assert.False(await pool.TryContinueOnWorker());
        Assert.False(await pool.WaitForWorker("description"));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await pool.ContinueOnWorker());
        Assert.Equal(0, pool.Queued);

        // A refusal costs more than a request: asked once a second, and told once for each time.
        Assert.Equal(1, _threads.Attempts);
        Assert.Single(log.Entries, static entry => entry.Level == LogLevel.Error && entry.Message.StartsWith("Worker 0 could not be started"));

        _threads.AreRefused = false;
        Assert.False(pool.TryExecute(static () => { }));
        time.Advance(TimeSpan.FromSeconds(1));
        var ran = new TaskCompletionSource();
        pool.Execute(ran.SetResult);
        await ran.Task.WaitAsync(Patience);
        Assert.Equal(["worker-0"], _threads.Started);
    }

    [Fact]
    public async Task A_thread_refused_to_a_later_worker_leaves_its_job_to_those_that_run()
    {
        var log = new TestLog();
        var time = new ManualTimeProvider();
        var options = _threads.Options(log);
        options.TimeProvider = time;
        using var gate = new ManualResetEventSlim();
        var pool = new WorkerPool(2, 1, options);
        pool.Execute(gate.Wait);
        await Eventually.TrueAsync(() => pool.Busy == 1, "the first job runs");
        _threads.AreRefused = true;
        var ran = 0;
        Assert.True(pool.TryExecute(() => Interlocked.Increment(ref ran)));
        Assert.False(pool.TryExecute(static () => { }));
        Assert.Single(log.Messages, static message => message.StartsWith("Worker 1 could not be started") && message.Contains("workers that run: 1."));

        // Threads are to be had again: what asks next is refused for want of room, but the job that waits gets its worker.
        _threads.AreRefused = false;
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(pool.TryExecute(static () => { }));
        await Eventually.TrueAsync(() => Volatile.Read(ref ran) == 1, "the second worker has run the job that waited");
        gate.Set();
        Assert.True((await pool.StopAsync(Patience)).AllEnded);
        Assert.Equal(2, pool.Executed);
    }

    [Fact]
    public async Task A_pool_that_is_stopped_after_refused_threads_ends_and_reports_every_worker()
    {
        using var gate = new ManualResetEventSlim();
        var pool = new WorkerPool(3, 10, _threads.Options());
        pool.Execute(gate.Wait);
        await Eventually.TrueAsync(() => pool.Busy == 1, "the first job runs");
        _threads.AreRefused = true;
        Assert.True(pool.TryExecute(static () => { }));
        pool.Complete();
        gate.Set();
        Assert.True((await pool.StopAsync(Patience)).AllEnded);
        Assert.Equal(2, pool.Executed);
    }

    // Dispose joins a thread that a producer is starting at this very moment.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public void A_stop_in_the_middle_of_a_start_joins_what_was_started()
    {
        for (var round = 0; round < Stress.Rounds(200); round++)
        {
            var pool = new WorkerPool(3, 4);
            var ran = 0;
            var accepted = 0;
            var producer = new Thread(() =>
            {
                for (var i = 0; i < 3; i++)
                {
                    accepted += pool.TryExecute(() => Interlocked.Increment(ref ran)) ? 1 : 0;
                }
            });
            producer.Start();
            Thread.SpinWait(round * 50 % 5000);
            pool.Dispose();
            Assert.True(producer.Join(Patience));
            pool.Dispose();
            Assert.Equal(accepted, ran);
        }
    }

    private sealed class Threads
    {
        private readonly List<string> _started = [];
        private int _attempts;

        public bool AreRefused { get; set; }

        public int Attempts => Volatile.Read(ref _attempts);

        public IReadOnlyList<string> Started
        {
            get
            {
                lock (_started)
                {
                    return [.. _started];
                }
            }
        }

        public WorkerPoolOptions Options(TestLog? log = null)
        {
            var options = new WorkerPoolOptions { StartThread = Start };
            if (log is not null)
            {
                options.Logger = log;
            }

            return options;
        }

        private void Start(Thread thread)
        {
            Interlocked.Increment(ref _attempts);
            if (AreRefused)
            {
#pragma warning disable CA2201, MA0012 // It stands in for the runtime, which throws exactly this.
                throw new OutOfMemoryException("no thread is left");
#pragma warning restore CA2201, MA0012
            }

            lock (_started)
            {
                _started.Add(thread.Name!);
            }

            thread.Start();
        }
    }
}
