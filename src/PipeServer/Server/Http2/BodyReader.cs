using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using PipeServer.Http;

namespace PipeServer.Server.Http2;

/// <summary>
/// The handler's side of the body of a stream's request: the <see cref="PipeReader"/> that it gets. It goes on on the thread pool where it had to wait.
/// </summary>
/// <remarks>
/// What the handler has examined counts as read for the windows, consumed or not: a handler that gathers its body before it takes any of it would wait for
/// ever else. So a body holds at most the stream's window, and beyond that what its handler has chosen to leave, within the limit of bodies.
/// Both sides work under one lock. Nothing foreign runs under it: a read that has waited is completed on the thread pool.
/// </remarks>
internal abstract class BodyReader(IBodyHost host) : PipeReader, IValueTaskSource<ReadResult>
{
    protected readonly DataBuffer Data = new(); // what has come and is not consumed
    protected BodyUse Usage; // a mutable struct
    protected ReceiveWindow Window; // the stream's
    protected BodyPace Pace; // the client's time
    protected Exception? Fault; // every read throws it
    protected long ContentLength = -1; // -1: not told
    protected volatile bool HasEnded = true; // END_STREAM has come
    protected bool AwaitsContinue; // the client waits for 100 Continue
    protected volatile bool ContinueIsDue; // and is to get it
    protected volatile bool UpdateIsDue; // it is to be told that it may send more
    protected bool IsTunnel; // the handler speaks another protocol: no times, no limit

    private readonly Lock _lock = new(); // both sides hold it for all they do
    private ManualResetValueTaskSourceCore<ReadResult> _source = new() { RunContinuationsAsynchronously = true }; // tells only that there is a result
    private CancellationTokenRegistration _registration;
    private CancellationToken _token;
    private long _received;
    private long _returned; // up to where reads have returned it
    private long _examined; // up to where the handler has looked
    private long _limit; // from the first read on
    private bool _isReading; // between a result and its AdvanceTo
    private bool _isOutstanding; // a read has waited, and its caller has not taken the result
    private bool _isCancelRequested;
    private bool _isCompleted; // by the handler
    private volatile bool _isWaiting;

    /// <summary>True once the handler has asked for the body's bytes.</summary>
    public bool IsTouched { get; private set; }

    /// <summary>True while the handler waits in a read.</summary>
    public bool IsWaiting => _isWaiting;

    /// <summary>How many bytes of it have come.</summary>
    public long ReceivedBytes { get => Volatile.Read(ref _received); protected set => Volatile.Write(ref _received, value); }

    /// <summary>How many of them reads have returned.</summary>
    public long ReturnedBytes => Volatile.Read(ref _returned);

    /// <summary>What the body belongs to.</summary>
    protected IBodyHost Host => host;

    /// <summary>Nobody will read what comes.</summary>
    protected bool IsDiscarding => Usage.IsOver || _isCompleted || Fault is not null;

    /// <summary>All of it has come, and the handler has taken it.</summary>
    protected bool IsAtEnd => HasEnded && Data.Start == ReceivedBytes;

    // A read has something to tell.
    private bool IsReady => ReceivedBytes > _examined || HasEnded || _isCancelRequested || Fault is not null;

    public override bool TryRead(out ReadResult result)
    {
        using (Use())
        {
            BeginRead();
            var isReady = IsReady;
            result = isReady ? Take() : default;
            return isReady;
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        ValueTask<ReadResult> read;
        bool mustSignal;
        using (Use())
        {
            try
            {
                BeginRead();
                if (IsReady)
                {
                    return new ValueTask<ReadResult>(Take());
                }
            }
            catch (IOException exception)
            {
                return ValueTask.FromException<ReadResult>(exception);
            }

            mustSignal = AwaitsContinue;
            ContinueIsDue |= mustSignal;
            AwaitsContinue = false;
            read = WaitAsync(cancellationToken);
        }

        if (mustSignal)
        {
            host.Signal();
        }

        return read;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        bool mustSignal;
        using (Use())
        {
            if (!_isReading)
            {
                return; // the empty result at the body's end, or the handler has ended
            }

            var start = Data.PlaceOf(consumed);
            var end = Math.Max(start, Data.PlaceOf(examined));
            _isReading = false;
            if (IsDiscarding)
            {
                Data.Clear(isAbandoned: false);
                return;
            }

            var news = (int)Math.Max(0, end - _examined);
            _examined += news;
            Data.ConsumeTo(start);
            mustSignal = Release(news);
        }

        if (mustSignal)
        {
            host.Signal();
        }
    }

    public override void CancelPendingRead()
    {
        using (Use())
        {
            _isCancelRequested = !Usage.IsOver;
            Wake();
        }
    }

    /// <summary>The handler will read no more: what is unread is discarded, and so is what still comes.</summary>
    public override void Complete(Exception? exception = null)
    {
        bool mustSignal;
        using (Use())
        {
            if (_isCompleted || Usage.IsOver)
            {
                return;
            }

            _isReading = false;
            mustSignal = Discard(isAbandoned: false);
            _isCompleted = true;
            if (_isWaiting)
            {
                EndWaitBy(new InvalidOperationException("The body was completed while it was read."));
            }
        }

        if (mustSignal)
        {
            host.Signal();
        }
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        using (Use())
        {
            _isOutstanding &= token != _source.Version || _isWaiting;
            _source.GetResult(token);
            return Usage.IsOver ? throw Late() : Take();
        }
    }

    // A read that an earlier request's handler has left behind is over, and says so: a task around it would not survive an exception here, nor the process.
    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token)
    {
        using (Use())
        {
            return token == _source.Version ? _source.GetStatus(token) : ValueTaskSourceStatus.Faulted;
        }
    }

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    /// <summary>Takes the lock. The state is about to be looked at, and perhaps changed.</summary>
    protected Lock.Scope Use()
    {
        var scope = _lock.EnterScope();
        Usage.Use();
        return scope;
    }

