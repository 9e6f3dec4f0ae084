using System.Threading.Tasks.Sources;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// Where one operation, a read, a flush or an accept, waits for its event: the task that its caller awaits, and the protocol by which
/// the event loop, a cancellation or an abort takes it up.
/// </summary>
/// <remarks>
/// <para>
/// The operation parks only once somebody awaits it, so a completion always finds its continuation, and an event can never come
/// between the two. The thread that unparks the operation owns it until it completes or parks again.
/// </para>
/// <para>
/// In this order, always: the event is cleared before the system is asked; the result is taken before <c>EndWait</c>, and that comes
/// before the result is told. A disposal waits until the operation is not parked any more, and may then reuse all but this object.
/// </para>
/// </remarks>
/// <typeparam name="TOperation">A struct, so that every call to it is direct.</typeparam>
/// <typeparam name="TResult">What the operation brings.</typeparam>
internal sealed class Parking<TOperation, TResult>(TOperation operation) : IValueTaskSource<TResult>
    where TOperation : struct, IParkedOperation<TResult>
{
    private ManualResetValueTaskSourceCore<TResult> _source;
    private Readiness _readiness;
    private volatile bool _isPending; // from StartAsync until its caller has taken the result
    private volatile bool _isParked; // from the moment somebody waits until a waker has done its work and only tells the result
    private bool _hasWaiter; // the pending task is awaited: from then on the operation is not its caller's
    private int _cancelRequested;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;

    /// <summary>True while the operation is parked, or is just being taken up by a waker.</summary>
    public bool IsParked => _isParked;

    /// <summary>True while the operation has no result yet, or its caller has not taken it: a waker may still be at work here.</summary>
    public bool IsPending => _isPending;

    /// <summary>True when the operation in progress, or the next one, is to end without a result.</summary>
    public bool IsCancelRequested => Volatile.Read(ref _cancelRequested) != 0;

    private bool IsInterrupted => IsCancelRequested || operation.IsAborted || _token.IsCancellationRequested;

    /// <summary>An event has come that nobody has used up.</summary>
    public bool IsSignalled => _readiness.IsReady;

    /// <summary>Uses up an event; true when there was one. Before a call into the system, never after.</summary>
    public bool TryClear() => _readiness.TryClear();

    /// <summary>Uses up a request to cancel; true when there was one.</summary>
    public bool TakeCancelRequest() => IsCancelRequested && Interlocked.Exchange(ref _cancelRequested, 0) != 0;

    /// <summary>The task of an operation that could not be completed at once.</summary>
    public ValueTask<TResult> StartAsync(CancellationToken cancellationToken)
    {
        _token = cancellationToken;
        _isPending = true;
        _hasWaiter = false;
        _source.Reset();
        return new ValueTask<TResult>(this, _source.Version);
    }

    /// <summary>Ends the operation in progress, or the next one, without a result. From any thread.</summary>
    public void Cancel()
    {
        Interlocked.Exchange(ref _cancelRequested, 1);
        Interrupt();
    }

    /// <summary>The same, but for the wake-up of a parked one, which is the caller's to see to. Always true.</summary>
    public bool RequestCancel(Action wake)
    {
        Interlocked.Exchange(ref _cancelRequested, 1);
        wake();
        return true;
    }

    /// <summary>Wakes a parked operation that has reason to end. From any thread.</summary>
    public void Interrupt()
    {
        if (IsInterrupted)
        {
            Resume();
        }
    }

    /// <summary>Has a parked operation ask the system again. From any thread.</summary>
    public void Resume()
    {
        if (_readiness.TryUnpark())
        {
            FinishOrPark();
        }
    }

    /// <summary>The event has come. On the event loop, whose block is given to an operation that receives; elsewhere without.</summary>
    public void Signal(ReceiveBlock? loop = null)
    {
        if (_readiness.Signal())
        {
            operation.OnSignal();
            GoOn(loop);
        }
    }

    /// <summary>
    /// For the owner of an operation that was parked: has it go on in its own way, or else completes or parks it. Whatever is thrown completes it:
    /// left neither parked nor completed, it would be waited for for ever.
    /// </summary>
    public void GoOn(ReceiveBlock? loop)
    {
        try
        {
            if (operation.TryGoOn(loop))
            {
                return;
            }
        }
#pragma warning disable CA1031 // Every exception goes to the code that awaits the operation.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
            return;
        }

        FinishOrPark();
    }

    /// <summary>For the owner of an operation that was parked: completes it with an exception.</summary>
    public void Fail(Exception exception)
    {
        EndWait();
        _source.SetException(exception);
    }

    /// <summary>
    /// For the owner of an operation that was parked and has nothing to tell: parks it again, after it has given back what need not be held. From
    /// then on it is the next waker's. False: it is still the caller's, because there is a new event, or reason to end the wait.
    /// </summary>
    public bool TryParkAgain() => _readiness.TryPark() && !(IsInterrupted && _readiness.TryUnpark());

    /// <summary>For the owner of an operation that was parked: completes it if there is anything to tell, or else parks it.</summary>
    public void FinishOrPark()
    {
        if (!TryFinish())
        {
            Park();
        }
    }

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset()
    {
        _readiness.Reset();
        _isPending = _isParked = false;
        _token = default;
        _source.Reset(); // lets go of the last caller, and makes its task invalid
        Volatile.Write(ref _cancelRequested, 0);
    }

    TResult IValueTaskSource<TResult>.GetResult(short token)
    {
        if (token == _source.Version)
        {
            _isPending = false;
        }

        return _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<TResult>.GetStatus(short token)
    {
        // Before somebody waits, the operation is its caller's: it may have become ready in the meantime.
        if (_isPending && !_hasWaiter && _source.GetStatus(token) == ValueTaskSourceStatus.Pending && (_readiness.IsReady || IsInterrupted))
        {
            TryFinish();
        }

        return _source.GetStatus(token);
    }

    void IValueTaskSource<TResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        var isDone = _source.GetStatus(token) != ValueTaskSourceStatus.Pending;
        _hasWaiter = true;
        _isParked = !isDone;
        _source.OnCompleted(continuation, state, token, flags);
        if (isDone)
        {
            return; // before there was a waiter; the source has taken care of it
        }

        try
        {
            if (_token.CanBeCanceled)
            {
                _registration = _token.UnsafeRegister(static parking => ((Parking<TOperation, TResult>)parking!).Interrupt(), this);
            }
        }
#pragma warning disable CA1031 // As in GoOn. Thrown on from here, where the runtime only hooks up an await, it would end the process.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(exception);
            return;
        }

        Park();
    }

    private void Park()
    {
        var isYielding = operation.EndTurn();
        if (isYielding)
        {
            _readiness.TryClear(); // the resumption below will look anyway
        }

        do
        {
            var isParked = false;
            try
            {
                operation.OnParking();

                // A cancellation or an abort that came before this move found nobody to wake.
                isParked = TryParkAgain();
                if (isParked && isYielding)
                {
                    operation.Yield();
                }
            }
#pragma warning disable CA1031 // As in GoOn.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (!isParked || _readiness.TryUnpark())
                {
                    Fail(exception);
                }

                return;
            }

            if (isParked)
            {
                return;
            }
        }
        while (!TryFinish());
    }

    // For the owner of the operation: completes it if there is anything to tell.
    private bool TryFinish()
    {
        TResult result;
        try
        {
            _token.ThrowIfCancellationRequested();
            if (!operation.TryComplete())
            {
                return false;
            }

            result = operation.TakeResult();
        }
#pragma warning disable CA1031 // Every exception goes to the code that awaits the operation.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (exception is OperationCanceledException)
            {
                operation.OnCanceled();
            }

            Fail(exception);
            return true;
        }

        EndWait();
        _source.SetResult(result);
        return true;
    }

    // From here on only the result is told: a disposal need not wait for this thread.
    private void EndWait()
    {
        _registration.Unregister();
        _registration = default;
        _isParked = false;
    }
}
