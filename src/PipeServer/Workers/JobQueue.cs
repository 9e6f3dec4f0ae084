using System.Runtime.CompilerServices;

namespace PipeServer.Workers;

/// <summary>
/// The jobs that wait for a worker, the workers that wait for a job, and the jobs that wait for room: one bounded queue, first in, first out,
/// for many producers and many consumers. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// One short lock guards all of it, a few dozen instructions at a time, nothing foreign inside, and nobody sleeps or is woken in it. So the
/// three never disagree: a worker parks in the same step in which it has seen that no job is there, and a producer that adds a job sees every
/// worker that has parked (docs/decisions/050 compares it with a queue without locks).
/// </para>
/// <para>
/// A worker is <i>coming</i> when it has been woken or started, or has looked in vain and will look once more before it parks. What holds
/// whenever the lock is free: there are no more jobs than coming workers, or nobody is parked. Each step keeps it: a producer wakes a worker
/// only if it has made it false, a coming worker takes a job along when it stops coming, and one parks only when there is none.
/// </para>
/// </remarks>
internal sealed class JobQueue
{
    // Of the ring: it doubles until the capacity has room in it. Most pools never have more jobs waiting than this.
    private const int FirstSlots = 16;

    private readonly ShortLock _lock;
    private readonly WakeSignal[] _parked; // the last one is woken first: its cache is the warmest
    private readonly int[] _unstarted; // the numbers of workers without a thread, the lowest last
    private Job[] _slots;
    private int _head;
    private int _count; // written under the lock
    private int _coming;
    private int _parkedCount;
    private int _unstartedCount;
    private int _started; // workers that have a thread
    private WaitingJob? _firstWaiting; // only while the queue is full
    private WaitingJob? _lastWaiting;
    private volatile bool _isCompleted; // written under the lock

    /// <param name="capacity">How many jobs may be queued.</param>
    /// <param name="workers">How many workers there may be.</param>
    /// <param name="isPortable">True for what needs no futexes.</param>
    public JobQueue(int capacity, int workers, bool isPortable)
    {
        Capacity = capacity;
        _lock = new ShortLock(isPortable);
        _slots = new Job[FirstSlots];
        _parked = new WakeSignal[workers];
        _unstarted = new int[workers];
        _unstartedCount = workers;
        for (var index = 0; index < workers; index++)
        {
            _unstarted[index] = workers - 1 - index;
        }
    }

    public int Capacity { get; }

    /// <summary>How many jobs are queued, those that wait for room not among them.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>True when no job is taken any more.</summary>
    public bool IsCompleted => _isCompleted;

    /// <summary>How many workers have got a thread so far.</summary>
    public int Started => Volatile.Read(ref _started);

    /// <summary>Queues a job if there is room, and wakes a worker for it unless one is coming anyhow. Never waits.</summary>
    public HandIn TryAdd(in Job job)
    {
        WakeSignal? wake;
        HandIn result;
        using (_lock.EnterScope())
        {
            result = Admission();
            if (result != HandIn.Accepted)
            {
                return result;
            }

            Append(in job);
            wake = Called();
            if (wake is null)
            {
                result |= Wanted();
            }
        }

        wake?.Wake();
        return result;
    }

    /// <summary>The same, but a job that finds no room waits for it, behind those that waited before.</summary>
    public HandIn AddOrWait(WaitingJob waiting)
    {
        WakeSignal? wake;
        HandIn result;
        using (_lock.EnterScope())
        {
            result = Admission();
            if (result is HandIn.Completed or HandIn.NeedsFirstWorker)
            {
                return result;
            }

            if (result != HandIn.Accepted)
            {
                _ = _lastWaiting is null ? _firstWaiting = waiting : _lastWaiting.Next = waiting;
                _lastWaiting = waiting;
                return result | HandIn.Waits;
            }

            Append(waiting.Job);
            wake = Called();
            result |= Wanted();
        }

        wake?.Wake();
        return result;
    }

    /// <summary>Takes the next job; sleeps until there is one. False when the queue is completed and empty: the worker ends.</summary>
    /// <param name="own">What the calling worker sleeps on.</param>
    /// <param name="isNew">True for the first call of a worker that was started for a job.</param>
    /// <param name="job">Where the job goes: the place is empty.</param>
    public bool TryTake(WakeSignal own, bool isNew, ref Job job)
    {
        for (var isComing = isNew; ; isComing = true)
        {
            var seen = Look(isComing, park: null, ref job);
            if (seen == Seen.Nothing)
            {
                // Leaves the core once to the threads that hand in jobs. On a busy machine there is a job afterwards, and a yield is
                // cheaper than to sleep and be woken (docs/decisions/002-threads-yield-once-before-they-sleep.md has the figures). On an
                // idle machine the core comes back at once.
                Thread.Yield();
                seen = Look(isComing: true, park: own, ref job);
            }

            if (seen != Seen.Nothing)
            {
                return seen == Seen.Job;
            }

            own.Wait();
        }
    }

