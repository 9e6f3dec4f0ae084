using System.Runtime.CompilerServices;
using PipeServer.Platform;

namespace PipeServer.Workers;

/// <summary>
/// A lock for a few dozen instructions at a time, in which nobody waits and no foreign code runs: one exchange to enter, one to leave. On Linux a
/// word of its own and futex(2), elsewhere the runtime's lock.
/// </summary>
/// <remarks>Not to be entered again by its holder. Who is first when it becomes free gets it: nobody is promised a turn.</remarks>
internal sealed class ShortLock
{
    private const int Free = 0;
    private const int Held = 1;
    private const int Wanted = 2; // held, and somebody sleeps until it is free, or is about to

    // So often a thread looks before it sleeps: longer than anybody holds the lock who has a core, shorter than it takes to sleep.
    private const int Looks = 16;
    private const int Pauses = 8; // between two looks

    private readonly FutexWord _word; // where that is what it stands on
    private readonly Lock? _portable;

    /// <param name="isPortable">True for the runtime's lock even where there are futexes.</param>
    public ShortLock(bool isPortable)
    {
        if (isPortable)
        {
            _portable = new Lock();
        }
        else
        {
            _word = new FutexWord();
        }
    }

    private ref int Word => ref _word.Value;

    /// <summary>Enters it; the scope's end leaves it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Scope EnterScope()
    {
        Enter();
        return new Scope(this);
    }

    /// <summary>Enters it; <see cref="Exit"/> leaves it. For what cannot throw in between: a scope costs its caller a frame for exceptions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter()
    {
        if (_portable is not null)
        {
            _portable.Enter();
        }
        else if (Interlocked.CompareExchange(ref Word, Held, Free) != Free)
        {
            EnterLate();
        }
    }

    /// <summary>Leaves it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit()
    {
        if (_portable is not null)
        {
            _portable.Exit();
        }
        else if (Interlocked.Exchange(ref Word, Free) == Wanted)
        {
            Futex.WakeOne(ref Word);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterLate()
    {
        for (var look = 0; look < Looks; look++)
        {
            Thread.SpinWait(Pauses);
            if (Volatile.Read(ref Word) == Free && Interlocked.CompareExchange(ref Word, Held, Free) == Free)
            {
                return;
            }
        }

        // From here on it is left as wanted even by the one who enters: others may sleep, and a wake too many is harmless. The kernel compares the
        // word before it puts the thread to sleep, so that a leave between the two steps is not missed.
        while (Interlocked.Exchange(ref Word, Wanted) != Free)
        {
            Futex.Wait(ref Word, Wanted);
        }
    }

    /// <summary>Leaves the lock at its end.</summary>
    public readonly ref struct Scope(ShortLock entered)
    {
        public void Dispose() => entered.Exit();
    }
}
