using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using PipeServer.Platform;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// What the client sends, as a <see cref="PipeReader"/> straight over the descriptor: one <c>recv</c> into a pinned block per
/// batch. A read that must wait parks here and is taken up by the event loop.
/// </summary>
/// <remarks>
/// One reader at a time, on any thread; only <see cref="PipeReader.CancelPendingRead"/> and <see cref="Interrupt"/> may come
/// from others. While a read is parked, the thread that unparks it owns this object until the read completes or is parked again; a
/// consumer that keeps a read passes that ownership on.
/// </remarks>
internal sealed class EpollInput : PipeReader
{
    // After this many receives without a wait, the loop's other connections get their turn: a client that sends without end
    // must not have the thread to itself.
    private const int MaxStreak = 16;

    // Below this the rest of a block is not worth a system call of its own.
    private const int MinReceiveBytes = 512;

    private readonly EpollConnection _connection;
    private readonly PinnedBlockPool _blocks;
    private readonly Parking<ParkedRead, ReadResult> _parking;
    private BlockChain _chain; // from the first byte that is not consumed to the last one received

    private bool _mayHaveMore; // an event has come, or the last recv filled its buffer: the next one may find more
    private int _streak; // receives since the last wait
    private Filled _filled; // by the last recv
    private long _bytesReceived;
    private bool _hasUnexamined;
    private bool _hasEnded;
    private bool _isReading; // between a result and its AdvanceTo
    private bool _isCompleted;
    private IOException? _error;
    private IReadConsumer? _consumer; // of the read that waits, which offers it what comes
    private bool _isLeft; // the consumer has left something to the read's caller, be it only that there is something to do

    public EpollInput(EpollConnection connection, PinnedBlockPool blocks)
    {
        _connection = connection;
        _blocks = blocks;
        _parking = new Parking<ParkedRead, ReadResult>(new ParkedRead(this, connection));
    }

    // Of the room that a recv was given: a part; all, which was the rest of a block; all, which was a block.
    private enum Filled : byte { Part, Room, Block }

    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>True while a read is parked, or is just being taken up by a waker.</summary>
    public bool IsParked => _parking.IsParked;

    /// <summary>True while a read has no result yet, or its caller has not taken it: a waker may still be at work here.</summary>
    public bool IsPending => _parking.IsPending;

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfNotReadable();
        var isComplete = TryComplete();
        result = isComplete ? TakeResult() : default;
        return isComplete;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(consumer: null, cancellationToken);

    /// <summary>See <see cref="TransportConnection.ReadAsync"/>.</summary>
    public ValueTask<ReadResult> ReadAsync(IReadConsumer? consumer, CancellationToken cancellationToken = default)
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