    /// <summary>
    /// Takes no more jobs, and wakes every parked worker: they run what is queued, and end. False when that was done before.
    /// </summary>
    /// <param name="waiting">Those that waited for room, to be refused by the caller, linked in their order.</param>
    /// <param name="unstarted">The workers that will never be started.</param>
    public bool TryComplete(out WaitingJob? waiting, out int[] unstarted)
    {
        WakeSignal[] woken;
        using (_lock.EnterScope())
        {
            waiting = _firstWaiting;
            unstarted = _unstarted[.._unstartedCount];
            if (_isCompleted)
            {
                return false;
            }

            _isCompleted = true;
            (_firstWaiting, _lastWaiting, _unstartedCount) = (null, null, 0);
            woken = _parked[.._parkedCount];
            _coming += _parkedCount;
            _parkedCount = 0;
        }

        foreach (var signal in woken)
        {
            signal.Wake();
        }

        return true;
    }

    /// <summary>Reserves a worker to be started, if one is wanted still.</summary>
    /// <param name="isFirst">True to start one without a job in sight.</param>
    /// <param name="index">Its number.</param>
    public bool TryReserve(bool isFirst, out int index)
    {
        using (_lock.EnterScope())
        {
            if (_unstartedCount == 0 || !(isFirst ? _started == 0 : Wanted() != HandIn.Full))
            {
                index = -1;
                return false;
            }

            index = _unstarted[--_unstartedCount];
            _coming++;
            return true;
        }
    }

    /// <summary>A worker that was reserved has its thread.</summary>
    public void OnStarted()
    {
        using (_lock.EnterScope())
        {
            _started++;
        }
    }

    /// <summary>
    /// A worker that was reserved has not got a thread; the job that it was meant for is left to the others. False when it is too late to
    /// try again, because the queue has been completed meanwhile.
    /// </summary>
    public bool TryGiveBack(int index)
    {
        WakeSignal? wake;
        using (_lock.EnterScope())
        {
            _coming--;
            if (_isCompleted)
            {
                return false;
            }

            _unstarted[_unstartedCount++] = index;
            wake = Called(); // somebody may have parked because this worker was coming
        }

        wake?.Wake();
        return true;
    }

    // Of a worker that has no job, or none any more. Nothing: it has parked, if it was to; else it is coming from now on. Nothing in it throws.
    private Seen Look(bool isComing, WakeSignal? park, ref Job job)
    {
        _lock.Enter();
        if (_count == 0)
        {
            var seen = LeaveOrStay(isComing, park);
            _lock.Exit();
            return seen;
        }

        _coming -= isComing ? 1 : 0;
        var slots = _slots;
        var head = _head;
        slots[head].MoveTo(ref job);
        _head = (head + 1) & (slots.Length - 1);
        _count--;
        if (_firstWaiting is null)
        {
            _lock.Exit();
        }
        else
        {
            AdmitFirstWaiting();
        }

        return Seen.Job;
    }

    // Under the lock, as all below. A worker that has found no job ends, parks, or is to look once more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Seen LeaveOrStay(bool isComing, WakeSignal? park)
    {
        if (_isCompleted)
        {
            _coming -= isComing ? 1 : 0;
            return Seen.End;
        }

        if (park is not null)
        {
            park.Reset();
            ref var place = ref _parked[_parkedCount++];
            if (place != park)
            {
                place = park; // mostly it is there still: a worker that is woken is not taken out
            }

            _coming--;
        }
        else if (!isComing)
        {
            _coming++;
        }

        return Seen.Nothing;
    }

    // The room goes to the one that has waited longest, in the same step: nobody can take it away from it.
    // Leaves the lock, because it is told outside.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AdmitFirstWaiting()
    {
        var accepted = _firstWaiting!;
        _firstWaiting = accepted.Next;
        _lastWaiting = _firstWaiting is null ? null : _lastWaiting;
        Append(accepted.Job);
        var wake = Called();
        _lock.Exit();
        accepted.Accept();
        wake?.Wake();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private HandIn Admission()
    {
        if (_count < Capacity && _started > 0 && !_isCompleted)
        {
            return HandIn.Accepted;
        }

        return _isCompleted ? HandIn.Completed : _started == 0 ? HandIn.NeedsFirstWorker : HandIn.Full | Wanted();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(in Job job)
    {
        var count = _count;
        if (count == _slots.Length)
        {
            Grow();
        }

        var slots = _slots;
        slots[(_head + count) & (slots.Length - 1)].Set(in job);
        _count = count + 1;
    }

    // Its length is a power of two, for the mask; the capacity is watched by the count.
    private void Grow()
    {
        var larger = new Job[_slots.Length * 2];
        var first = _slots.AsSpan(_head);
        first.CopyTo(larger);
        _slots.AsSpan(0, _head).CopyTo(larger.AsSpan(first.Length));
        (_slots, _head) = (larger, 0);
    }

    // The parked worker that is to come because there are more jobs than coming workers, to be woken outside the lock.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private WakeSignal? Called()
    {
        if (_count <= _coming || _parkedCount == 0)
        {
            return null;
        }

        _coming++;
        return _parked[--_parkedCount];
    }

    private HandIn Wanted() => _unstartedCount > 0 && _parkedCount == 0 && _count > _coming ? HandIn.WantsWorker : HandIn.Full;

    private enum Seen
    {
        Nothing,
        Job,
        End,
    }
}
