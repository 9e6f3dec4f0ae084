using System.Collections.Concurrent;

namespace BookServer;

/// <summary>The Book's Worker: a thread that runs jobs until the channel is closed and empty.</summary>
internal sealed class Worker
{
    private readonly Thread _thread;

    /// <summary>Starts its thread.</summary>
    public Worker(int id, BlockingCollection<Action> jobs)
    {
        Id = id;
        _thread = new Thread(() =>
        {
            while (jobs.TryTake(out var job, Timeout.Infinite))
            {
                Console.WriteLine($"Worker {id} got a job; executing.");
                job();
            }

            Console.WriteLine($"Worker {id} disconnected; shutting down.");
        });
        _thread.Start();
    }

    /// <summary>Its number.</summary>
    public int Id { get; }

    /// <summary>Waits for the end of its thread.</summary>
    public void Join() => _thread.Join();
}