        _consumer = consumer;
        return _parking.StartAsync(cancellationToken);
    }

    /// <summary>See <see cref="TransportConnection.ContinueRead"/>.</summary>
    public void ContinueRead(ReadConsumption outcome, int next)
    {
        if (!TrySettle(outcome, next))
        {
            _parking.FinishOrPark();
        }
        else if (!TryParkAgain())
        {
            _parking.GoOn(loop: null);
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isReading)
        {
            throw new InvalidOperationException("There is no read to advance: AdvanceTo belongs to one TryRead or ReadAsync.");
        }

        if (_chain.Head is null)
        {
            // The result was empty, and so are its positions.
            _isReading = _hasUnexamined = false;
            return;
        }

        _hasUnexamined = _chain.Consume(consumed, examined);
        _isReading = false;
    }

    public override void CancelPendingRead() => _parking.Cancel();

    /// <summary>See <see cref="TransportConnection.TryCancelReadOnLoop"/>.</summary>
    public bool CancelOnLoop() => _parking.RequestCancel(_connection.Wake);

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
        {
            return;
        }

        _isCompleted = true;
        _isReading = false;
        if (!IsPending)
        {
            _chain.Return();
        }
    }

    /// <summary>Wakes a parked read that has reason to end. From any thread.</summary>
    public void Interrupt() => _parking.Interrupt();

    /// <summary>The descriptor has become readable. On the thread of an event loop, whose block is given; elsewhere without.</summary>
    public void OnReadable(ReceiveBlock? loop) => _parking.Signal(loop);

    /// <summary>Nobody tells of the first bytes: the first read asks for them.</summary>
    public void LookFirst() => _mayHaveMore = true;

    /// <summary>False when, as far as is known here, everything that the client has sent was received and consumed.</summary>
    public bool MayHaveUnread => !_chain.IsEmpty || _filled != Filled.Part || _parking.IsSignalled;

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset()
    {
        _chain.Return();
        _parking.Reset();
        _mayHaveMore = _hasUnexamined = _hasEnded = _isReading = _isCompleted = _isLeft = false;
        (_error, _consumer, _filled, _streak, _bytesReceived) = (null, null, Filled.Part, 0, 0);
    }

    /// <summary>True when there is a result to take: new bytes, the end, or a cancellation. Asks the system only when it may know more.</summary>
    /// <exception cref="IOException">The connection is reset or aborted.</exception>
    public bool TryComplete()
    {
        if (_isLeft)
        {
            return true; // whatever has happened to the connection: the caller may have a handler to wait for
        }

        ThrowIfBroken();
        if (_hasUnexamined || _hasEnded || _parking.IsCancelRequested)
        {
            return true;
        }

        if (_streak >= MaxStreak)
        {
            return false;
        }

        var isReady = _parking.TryClear();
        if ((isReady || _mayHaveMore) && TryReceive())
        {
            return true;
        }

        ThrowIfBroken();
        return false;
    }

    /// <summary>The result.</summary>
    public ReadResult TakeResult()
    {
        var isCanceled = _parking.TakeCancelRequest();
        _isReading = true;
        _hasUnexamined = _isLeft = false;
        _mayHaveMore |= isCanceled; // a cancelled read has not asked the system, so the next one must
        if (_chain.IsEmpty)
        {
            _chain.Return();
            return new ReadResult(default, isCanceled, _hasEnded);
        }

        return new ReadResult(_chain.Bytes, isCanceled, _hasEnded);
    }

    /// <summary>The event that a parked read waits for has come.</summary>
    public void ExpectMore() => _mayHaveMore = true;

    /// <summary>Gives back a block without bytes: an idle connection holds no memory.</summary>
    public void ReturnIfEmpty() => _chain.ReturnIfEmpty();

    /// <summary>True when this connection has received so often without a wait that it is the others' turn; starts a new turn.</summary>
    public bool EndTurn()
    {
        var isOver = _streak >= MaxStreak;
        _streak = 0;
        return isOver;
    }

    /// <summary>
    /// For the owner of a read that was parked, so that nothing is left and nothing has ended. What comes is offered to the read's consumer, and
    /// the read is parked again once all is taken. Everything else completes the read: what is left, the end, an error, a cancellation, and
    /// bytes that fill their block, because more of them are likely to follow. On a loop's thread its block is given.
    /// </summary>
    /// <returns>False when the read is to be completed; true when it is parked again, or its consumer has it.</returns>
    public bool TryOffer(ReceiveBlock? loop)
    {
        while (MayOffer())
        {
            _parking.TryClear(); // before the system is asked; see Readiness
            PinnedBlock? lent = null;
            if (loop is not null && _chain.Head is null)
            {
                // The chain's already when it is offered: a consumer that keeps the read passes on its bytes with it.
                _chain.Append(lent = loop.Lend(_blocks));
            }

            var hasReceived = TryReceive();
            if (hasReceived ? _hasEnded || _filled != Filled.Part : _error is not null)
            {
                break;
            }

            if (hasReceived)
            {
                var outcome = _consumer!.Consume(_chain.Head!.Array, 0, _chain.Length, out var next);
                if (outcome == ReadConsumption.Kept)
                {
                    return true; // by now this may be another thread's
                }

                if (outcome == ReadConsumption.All && lent is not null && loop!.TryTakeBack(lent))
                {
                    _chain.LetGo();
                    _hasUnexamined = false;
                }
                else if (!TrySettle(outcome, next))
                {
                    break;
                }
            }

            if (TryParkAgain())
            {
                return true;
            }
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MayOffer() =>
        _consumer is not null && _chain.IsEmpty && _streak < MaxStreak && !_connection.IsAborted && !_parking.IsCancelRequested;

    // Takes what the consumer has taken out of the chain; false when the rest is for the caller of the read.
    private bool TrySettle(ReadConsumption outcome, int next)
    {
        if (outcome == ReadConsumption.All || next == _chain.End)
        {
            _chain.Return();
        }
        else
        {
            _chain.Drop(next - _chain.Start);
        }

        _hasUnexamined = _isLeft = outcome == ReadConsumption.Some;
        return !_isLeft;
    }

    // False while the system may have more, or has just told of more.
    private bool TryParkAgain()
    {
        if (_mayHaveMore)
        {
            return false;
        }

        _chain.ReturnIfEmpty();
        var streak = _streak;
        _streak = 0; // before, because afterwards the read is somebody else's
        if (_parking.TryParkAgain())
        {
            return true;
        }

        _streak = streak;
        return false;
    }

    // True with new bytes, or with the end; false when there are none, or with an error, which is noted.
    // SAFETY: the block is pinned and this reader's alone, and the length is what is left of it.
    private unsafe bool TryReceive()
    {
        var room = _chain.Room is >= MinReceiveBytes and var left ? left : MakeRoom();
        int received;
        do
        {
            received = Libc.Receive(_connection.Number, _chain.FreeStart, room);
        }
        while (received == -Errno.EINTR);

        if (received > 0)
        {
            _streak++;
            _bytesReceived += received;
            _chain.Advance(received);
            _hasUnexamined = true;
            // Edge-triggered: fewer bytes than asked for means that there are no more, and that the next ones bring an
            // event (epoll(7)); where that does not hold, the connection knows.
            (_filled, _mayHaveMore) = received < room
                ? (Filled.Part, _connection.MustReadUntilEmpty)
                : (room >= PinnedBlockPool.SmallBytes ? Filled.Block : Filled.Room, true);
            return true;
        }

        return HasEnded(received);
    }

    private bool HasEnded(int received)
    {
        _mayHaveMore = false;
        if (received == 0)
        {
            _hasEnded = true;
            return true;
        }

        if (received == -Errno.EAGAIN)
        {
            _connection.Watch();
            return false;
        }

        _connection.SignalClosed();
        _error = new IOException(
            _connection.IsAborted ? "The connection was aborted." : "The client reset the connection.",
            Errno.ToException(-received, "recv"));
        return false;
    }

    private int MakeRoom()
    {
        var isLarge = _filled == Filled.Block || _chain.Tail is not null;
        _chain.Append(_blocks.Rent(isLarge ? PinnedBlockPool.LargeBytes : PinnedBlockPool.SmallBytes));
        return _chain.Room;
    }

    private void ThrowIfBroken()
    {
        if (_error is not null || _connection.IsAborted)
        {
            throw _error ?? new IOException("The connection was aborted.");
        }
    }

    private void ThrowIfNotReadable()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Reading is not allowed after the reader was completed.");
        }

        if (_isReading || IsPending)
        {
            throw new InvalidOperationException("A read is in progress: call AdvanceTo, or await the pending read, before the next.");
        }
    }
}
