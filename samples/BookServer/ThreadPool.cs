using System.Collections.Concurrent;

namespace BookServer;

/// <summary>The Book's ThreadPool: a channel of jobs, and workers that take them from it.</summary>
internal sealed class ThreadPool : IDisposable
{
    private readonly BlockingCollection<Action> _jobs = [];
    private readonly Worker[] _workers;

    /// <summary>Starts so many workers.</summary>
    public ThreadPool(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);

        _workers = new Worker[size];
        for (var id = 0; id < size; id++)
        {
            _workers[id] = new Worker(id, _jobs);
        }
    }

    /// <summary>Sends a job to whichever worker takes it.</summary>
    public void Execute(Action job) => _jobs.Add(job);

    /// <summary>Closes the channel, and waits for each worker.</summary>
    public void Dispose()
    {
        _jobs.CompleteAdding();

        foreach (var worker in _workers)
        {
            Console.WriteLine($"Shutting down worker {worker.Id}");
            worker.Join();
        }

        _jobs.Dispose();
    }
}
