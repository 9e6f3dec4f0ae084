using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;

namespace PipeServer.AspNetCore;

/// <summary>
/// The flush of a response that waits for the end of the application's synchronous part: an answer that is complete by then leaves in one send, with its
/// length. Says who may touch the server's writer meanwhile.
/// </summary>
/// <remarks>
/// While a flush is owed, exactly one thread may take it on: the one that ran the synchronous part, when that has ended; the one on which the application goes
/// on, at its next touch of the body; or <see cref="DeferredFlushWatch"/>, where the synchronous part blocks. Whoever has taken it holds it for a flush that
/// nobody awaits, so that the others can wait for it spinning. What the application writes while a flush is owed must not go to the server's writer.
/// </remarks>
internal sealed class DeferredFlush
{
    private const int Off = 0; // a flush is a flush
    private const int Armed = 1; // in the synchronous part; the next flush waits
    private const int Owed = 2; // one waits
    private const int Taken = 3; // somebody is at the server's writer

    private int _state;
    private int _thread;
    private bool _isWatched;
    private PipeWriter? _writer;
    private Task? _pending; // a flush that was sent for the application and has not ended

    /// <summary>A flush has been put off, and nobody has sent it yet.</summary>
    public bool IsOwed => Volatile.Read(ref _state) >= Owed;

    /// <summary>The application may write to the server's writer: nothing is owed, and no flush is under way that it knows nothing of.</summary>
    public bool IsIdle => !IsOwed && _pending is null or { IsCompletedSuccessfully: true };

    private bool IsSynchronousPart => _thread == Environment.CurrentManagedThreadId;

    /// <summary>The application's synchronous part begins, on this thread.</summary>
    public void Begin(PipeWriter writer)
    {
        (_writer, _thread, _pending) = (writer, Environment.CurrentManagedThreadId, null);
        Volatile.Write(ref _state, Armed);
    }

    /// <summary>The synchronous part has ended. The application goes on elsewhere, maybe already: what is owed is sent.</summary>
    public void EndSynchronousPart()
    {
        EndWatch();
        Send();
        Leave();
    }

    /// <summary>The application has ended: what is owed goes with the end of the response.</summary>
    public void End()
    {
        EndWatch();
        Leave();
    }

    /// <summary>
    /// The application flushes. True: the server's writer is the caller's until <see cref="Give"/>, which it must call. False: the flush
    /// cannot wait.
    /// </summary>
    public bool TryTake()
    {
        if (Volatile.Read(ref _state) == Off)
        {
            return false;
        }

        if (!IsSynchronousPart)
        {
            Leave(); // the application has gone on elsewhere
            return false;
        }

        return TryMoveTo(Taken);
    }

    /// <summary>Gives the server's writer back: the flush waits, or the caller makes it.</summary>
    public void Give(bool isOwed)
    {
        Volatile.Write(ref _state, isOwed ? Owed : Armed);
        if (isOwed && !_isWatched)
        {
            _isWatched = true;
            DeferredFlushWatch.Shared.Enter(this);
        }
    }

    /// <summary>From here on a flush is a flush; what is owed goes with what the caller does next.</summary>
    public void Leave() => TryMoveTo(Off);

    /// <summary>Sends what is owed, from any thread; returns when it, or somebody else, has.</summary>
    public void Send()
    {
        if (Interlocked.CompareExchange(ref _state, Taken, Owed) == Owed)
        {
            Flush();
            Volatile.Write(ref _state, Off);
            return;
        }

        var wait = default(SpinWait);
        while (Volatile.Read(ref _state) == Taken)
        {
            wait.SpinOnce();
        }
    }

    /// <summary>The application is about to write: sends what is owed where it does so from another thread than that of its synchronous part.</summary>
    public void BeforeWrite()
    {
        if (IsOwed && !IsSynchronousPart)
        {
            Send();
        }
    }

    /// <summary>Whether a flush must end before the next one can begin; the caller awaits it.</summary>
    public bool TryTakePending([NotNullWhen(true)] out Task? pending)
    {
        pending = _pending;
        _pending = null;
        return pending is { IsCompletedSuccessfully: false };
    }

    // Waits while somebody is at the server's writer. False where no flush is put off any more.
    private bool TryMoveTo(int next)
    {
        var wait = default(SpinWait);
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state == Off)
            {
                return false;
            }

            if (state != Taken && Interlocked.CompareExchange(ref _state, next, state) == state)
            {
                return true;
            }

            wait.SpinOnce();
        }
    }

    private void Flush()
    {
        try
        {
            var flush = _writer!.FlushAsync();
            if (flush.IsCompletedSuccessfully)
            {
                _ = flush.GetAwaiter().GetResult();
            }
            else
            {
                _pending = flush.AsTask();
            }
        }
#pragma warning disable CA1031 // The application learns it from its next flush, as it would have from this one.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _pending = Task.FromException(exception);
        }
    }

    private void EndWatch()
    {
        if (_isWatched)
        {
            _isWatched = false;
            DeferredFlushWatch.Leave();
        }
    }
}
