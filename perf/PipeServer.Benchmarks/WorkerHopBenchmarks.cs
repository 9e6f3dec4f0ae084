using BenchmarkDotNet.Attributes;
using PipeServer.Workers;

namespace PipeServer.Benchmarks;

/// <summary>
/// What it costs to go on elsewhere in the worst case: two pools of one worker each, so that every hop has to wake a parked
/// thread. Under load a worker finds its next job without parking.
/// </summary>
[MemoryDiagnoser]
public class WorkerHopBenchmarks
{
    private const int Hops = 10_000;

    private WorkerPool _one = null!;
    private WorkerPool _other = null!;

    [GlobalSetup]
    public void Setup() => (_one, _other) = (new WorkerPool(1, 16), new WorkerPool(1, 16));

    [GlobalCleanup]
    public void Cleanup()
    {
        _one.Dispose();
        _other.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Hops)]
    public async Task ToAParkedWorker()
    {
        for (var i = 0; i < Hops / 2; i++)
        {
            await _one.TryContinueOnWorker();
            await _other.TryContinueOnWorker();
        }

        // The caller must not be left on a worker that the cleanup joins.
        await Task.Yield();
    }
}
