using BenchmarkDotNet.Attributes;
using PipeServer.Workers;

namespace PipeServer.Benchmarks;

/// <summary>
/// Many short jobs through <see cref="WorkerPool"/> and through the .NET thread pool, handed in by one thread, none of them
/// allocating: what a dedicated, bounded pool costs against the one that is there anyway.
/// </summary>
[MemoryDiagnoser]
public class ThreadPoolBenchmarks
{
    private const int Jobs = 10_000;

    private readonly CountedJob _job = new();
    private WorkerPool _pool = null!;

    [GlobalSetup]
    public void Setup() => _pool = new WorkerPool(Environment.ProcessorCount, 4096);

    [GlobalCleanup]
    public void Cleanup() => _pool.Dispose();

    [Benchmark(OperationsPerInvoke = Jobs)]
    public void WorkerPool()
    {
        _job.Reset(Jobs);
        for (var i = 0; i < Jobs; i++)
        {
            _pool.Execute(static job => job.Execute(), _job);
        }

        _job.Wait();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Jobs)]
    public void DotNetThreadPool()
    {
        _job.Reset(Jobs);
        for (var i = 0; i < Jobs; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_job, preferLocal: false);
        }

        _job.Wait();
    }

#pragma warning disable CA1001 // Lives as long as the benchmark.
    private sealed class CountedJob : IThreadPoolWorkItem
#pragma warning restore CA1001
    {
        private readonly ManualResetEventSlim _done = new();
        private int _left;

        public void Reset(int jobs)
        {
            _left = jobs;
            _done.Reset();
        }

        public void Execute()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _done.Set();
            }
        }

        public void Wait() => _done.Wait();
    }
}
