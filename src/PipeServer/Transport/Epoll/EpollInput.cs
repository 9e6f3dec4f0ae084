using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// What the client sends, as a <see cref="PipeReader"/> straight over the descriptor: one <c>recv</c> into a pinned block per
/// batch. A read that must wait parks here and is taken up by the event loop.
/// </summary>
/// <remarks>
/// One reader at a time, on any thread; only <see cref="PipeReader.CancelPendingRead"/> and <see cref="Interrupt"/> may come
/// from others. While a read is parked, whoever unparks it owns this object until the read completes.
/// </remarks>
internal sealed class EpollInput : PipeReader, IValueTaskSource<ReadResult>
{
    // So many receives without a wait, then it is the turn of the loop's other connections: a client that sends without end
    // must not have the thread to itself.
    private const int MaxStreak = 16;

    // Below this the rest of a block is not worth a system call of its own.
    private const int MinReceiveBytes = 512;

    private readonly EpollConnection _connection;
    private readonly PinnedBlockPool _blocks;
    private ManualResetValueTaskSourceCore<ReadResult> _source;
    private Readiness _readable;

    // The chain from the first byte that is not consumed to the last one received; null when nothing is held.
    private PinnedBlock? _head;
    private PinnedBlock? _tail;
    private int _headStart;
    private int _tailEnd;

    private bool _mayHaveMore; // an event has come, or the last recv filled its buffer: the next one may find more
    private int _streak; // receives since the last wait
    private bool _wantsLarge; // the last recv filled a whole block
    private bool _hasUnexamined;
    private bool _hasEnded;
    private bool _isReading; // between a result and its AdvanceTo
    private volatile bool _isPending; // from ReadAsync until its caller has taken the result
    private volatile bool _isParked; // from the moment somebody waits until a waker has done its work and only tells the result
    private bool _hasWaiter; // the pending read's ValueTask is awaited: from then on it is not its caller's
    private bool _isCompleted;
    private IOException? _error;
    private int _cancelRequested;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;

    public EpollInput(EpollConnection connection, PinnedBlockPool blocks)
    {
        _connection = connection;
        _blocks = blocks;
    }

    /// <summary>True while a read is parked, or is just being taken up by a waker.</summary>
    public bool IsParked => _isParked;

    /// <summary>True while a read has no result yet, or its caller has not taken it: a waker may still be at work here.</summary>
    public bool IsPending => _isPending;

    // Also true when no block is held.
    private bool IsEmpty => _head == _tail && _headStart == _tailEnd;

    private bool IsInterrupted =>
        Volatile.Read(ref _cancelRequested) != 0 || _connection.IsAborted || _token.IsCancellationRequested;

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfNotReadable();
        if (TryComplete())
        {
            result = TakeResult();
            return true;
        }

        result = default;
        return false;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfNotReadable();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        try
        {
            if (TryComplete())
            {
                return new ValueTask<ReadResult>(TakeResult());
            }
        }
        catch (IOException exception)
        {
            return ValueTask.FromException<ReadResult>(exception);
        }

