using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using Microsoft.Win32.SafeHandles;
using PipeServer.Http;
using PipeServer.Transport;

namespace PipeServer.Server.Http2;

/// <summary>
/// The body of a stream's response. The handler writes into a buffer of the stream; a flush, or the handler's end, hands it over to the owner of the
/// connection's output, who frames it within the windows. What is handed over is not touched here until it comes back.
/// </summary>
internal sealed class Http2ResponseBody : Http2ResponseStart, IValueTaskSource<FlushResult>
{
    private ManualResetValueTaskSourceCore<FlushResult> _flush = new() { RunContinuationsAsynchronously = true }; // no handler goes on on the owner
    private int _isFlushPending; // 1 until somebody ends it
    private int _inFlight; // methods that wait for something
    private CancellationTokenRegistration _registration;
    private Task _drained = Task.CompletedTask; // of what a cancelled flush has left: made by the one that follows it
    private TaskCompletionSource? _drainedSource;

    public Http2ResponseBody(Http2Stream stream)
        : base(stream)
    {
    }

    /// <summary>A flush, or the sending of a file, has begun and not ended.</summary>
    public bool IsInUse => Volatile.Read(ref _inFlight) != 0 || _isFlushPending != 0;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => Held.Length;

    public override void Reset()
    {
        ResetStart();
        Held.Clear();
        _registration.Dispose();
        _registration = default;
    }

    /// <summary>Gives large buffers back.</summary>
    public void Release()
    {
        ReleaseOut();
        Held.Release();
        (_drained, _drainedSource) = (Task.CompletedTask, null);
    }

    public override string? Finish()
    {
        if (!HasStarted)
        {
            if (Response.ContentLength is { } promised && promised != Held.Length && !Exchange.IsHeadRequest && StatusLine.AllowsBody(Response.StatusCode))
            {
                return Unkept(promised, Held.Length);
            }

            Start(handlerHasEnded: true);
        }

        if (Mode == BodyMode.Switched)
        {
            EndSwitched();
            return null;
        }

        if (Mode == BodyMode.Plain && PromisedLength is { } length && Written != length)
        {
            return Unkept(length, Written);
        }

        IsCompleted = true;
        return null;
    }

    protected override string? FinishEarly() => Mode == BodyMode.Switched ? null : Finish();

    protected override ValueTask SendEndAsync(CancellationToken cancellationToken)
    {
        if (Mode != BodyMode.Switched)
        {
            EndOutput(); // within the windows, as what a handler has left when it ends
            Stream.Call();
        }

        return default;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        ThrowIfNotWritable();
        return Held.GetMemory(Math.Max(1, sizeHint));
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        ThrowIfNotWritable();
        if (Count(bytes.Length))
        {
            Held.Append(bytes);
        }
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (Count(bytes))
        {
            Held.Advance(bytes);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (IsDiscarding)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
        }

        if (!HasStarted)
        {
            if (IsStartDue)
            {
                return StartAndFlushAsync(cancellationToken);
            }

            Start(handlerHasEnded: false);
        }

        return FlushStartedAsync(cancellationToken);
    }

    public override void CancelPendingFlush()
    {
        if (TakeFlush())
        {
            _flush.SetResult(new FlushResult(isCanceled: true, isCompleted: false));
        }
    }

    public override async ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            if (IsDiscarding)
            {
                return 0;
            }

            if (!HasStarted)
            {
                await RunStartingAsync().ConfigureAwait(false);
                StartIfNotStarted();
            }

            if (Mode == BodyMode.Discarding)
            {
                return count;
            }

