using System.IO.Pipelines;
using PipeServer.Platform;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// What the client sends, as a <see cref="PipeReader"/> straight over the descriptor: one <c>recv</c> into a pinned block per
/// batch. A read that must wait parks here and is taken up by the event loop.
/// </summary>
/// <remarks>
/// One reader at a time, on any thread; only <see cref="PipeReader.CancelPendingRead"/> and <see cref="Interrupt"/> may come
/// from others. While a read is parked, the thread that unparks it owns this object until the read completes.
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
    private readonly Parking<Read, ReadResult> _parking;
    private BlockChain _chain; // from the first byte that is not consumed to the last one received

    private bool _mayHaveMore; // an event has come, or the last recv filled its buffer: the next one may find more
    private int _streak; // receives since the last wait
    private bool _wantsLarge; // the last recv filled a whole block
    private bool _hasFilled; // the last recv filled the room it was given
    private bool _hasUnexamined;
    private bool _hasEnded;
    private bool _isReading; // between a result and its AdvanceTo
    private bool _isCompleted;
    private IOException? _error;

    public EpollInput(EpollConnection connection, PinnedBlockPool blocks)
    {
        _connection = connection;
        _blocks = blocks;
        _parking = new Parking<Read, ReadResult>(new Read(this));
    }

    /// <summary>True while a read is parked, or is just being taken up by a waker.</summary>
    public bool IsParked => _parking.IsParked;

    /// <summary>True while a read has no result yet, or its caller has not taken it: a waker may still be at work here.</summary>
    public bool IsPending => _parking.IsPending;

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

        return _parking.StartAsync(cancellationToken);
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

        var (start, end) = (_chain.Start, _chain.End);
        var consumedAt = BlockChain.IndexOf(consumed);
        var examinedAt = BlockChain.IndexOf(examined);
        if (consumedAt < start || examinedAt < consumedAt || examinedAt > end)
        {
            throw new ArgumentOutOfRangeException(
                nameof(consumed), $"Consumed {consumedAt} and examined {examinedAt} must lie in this order between {start} and {end}.");
        }

        _isReading = false;
        _hasUnexamined = examinedAt < end;
        if (consumedAt == end)
        {
            _chain.Clear();
        }
        else
        {
            _chain.Drop(consumedAt - start);
        }
    }

    public override void CancelPendingRead() => _parking.Cancel();

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

    /// <summary>The descriptor has become readable. On the event loop.</summary>
    public void OnReadable() => _parking.Signal();

    /// <summary>Nobody tells of the first bytes: the first read asks for them.</summary>
    public void LookFirst() => _mayHaveMore = true;

    /// <summary>False when, as far as is known here, everything that the client has sent was received and consumed.</summary>
    public bool MayHaveUnread => !_chain.IsEmpty || _hasFilled || _parking.IsSignalled;

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset()
    {
        _chain.Return();
        _parking.Reset();
        _mayHaveMore = _wantsLarge = _hasFilled = _hasUnexamined = _hasEnded = _isReading = _isCompleted = false;
        _error = null;
        _streak = 0;
    }

    // True when there is a result to take: new bytes, the end, or a cancellation. Asks the system only when it may know more.
    private bool TryComplete()
    {
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
        return (isReady || _mayHaveMore) && TryReceive();
    }

    private ReadResult TakeResult()
    {
        var isCanceled = _parking.TakeCancelRequest();
        _isReading = true;
        _hasUnexamined = false;
        _mayHaveMore |= isCanceled; // a cancelled read has not asked the system, so the next one must
        if (_chain.IsEmpty)
        {
            _chain.Return();
            return new ReadResult(default, isCanceled, _hasEnded);
        }

        return new ReadResult(_chain.Bytes, isCanceled, _hasEnded);
    }

    // SAFETY: the block is pinned and this reader's alone, and the length is what is left of it.
    private unsafe bool TryReceive()
    {
        var room = GetRoom();
        int received;
        do
        {
            received = Libc.Receive(_connection.Number, _chain.FreeStart, room);
        }
        while (received == -Errno.EINTR);

        if (received > 0)
        {
            _streak++;
            _chain.Advance(received);
            _hasUnexamined = true;
            _hasFilled = received == room;
            _wantsLarge = _hasFilled && room >= PinnedBlockPool.SmallBytes;
            // Edge-triggered: fewer bytes than asked for means that there are no more, and that the next ones bring an
            // event (epoll(7)); where that does not hold, the connection knows.
            _mayHaveMore = _hasFilled || _connection.MustReadUntilEmpty;
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
            _connection.Watch();
            return false;
        }

        _connection.SignalClosed();
        _error = new IOException(
            _connection.IsAborted ? "The connection was aborted." : "The client reset the connection.",
            Errno.ToException(-received, "recv"));
        throw _error;
    }

    private int GetRoom()
    {
        if (_chain.Tail is null)
        {
            _chain.Append(_blocks.Rent(_wantsLarge ? PinnedBlockPool.LargeBytes : PinnedBlockPool.SmallBytes));
        }
        else if (_chain.Room < MinReceiveBytes)
        {
            _chain.Append(_blocks.Rent(PinnedBlockPool.LargeBytes));
        }

        return _chain.Room;
    }

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

        if (_isReading || IsPending)
        {
            throw new InvalidOperationException("A read is in progress: call AdvanceTo, or await the pending read, before the next.");
        }
    }

    /// <summary>The read as its parking sees it.</summary>
    private readonly struct Read(EpollInput input) : IParkedOperation<ReadResult>
    {
        public bool IsAborted => input._connection.IsAborted;

        public bool TryComplete() => input.TryComplete();

        public ReadResult TakeResult() => input.TakeResult();

        public void OnSignal() => input._mayHaveMore = true;

        public void OnCanceled()
        {
            // A read that is given up has taken nothing.
        }

        public void OnParking()
        {
            input._connection.Watch();
            if (input._chain.IsEmpty)
            {
                input._chain.Return(); // an idle connection holds no memory
            }
        }

        public bool EndTurn()
        {
            var isOver = input._streak >= MaxStreak;
            input._streak = 0;
            return isOver;
        }

        public void Yield() => input._connection.Wake();
    }
}
