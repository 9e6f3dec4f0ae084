using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using PipeServer.Transport;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// What the client sends, decrypted from where the transport has received it into a pooled buffer, which is held no longer than there is something
/// in it. A read that waits offers what comes to its consumer, as the transport's own does; see <see cref="TransportConnection.ReadAsync"/>.
/// </summary>
/// <remarks>
/// One reader at a time, on any thread; only the cancellations may come from others. The read that waits is the transport's: who completes that one, or
/// has it offered, owns this object until it has told the result, or the consumer that keeps the read goes on.
/// </remarks>
internal sealed class OpenSslInput : PipeReader, IReadConsumer, IValueTaskSource<ReadResult>
{
    private readonly TransportConnection _inner;
    private readonly Action _onRead;

    private Decryption _decryption;
    private bool _isReading; // between a result and its AdvanceTo
    private bool _isCompleted;
    private int _isCancelRequested;

    private ManualResetValueTaskSourceCore<ReadResult> _source;
    private ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter _pending; // the transport's read
    private CancellationToken _token;
    private IReadConsumer? _consumer;
    private volatile bool _isPending; // until the caller has taken the result
    private bool _hasWaiter; // the pending task is awaited: from then on the read is not its caller's
    private bool _isLeft; // the consumer has left something to the read's caller, be it only that there is something to do
    private byte[]? _records; // that the consumer of the transport's read, this object, was offered
    private int _recordsAt;
    private int _recordsEnd;

    public OpenSslInput(TransportConnection inner, OpenSslHandle handle, OpenSslOutput output)
    {
        _inner = inner;
        _decryption = new Decryption(handle, output);
        _onRead = OnRead;
    }

    /// <summary>Our notice of the end (close_notify) is sent: a client that ends without its own takes nothing away.</summary>
    public bool HasSentEnd { get; set; }

    /// <summary>True unless, as far as is known here, everything that the client has sent was decrypted and consumed.</summary>
    public bool MayHaveUnread => !_decryption.Data.IsEmpty || _decryption.MayHaveMore;

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfNotReadable();
        bool hasResult;
        while (!(hasResult = HasResult(isLook: true)) && !_decryption.IsBroken && TryPull())
        {
        }

        result = hasResult ? TakeResult() : default;
        return hasResult;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => ReadAsync(consumer: null, cancellationToken);

    /// <summary>See <see cref="TransportConnection.ReadAsync"/>.</summary>
    public ValueTask<ReadResult> ReadAsync(IReadConsumer? consumer, CancellationToken cancellationToken = default)
    {
        ThrowIfNotReadable();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        (_consumer, _token) = (consumer, cancellationToken);
        try
        {
            if (TryGoOn())
            {
                return new ValueTask<ReadResult>(TakeResult());
            }
        }
        catch (IOException exception)
        {
            return ValueTask.FromException<ReadResult>(exception);
        }

        _source.Reset();
        _hasWaiter = false;
        _isPending = true;
        return new ValueTask<ReadResult>(this, _source.Version);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isReading)
        {
            throw new InvalidOperationException("There is no read to advance: AdvanceTo belongs to one TryRead or ReadAsync.");
        }