            return PromisedLength is { } length && Written + count > length
                ? throw LongerThan(length, Written + count)
                : await FileCopy.ToWriterAsync(this, file, offset, count, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    /// <summary>Nothing more will be written. The response itself ends with the handler.</summary>
    public override void Complete(Exception? exception = null)
    {
        IsCompleted = true;
        Fault ??= exception;
        if (Mode == BodyMode.Switched && exception is null)
        {
            EndOutput(); // the client's side goes on, and so does the handler
            Stream.Call();
        }
    }

    /// <summary>The response has been sent to its end, or will not be: nothing of it can be written any more.</summary>
    public void End() => (IsCompleted, HasStarted) = (true, true);

    /// <summary>A response begins, of an object that is reset.</summary>
    public void Begin() => (IsCompleted, HasStarted) = (false, false);

    /// <summary>The owner has sent all that was handed over, or nobody will: a flush that waits for that ends. The owner's.</summary>
    public void CompleteFlush()
    {
        var isPending = TakeFlush(); // of what is given back, not of a flush that begins as soon as it is
        ReleaseOut();
        Interlocked.Exchange(ref _drainedSource, null)?.TrySetResult();
        if (isPending)
        {
            _flush.SetResult(new FlushResult(isCanceled: false, Stream.IsGone));
        }
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token)
    {
        if (token == _flush.Version)
        {
            _registration.Dispose();
            _registration = default;
        }

        return _flush.GetResult(token);
    }

    // A flush that an earlier request's handler has left behind is over: a task around it would not survive an exception here, nor the process.
    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token) =>
        token == _flush.Version ? _flush.GetStatus(token) : ValueTaskSourceStatus.Faulted;

    void IValueTaskSource<FlushResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _flush.OnCompleted(continuation, state, token, flags);

    /// <summary>Counts bytes that are written; false where they go nowhere.</summary>
    /// <exception cref="InvalidOperationException">They are more than was promised, or the status has no body.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Count(int bytes)
    {
        if (Mode == BodyMode.Buffering && Response.ContentLength is null)
        {
            Written += bytes;
            return true;
        }

        return CountOther(bytes);
    }

    private bool CountOther(int bytes)
    {
        if (Stream.IsGone)
        {
            return false;
        }

        if ((HasStarted || Mode == BodyMode.Prepared ? PromisedLength : Response.ContentLength) is { } length && Written + bytes > length)
        {
            throw LongerThan(length, Written + bytes);
        }

        Written += bytes;
        if (Mode == BodyMode.Discarding)
        {
            ThrowIfStatusHasNoBody(bytes);
            return false;
        }

        return true;
    }

    // The stream is gone; or it was given back, and what its handler has left behind only now begins to wait.
    private bool IsNobodys => Stream.IsGone || !Stream.IsCarried;

    private void EndFlush()
    {
        if (TakeFlush())
        {
            _flush.SetResult(new FlushResult(isCanceled: false, IsNobodys));
        }
    }

    private bool TakeFlush() => _isFlushPending != 0 && Interlocked.Exchange(ref _isFlushPending, 0) != 0;

    private async ValueTask<FlushResult> StartAndFlushAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            await RunStartingAsync().ConfigureAwait(false);
            StartIfNotStarted();
            return await FlushStartedAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    // A callback that was waited for may have started it.
    private void StartIfNotStarted()
    {
        if (!HasStarted)
        {
            Start(handlerHasEnded: false);
        }
    }

    private ValueTask<FlushResult> FlushStartedAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        if (IsHandedOver)
        {
            return _isFlushPending != 0
                ? throw new InvalidOperationException("A flush is in progress: await it before the next one.")
                : FlushAfterAsync(cancellationToken);
        }

        _flush.Reset();
        Volatile.Write(ref _isFlushPending, 1);
        HandOver();
        Stream.Call(); // mostly the owner goes on right here, and all is sent when this returns
        if (IsNobodys)
        {
            EndFlush(); // not what was handed over: the owner may be at it
        }

        if (cancellationToken.CanBeCanceled && _isFlushPending != 0)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (body, token) =>
                {
                    var self = (Http2ResponseBody)body!;
                    if (self.TakeFlush())
                    {
                        self._flush.SetException(new OperationCanceledException(token));
                    }
                },
                this);
        }

        return new ValueTask<FlushResult>(this, _flush.Version);
    }

    // A flush that was cancelled has left bytes with the owner: the next ones follow them.
    private async ValueTask<FlushResult> FlushAfterAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            while (IsHandedOver && !Stream.IsGone)
            {
                if (_drained.IsCompleted)
                {
                    var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    (_drained, _drainedSource) = (source.Task, source);
                    if (!IsHandedOver || Stream.IsGone)
                    {
                        break;
                    }
                }

                await _drained.WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            return Stream.IsDone
                ? new FlushResult(isCanceled: false, isCompleted: true) // the handler has not waited for it
                : await FlushStartedAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }
}