    /// <summary>Under the lock: a new body. Whoever still has a read of the last one gets nothing of this.</summary>
    /// <param name="hasBody">There is one.</param>
    protected void Restart(bool hasBody)
    {
        if (_isOutstanding)
        {
            _isOutstanding = false;
            _source.Reset();
        }

        Data.Restart();
        Fault = null;
        _received = _returned = _examined = 0;
        _isReading = _isCancelRequested = _isCompleted = IsTunnel = IsTouched = false;
        ContinueIsDue = UpdateIsDue = false;
        Usage.Begin(hasBody);
    }

    /// <summary>The handler has ended.</summary>
    protected void EndUse()
    {
        using (Use())
        {
            Discard(isAbandoned: _isReading); // who has left a read open may still look at it
            Usage.End();
            _isReading = false;
            if (_isWaiting)
            {
                EndWaitBy(new IOException("The request has ended, because its handler has."));
            }
        }
    }

    /// <summary>Under the lock: a read that waits has something to tell.</summary>
    protected void Wake()
    {
        if (_isWaiting)
        {
            EndWait();
            _source.SetResult(default);
        }
    }

    /// <summary>Under the lock: a read that waits ends with an exception.</summary>
    protected void EndWaitBy(Exception exception)
    {
        if (_isWaiting)
        {
            EndWait();
            _source.SetException(exception);
        }
    }

    /// <summary>Under the lock: what is unread is nobody's any more. True when the owner is to be told.</summary>
    /// <param name="isAbandoned">Somebody may still look at it.</param>
    protected bool Discard(bool isAbandoned)
    {
        var mustSignal = false;
        if (!IsDiscarding && ReceivedBytes > _examined)
        {
            mustSignal = Release((int)(ReceivedBytes - _examined)); // of the stream's too: many clients read no answer before they have sent all
            _examined = ReceivedBytes;
        }

        if (isAbandoned || !_isReading)
        {
            Data.Clear(isAbandoned);
        }

        return mustSignal;
    }

    /// <summary>Under the lock: something has been read. True when the owner is to be told.</summary>
    protected bool Release(int bytes)
    {
        if (bytes == 0)
        {
            return false;
        }

        var mustSignal = host.Window.Release(bytes);
        Window.Release(bytes);
        if (!HasEnded && !UpdateIsDue && Window.IsUpdateDue)
        {
            mustSignal = UpdateIsDue = true;
        }

        return mustSignal;
    }

    /// <summary>Under the lock: the handler has read to the end, so that it may see what is behind.</summary>
    protected abstract void OnEndRead();

    private static InvalidOperationException Late() => new("The request has ended; its body must not be read any more.");

    private void BeginRead()
    {
        if (Usage.IsOver || _isCompleted || _isOutstanding || _isReading)
        {
            throw Usage.IsOver ? Late() : new InvalidOperationException(
                _isCompleted ? "The body was completed: it must not be read any more."
                : _isOutstanding ? "A read of the body is in progress: await it before the next."
                : "A read is in progress: call AdvanceTo before the next.");
        }

        if (!IsTouched)
        {
            IsTouched = true;
            _limit = IsTunnel ? long.MaxValue : host.MaxBodyBytes;
        }

        ThrowIfNotWhole();
    }

    private void ThrowIfNotWhole()
    {
        if (Fault is not null)
        {
            throw Fault;
        }

        if (!IsTunnel && (ReceivedBytes > _limit || ContentLength > _limit))
        {
            throw new BadHttpRequestException(RequestError.BodyTooLarge);
        }
    }

    private ReadResult Take()
    {
        ThrowIfNotWhole();
        var isCanceled = _isCancelRequested;
        _isCancelRequested = false;
        var buffer = Data.Unread;
        _isReading = !buffer.IsEmpty;
        Volatile.Write(ref _returned, ReceivedBytes);
        if (HasEnded)
        {
            OnEndRead();
        }

        return new ReadResult(buffer, isCanceled, HasEnded);
    }

    private ValueTask<ReadResult> WaitAsync(CancellationToken cancellationToken)
    {
        _source.Reset();
        _token = cancellationToken;
        _isOutstanding = _isWaiting = true;
        Pace.Begin(host, ReceivedBytes);
        if (cancellationToken.CanBeCanceled)
        {
            var registration = cancellationToken.UnsafeRegister(static (reader, token) => ((BodyReader)reader!).Cancel(token), this);
            _registration = _isWaiting ? registration : default; // it may have been cancelled in this moment, and inside of this call
        }

        return new ValueTask<ReadResult>(this, _source.Version);
    }

    // Not disposed of: that would wait for a cancellation in progress, which waits for the lock. One that comes late finds another token, or nobody waiting.
    private void EndWait()
    {
        _isWaiting = false;
        Pace.End(host);
        _registration.Unregister();
        _registration = default;
    }

    private void Cancel(CancellationToken token)
    {
        using (Use())
        {
            if (_token == token)
            {
                EndWaitBy(new OperationCanceledException(token));
            }
        }
    }
}