        _isReading = false;
        _decryption.HasUnexamined = _decryption.Data.Consume(consumed, examined);
    }

    public override void CancelPendingRead()
    {
        RequestCancel();
        _inner.Input.CancelPendingRead();
    }

    /// <summary>The same, but for the wake-up of a read that waits, which is the caller's to see to.</summary>
    public void RequestCancel() => Interlocked.Exchange(ref _isCancelRequested, 1);

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        _isReading = false;
        if (!_isPending)
        {
            _decryption.Data.Clear();
            _inner.Input.Complete(exception);
        }
    }

    /// <summary>The connection is disposed of. A buffer that its reader has not given back may be in use: it is left to the garbage collector.</summary>
    public void Release()
    {
        if (!_isReading && !_isPending)
        {
            _decryption.Data.Clear();
        }

        _isCompleted = true;
    }

    /// <summary>The transport offers what has come to its read, which is the one that waits here.</summary>
    public ReadConsumption Consume(byte[] array, int start, int length, out int next)
    {
        (_records, _recordsAt, _recordsEnd) = (array, start, start + length);
        var outcome = Offer();
        next = outcome == ReadConsumption.Kept ? start : _recordsAt; // kept, it is somebody else's by now
        return outcome;
    }

    /// <summary>See <see cref="TransportConnection.ContinueRead"/>.</summary>
    public void ContinueRead(ReadConsumption outcome, int next)
    {
        var ours = !TrySettle(outcome, next) ? ReadConsumption.Some
            : _recordsAt < _recordsEnd || _decryption.MayHaveMore ? Offer()
            : ReadConsumption.All;
        if (ours != ReadConsumption.Kept)
        {
            _inner.ContinueRead(ours, _recordsAt);
        }
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        if (token == _source.Version)
        {
            _isPending = false;
        }

        return _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token)
    {
        // Before somebody waits, the read is its caller's: it may have become ready in the meantime.
        if (_isPending && !_hasWaiter && _source.GetStatus(token) == ValueTaskSourceStatus.Pending && _pending.IsCompleted)
        {
            OnRead();
        }

        return _source.GetStatus(token);
    }

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        var isPending = _source.GetStatus(token) == ValueTaskSourceStatus.Pending;
        _hasWaiter = true;
        _source.OnCompleted(continuation, state, token, flags);
        if (isPending)
        {
            _pending.UnsafeOnCompleted(_onRead); // no sooner: the transport parks its read by that, and may offer to it
        }
    }

    // The transport's read is complete.
    private void OnRead()
    {
        ReadResult result;
        try
        {
#pragma warning disable VSTHRD002 // Completed, so it does not block.
            Take(_pending.GetResult());
#pragma warning restore VSTHRD002
            if (!TryGoOn())
            {
                if (_hasWaiter)
                {
                    _pending.UnsafeOnCompleted(_onRead);
                }

                return;
            }

            result = TakeResult();
        }
#pragma warning disable CA1031 // Every exception goes to the code that awaits the read.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _source.SetException(exception);
            return;
        }

        _source.SetResult(result);
    }

    // True with a result to take; false with a read of the transport's that waits.
    private bool TryGoOn()
    {
        while (!HasResult())
        {
            if (_decryption.MayHaveMore)
            {
                _decryption.Add(default);
                continue;
            }

            _decryption.Data.Shrink();
            var read = _consumer is null ? _inner.Input.ReadAsync(_token) : _inner.ReadAsync(this);
            if (!read.IsCompleted)
            {
                _pending = read.ConfigureAwait(false).GetAwaiter();
                return false;
            }

#pragma warning disable VSTHRD002, VSTHRD103 // Completed, so it does not block.
            Take(read.GetAwaiter().GetResult());
#pragma warning restore VSTHRD002, VSTHRD103
        }

        return true;
    }

    // False when there is nothing to be had without waiting.
    private bool TryPull()
    {
        if (_decryption.MayHaveMore)
        {
            _decryption.Add(default);
            return true;
        }

        var hasRead = _inner.Input.TryRead(out var read);
        if (hasRead)
        {
            Take(read);
        }

        return hasRead;
    }

    // What is unexamined or left came before whatever has happened to the connection. A mere look is not told of that: there may be answers to flush first.
    private bool HasResult(bool isLook = false)
    {
        if (_decryption.HasUnexamined || _isLeft || !_decryption.IsBroken)
        {
            return _decryption.HasUnexamined || _isLeft || _decryption.HasEnded || Volatile.Read(ref _isCancelRequested) != 0;
        }

        // A handler that reads its body must find that the client is gone, and is at no fault itself. But where a client has ended TCP behind its request,
        // the answer is on its way to it, and a reset would take that away.
        if (!isLook && !(_decryption.IsTruncated && _consumer is not null))
        {
            _inner.Abort();
        }

        return !isLook && _decryption.ThrowError();
    }

    private ReadResult TakeResult()
    {
        var isCanceled = Volatile.Read(ref _isCancelRequested) != 0 && Interlocked.Exchange(ref _isCancelRequested, 0) != 0;
        _isReading = true;
        _decryption.HasUnexamined = _isLeft = false;
        return new ReadResult(_decryption.Data.Data, isCanceled, _decryption.HasEnded);
    }

    // What the transport's read has brought. A cancellation that is not for this read is a late one, and says nothing.
    private void Take(in ReadResult read)
    {
        var records = read.Buffer;
        if (_isLeft)
        {
            // The caller may go on with what it has seen in the buffer, which must stay as it is. What has come behind is for the next read.
            _inner.Input.AdvanceTo(records.Start, records.Start);
            return;
        }

        var consumed = 0L;
        foreach (var piece in records)
        {
            var taken = _decryption.Add(piece.Span);
            consumed += taken;
            if (taken < piece.Length)
            {
                break;
            }
        }

        var isAll = consumed == records.Length || _decryption.IsOver;
        var position = isAll ? records.End : records.GetPosition(consumed);
        _inner.Input.AdvanceTo(position, position);
        if (isAll && read.IsCompleted && !_decryption.MayHaveMore && !_decryption.IsOver)
        {
            _decryption.EndWithoutNotice(isExpected: HasSentEnd);
        }
    }

    // From the first record on that was offered and is not decrypted yet.
    private ReadConsumption Offer()
    {
        while (true)
        {
            var hasRest = !_decryption.Data.IsEmpty;
            _recordsAt += _decryption.Add(_records.AsSpan(_recordsAt, _recordsEnd - _recordsAt));
            if (_decryption.IsOver)
            {
                _recordsAt = _recordsEnd;
                return Leave();
            }

            if (_decryption.Data.IsEmpty)
            {
                return ReadConsumption.All; // so far it is a part of a record, or nothing but one of OpenSSL's own
            }

            if (hasRest || Volatile.Read(ref _isCancelRequested) != 0)
            {
                return Leave();
            }

            _decryption.HasUnexamined = false;
            var outcome = _consumer!.Consume(_decryption.Data.Array!, _decryption.Data.Start, _decryption.Data.Length, out var next);
            if (outcome == ReadConsumption.Kept)
            {
                return outcome;
            }

            if (!TrySettle(outcome, next))
            {
                return ReadConsumption.Some;
            }

            if (_recordsAt == _recordsEnd && !_decryption.MayHaveMore)
            {
                return ReadConsumption.All;
            }
        }
    }

    private ReadConsumption Leave()
    {
        _isLeft = true;
        return ReadConsumption.Some;
    }

    // False when the rest is for the caller of the read.
    private bool TrySettle(ReadConsumption outcome, int next)
    {
        if (outcome == ReadConsumption.All)
        {
            _decryption.Data.Clear();
            return true;
        }

        _decryption.Data.DropTo(next);
        _decryption.HasUnexamined = _isLeft = true;
        return false;
    }

    private void ThrowIfNotReadable()
    {
        if (_isCompleted || _isReading || _isPending)
        {
            throw new InvalidOperationException(_isCompleted
                ? "Reading is not allowed after the reader was completed."
                : "A read is in progress: call AdvanceTo, or await the pending read, before the next.");
        }
    }
}
