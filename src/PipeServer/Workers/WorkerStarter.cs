using PipeServer.Diagnostics;

namespace PipeServer.Workers;

/// <summary>Gives workers their threads, each when a job finds no worker that is parked or on its way. Thread-safe.</summary>
/// <remarks>
/// A system that refuses a thread (no memory, a limit of the container) is asked again by a later job, but at most once a second: the attempt
/// costs more than a request, and each that fails is a line of the log.
/// </remarks>
internal sealed class WorkerStarter(WorkerPool pool, JobQueue queue, Worker[] workers)
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    // Jobs that arrive while the first worker is being started wait for the outcome: none may be queued before.
    private readonly Lock _first = new();
    private volatile Failure? _lastFailure;

    /// <summary>Starts the first worker, if no one has. False when there is none: <see cref="WhyNone"/> says why, unless the queue was completed.</summary>
    public bool TryStartFirst()
    {
        lock (_first)
        {
            if (queue.Started == 0)
            {
                TryStart(isFirst: true);
            }

            return queue.Started > 0;
        }
    }

    /// <summary>Starts one more worker, if a job has none still. The jobs that are queued are safe without it.</summary>
    public void TryStartAnother() => TryStart(isFirst: false);

    /// <summary>What a job is told that no worker could be started for.</summary>
    public InvalidOperationException WhyNone() => new(
        "No worker could be started: the system refuses another thread. Raise the limit of threads (ulimit -u, TasksMax, pids.max), or give "
            + "the process more memory.",
        _lastFailure?.Exception);

    private void TryStart(bool isFirst)
    {
        if (_lastFailure is { } last && pool.TimeProvider.GetElapsedTime(last.At) < PauseAfterFailure)
        {
            return;
        }

        if (!queue.TryReserve(isFirst, out var index))
        {
            return;
        }

        var isStarted = false;
        try
        {
            workers[index].Start();
            isStarted = true;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            _lastFailure = new Failure(exception, pool.TimeProvider.GetTimestamp());
            Log.WorkerNotStarted(pool.Logger, index, queue.Started, exception);
        }
        finally
        {
            // Whatever has been thrown: a worker that counts as coming and never comes would keep others asleep.
            if (isStarted)
            {
                queue.OnStarted();
            }
            else if (!queue.TryGiveBack(index))
            {
                workers[index].EndWithoutThread();
            }
        }
    }

    private sealed record Failure(Exception Exception, long At);
}
