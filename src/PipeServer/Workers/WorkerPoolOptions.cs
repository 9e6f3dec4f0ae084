using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Platform;

namespace PipeServer.Workers;

/// <summary>What a <see cref="WorkerPool"/> can be given beyond its size and capacity.</summary>
public sealed class WorkerPoolOptions
{
    /// <summary>Threads are named with this and their number: <c>worker-0</c>, <c>worker-1</c>, …</summary>
    public string ThreadNamePrefix { get; set; } = "worker";

    /// <summary>How long <see cref="WorkerPool.Dispose"/> waits for the workers altogether. Default 30 seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan StopTimeout
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromSeconds(30);

    /// <summary>Where jobs, faults and the stop are reported. Default: faults only, to standard error, one escaped line each, at most ten a second.</summary>
    /// <remarks>It is called on the workers: one that blocks holds up its worker, one that throws is ignored. NullLogger.Instance silences it.</remarks>
    public ILogger Logger
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = LineLoggerFactory.StandardError.CreateLogger("PipeServer.Workers");

    /// <summary>The clock for job durations and the stop deadline.</summary>
    public TimeProvider TimeProvider
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = TimeProvider.System;

    /// <summary>
    /// How a worker's thread is started: without the execution context of the job that has asked for it. The seam for tests of a system that
    /// refuses one.
    /// </summary>
    internal Action<Thread> StartThread { get; set; } = static thread => thread.UnsafeStart();

    /// <summary>True where workers sleep on events instead of futexes. Settable for the tests of that way on Linux.</summary>
    internal bool UsesPortableWaits { get; set; } = !Futex.IsSupported;
}
