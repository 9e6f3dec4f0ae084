using Microsoft.Coyote.Runtime;
using PipeServer.Workers;

namespace PipeServer.Interleavings;

/// <summary>
/// What a pool does with its queue, on threads that Coyote controls: workers start when they are wanted, or are refused a thread, and every job
/// keeps count of how often it ran.
/// </summary>
internal sealed class PoolModel(int capacity, int workers, bool isPortable = false)
{
    private readonly WakeSignal[] _signals = [.. Enumerable.Range(0, workers).Select(_ => new WakeSignal(isPortable))];
    private readonly List<CountedJob> _jobs = [];
    private readonly List<int> _order = [];
    private bool _isStartingFirst;

    public JobQueue Queue { get; } = new(capacity, workers, isPortable);

    public ControlledThreads Threads { get; } = new();

    /// <summary>The numbers of the jobs, in the order in which they began.</summary>
    public IReadOnlyList<int> Order => _order;

    /// <summary>How many workers have a thread.</summary>
    public int Started { get; private set; }

    /// <summary>Asked before each start but the first: true if the system refuses the thread.</summary>
    public Func<bool> IsThreadRefused { get; set; } = static () => false;

    /// <summary>How many of the jobs that were accepted have not run.</summary>
    public int Outstanding => _jobs.Count(static job => job.IsAccepted && job.Runs == 0);

    /// <summary>Hands in a job if there is room.</summary>
    public bool TryAdd(int number, Action? body = null)
    {
        var job = NewJob(number, body);
        var result = Queue.TryAdd(Job.From(job));
        if (result == HandIn.NeedsFirstWorker)
        {
            StartFirst();
            result = Queue.TryAdd(Job.From(job));
        }

        job.IsAccepted = result.HasFlag(HandIn.Accepted);
        StartIfWanted(result);
        return job.IsAccepted;
    }

    /// <summary>Hands in a job, and waits for room with a thread; false when the queue was completed first.</summary>
    public bool AddOrBlock(int number, Action? body = null)
    {
        if (TryAdd(number, body))
        {
            return true;
        }

        var job = NewJob(number, body);
        var waiting = new WaitingJob(Job.From(job), continuation: null);
        var result = Queue.AddOrWait(waiting);
        StartIfWanted(result);
        return job.IsAccepted = result.HasFlag(HandIn.Waits) ? waiting.Wait() : result.HasFlag(HandIn.Accepted);
    }

    /// <summary>Hands in a job that waits for room without a thread; it runs, or <paramref name="refused"/> does.</summary>
    public void AddOrContinue(int number, Action refused)
    {
        var job = NewJob(number, body: null);
        var waiting = new WaitingJob(Job.From(job), () =>
        {
            job.IsRefused = true;
            refused();
        });
        var result = Queue.AddOrWait(waiting);
        StartIfWanted(result);
        if ((result & (HandIn.Accepted | HandIn.Waits)) == HandIn.Full)
        {
            waiting.Refuse();
        }
    }

    /// <summary>As the pool does it.</summary>
    public void Complete()
    {
        if (Queue.TryComplete(out var waiting, out _))
        {
            for (; waiting is not null; waiting = waiting.Next)
            {
                waiting.Refuse();
            }
        }
    }

    /// <summary>Everybody has ended: what was accepted has run once, and what was refused has not.</summary>
    public void Check()
    {
        Threads.Join();
        Check(Queue.Count == 0, "jobs are left in the queue");
        foreach (var job in _jobs)
        {
            Check(job.Runs <= 1, $"job {job.Number} ran {job.Runs} times");
            Check(!job.IsAccepted || job.Runs == 1, $"job {job.Number} was accepted and did not run");
            Check(!job.IsRefused || job.Runs == 0, $"job {job.Number} was refused and ran");
        }
    }

    public static void Check(bool condition, string complaint)
    {
        if (!condition)
        {
            throw new InvalidOperationException(complaint);
        }
    }

    private CountedJob NewJob(int number, Action? body)
    {
        var job = new CountedJob(this, number, body);
        _jobs.Add(job);
        return job;
    }

    // One at a time, as the starter's lock has it.
    private void StartFirst()
    {
        SchedulingPoint.Interleave();
        Operation.PauseUntil(() => !_isStartingFirst);
        _isStartingFirst = true;
        if (Queue.Started == 0 && Queue.TryReserve(isFirst: true, out var index))
        {
            Start(index);
        }

        _isStartingFirst = false;
    }

    private void StartIfWanted(HandIn result)
    {
        if (!result.HasFlag(HandIn.WantsWorker) || !Queue.TryReserve(isFirst: false, out var index))
        {
            return;
        }

        if (IsThreadRefused())
        {
            Queue.TryGiveBack(index);
        }
        else
        {
            Start(index);
        }
    }

    private void Start(int index)
    {
        Started++;
        Threads.Start(() => Work(_signals[index]));
        Queue.OnStarted();
    }

    private void Work(WakeSignal signal)
    {
        var job = default(Job);
        for (var isNew = true; Queue.TryTake(signal, isNew, ref job); isNew = false)
        {
            Check(Queue.Count <= Queue.Capacity, "more jobs are queued than there is room for");
            job.Run(started: 0, context: null);
            job.Clear();
        }
    }

    private sealed class CountedJob(PoolModel pool, int number, Action? body) : IWorkItem
    {
        public int Number => number;

        public bool IsAccepted { get; set; }

        public bool IsRefused { get; set; }

        public int Runs { get; private set; }

        public object Description => this;

        public void Run(long started, ExecutionContext? context)
        {
            Runs++;
            pool._order.Add(number);
            body?.Invoke();
        }
    }
}
