using PipeServer.Platform;

namespace PipeServer.Workers;

/// <summary>
/// What a worker sleeps on: set once for each sleep, by the one thread that has taken the worker off the list of parked ones. On Linux a
/// word of its own and futex(2), elsewhere an event.
/// </summary>
/// <remarks>
/// There is no spinning: under load a worker finds its next job without sleeping, and when idle a spinning worker would take the core from
/// the threads that hand in jobs.
/// </remarks>
#pragma warning disable CA1001 // The event holds nothing to dispose of: its WaitHandle is never asked for.
internal sealed class WakeSignal
#pragma warning restore CA1001
{
    private const int Clear = 0;
    private const int Set = 1;
    private const int Asleep = 2; // its owner is in the kernel, or about to be: only then is a call needed to wake it

    private readonly FutexWord _word; // where that is what it stands on
    private readonly ManualResetEventSlim? _event;

    /// <param name="isPortable">True for the event even where there are futexes.</param>
    public WakeSignal(bool isPortable)
    {
        if (isPortable)
        {
            _event = new ManualResetEventSlim(initialState: false, spinCount: 0);
        }
        else
        {
            _word = new FutexWord();
        }
    }

    private ref int Word => ref _word.Value;

    /// <summary>Before the sleep, and before anybody can see that its owner is going to sleep.</summary>
    public void Reset()
    {
        if (_event is not null)
        {
            _event.Reset();
            return;
        }

        Volatile.Write(ref Word, Clear);
    }

    /// <summary>Sleeps until it is set; at once when it is set already. Of the owner's thread.</summary>
    public void Wait()
    {
        if (_event is not null)
        {
            _event.Wait();
            return;
        }

        // Either this exchange comes first, and the waker finds Asleep and calls the kernel; or the waker's does, and Set is found here.
        if (Interlocked.CompareExchange(ref Word, Asleep, Clear) == Set)
        {
            return;
        }

        do
        {
            // The kernel compares the word before it puts the thread to sleep: a waker that was between its two steps is not missed.
            Futex.Wait(ref Word, Asleep);
        }
        while (Volatile.Read(ref Word) != Set);
    }

    /// <summary>Sets it, and wakes its owner if that sleeps. Of any thread.</summary>
    public void Wake()
    {
        if (_event is not null)
        {
            _event.Set();
        }
        else if (Interlocked.Exchange(ref Word, Set) == Asleep)
        {
            Futex.WakeOne(ref Word);
        }
    }
}