        _token = cancellationToken;
        _isPending = true;
        _hasWaiter = false;
        _source.Reset();
        return new ValueTask<ReadResult>(this, _source.Version);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isReading)
        {
            throw new InvalidOperationException("There is no read to advance: AdvanceTo belongs to one TryRead or ReadAsync.");
        }

        if (_head is null)
        {
            // The result was empty, and so are its positions.
            _isReading = _hasUnexamined = false;
            return;
        }

        var (start, end) = (_head.RunningIndex + _headStart, _tail!.RunningIndex + _tailEnd);
        var consumedAt = IndexOf(consumed);
        var examinedAt = IndexOf(examined);
        if (consumedAt < start || examinedAt < consumedAt || examinedAt > end)
        {
            throw new ArgumentOutOfRangeException(
                nameof(consumed), $"Consumed {consumedAt} and examined {examinedAt} must lie in this order between {start} and {end}.");
        }

        _isReading = false;
        _hasUnexamined = examinedAt < end;
        if (consumedAt == end)
        {
            ReturnBlocksBefore(_tail);
            _tail.Reset();
            _headStart = _tailEnd = 0;
            return;
        }

        // Behind a block's last byte is the next one's first.
        while (consumedAt >= _head.RunningIndex + _head.Memory.Length)
        {
            ReturnBlocksBefore(_head.NextBlock!);
        }

        _headStart = (int)(consumedAt - _head.RunningIndex);
    }

    public override void CancelPendingRead()
    {
        Interlocked.Exchange(ref _cancelRequested, 1);
        Interrupt();
    }

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
            ReturnBlocks();
        }
    }

    /// <summary>Wakes a parked read that has reason to end. From any thread.</summary>
    public void Interrupt()
    {
        if (IsInterrupted && _readable.TryUnpark())
        {
            GoOn();
        }
    }

    /// <summary>The descriptor has become readable. On the event loop.</summary>
    public void OnReadable()
    {
        if (_readable.Signal())
        {
            _mayHaveMore = true;
            GoOn();
        }
    }

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset()
    {
        ReturnBlocks();
        _readable.Reset();
        _mayHaveMore = _wantsLarge = _hasUnexamined = _hasEnded = _isReading = _isPending = _isParked = _isCompleted = false;
        _error = null;
        _streak = 0;
        _token = default;
        _source.Reset(); // lets go of the last reader, and makes its ValueTask invalid
        Volatile.Write(ref _cancelRequested, 0);
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
        if (_isPending && !_hasWaiter && _source.GetStatus(token) == ValueTaskSourceStatus.Pending && (_readable.IsReady || IsInterrupted))
        {
            TryFinish();
        }

        return _source.GetStatus(token);
    }

    // The read parks only once it has somebody to wake: an event can therefore never come between the two.
    void IValueTaskSource<ReadResult>.OnCompleted(
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

        if (_token.CanBeCanceled)
        {
            _registration = _token.UnsafeRegister(static input => ((EpollInput)input!).Interrupt(), this);
        }

        Park();
    }

    private void Park()
    {
        var isYielding = _streak >= MaxStreak;
        _streak = 0;
        if (isYielding)
        {
            _readable.TryClear(); // the wake below will look anyway
        }

        do
        {
            if (IsEmpty)
            {
                // An idle connection holds no memory.
                ReturnBlocks();
            }

            // A cancellation or an abort that came before this move found nobody to wake.
            if (_readable.TryPark() && !(IsInterrupted && _readable.TryUnpark()))
            {
                if (isYielding)
                {
                    _connection.Wake();
                }

                return;
            }
        }
        while (!TryFinish());
    }

    private void GoOn()
    {
        if (!TryFinish())
        {
            Park();
        }
    }

    // For the owner of a parked read: completes it if there is anything to tell.
    private bool TryFinish()
    {
        ReadResult result;
        try
        {
            _token.ThrowIfCancellationRequested();
            if (!TryComplete())
            {
                return false;
            }

            result = TakeResult();
        }
#pragma warning disable CA1031 // Whatever it is belongs to the one who awaits the read.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            EndWait();
            _source.SetException(exception);
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

    // True when there is a result to take: new bytes, the end, or a cancellation. Asks the system only when it may know more.
    private bool TryComplete()
    {
        ThrowIfBroken();
        if (_hasUnexamined || _hasEnded || Volatile.Read(ref _cancelRequested) != 0)
        {
            return true;
        }

        if (_streak >= MaxStreak)
        {
            return false;
        }

        var isReady = _readable.TryClear();
        return (isReady || _mayHaveMore) && TryReceive();
    }

    private ReadResult TakeResult()
    {
        var isCanceled = Volatile.Read(ref _cancelRequested) != 0 && Interlocked.Exchange(ref _cancelRequested, 0) != 0;
        _isReading = true;
        _hasUnexamined = false;
        _mayHaveMore |= isCanceled; // a cancelled read has not asked: the next one does, before somebody gives up
        if (IsEmpty)
        {
            ReturnBlocks();
            return new ReadResult(default, isCanceled, _hasEnded);
        }

        return new ReadResult(new ReadOnlySequence<byte>(_head!, _headStart, _tail!, _tailEnd), isCanceled, _hasEnded);
    }

    // SAFETY: the tail is pinned and this reader's alone, and the length is what is left of it.
    private unsafe bool TryReceive()
    {
        var block = GetRoom();
        var room = block.Capacity - _tailEnd;
        int received;
        do
        {
            received = Libc.Receive(_connection.Number, block.Start + _tailEnd, room);
        }
        while (received == -Errno.EINTR);

        if (received > 0)
        {
            _streak++;
            _tailEnd += received;
            _hasUnexamined = true;
            _wantsLarge = received == room && room >= PinnedBlockPool.SmallBytes;
            // Edge-triggered: fewer bytes than asked for means that there are no more, and that the next ones bring an
            // event (epoll(7)); where that does not hold, the connection knows.
            _mayHaveMore = received == room || _connection.MustReadUntilEmpty;
            return true;
        }

        _mayHaveMore = false;
        if (received == 0)
        {
            _hasEnded = true;
            return true;
        }

        if (received == -Errno.EAGAIN)
        {
            return false;
        }

        _connection.SignalClosed();
        _error = new IOException(
            _connection.IsAborted ? "The connection was aborted." : "The client reset the connection.",
            Errno.ToException(-received, "recv"));
        throw _error;
    }

    private PinnedBlock GetRoom()
    {
        if (_tail is null)
        {
            _head = _tail = _blocks.Rent(_wantsLarge ? PinnedBlockPool.LargeBytes : PinnedBlockPool.SmallBytes);
            _headStart = _tailEnd = 0;
        }
        else if (_tail.Capacity - _tailEnd < MinReceiveBytes)
        {
            var next = _blocks.Rent(PinnedBlockPool.LargeBytes);
            _tail.Append(next, _tailEnd);
            _tail = next;
            _tailEnd = 0;
        }

        return _tail;
    }

    private void ReturnBlocks()
    {
        while (_head is not null)
        {
            ReturnBlocksBefore(_head.NextBlock);
        }
    }

    private void ReturnBlocksBefore(PinnedBlock? end)
    {
        while (_head is { } block && block != end)
        {
            _head = block.NextBlock;
            block.Return();
        }

        if (_head is null)
        {
            _tail = null;
            _headStart = _tailEnd = 0;
        }
    }

    private static long IndexOf(SequencePosition position) =>
        position.GetObject() is PinnedBlock block
            ? block.RunningIndex + position.GetInteger()
            : throw new ArgumentOutOfRangeException(nameof(position), "The position is not one of the last result's buffer.");

    private void ThrowIfBroken()
    {
        if (_error is not null)
        {
            throw _error;
        }

        if (_connection.IsAborted)
        {
            throw new IOException("The connection was aborted.");
        }
    }

    private void ThrowIfNotReadable()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
        }

        if (_isReading || _isPending)
        {
            throw new InvalidOperationException("A read is in progress: call AdvanceTo, or await the pending read, before the next.");
        }
    }
}
