using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;
using PipeServer.Platform;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// What the client gets, as a <see cref="PipeWriter"/> straight over the descriptor: one <c>send</c> per flush. What the
/// system does not take at once is sent on by the event loop, and the flush waits until it has taken all of it.
/// </summary>
/// <remarks>
/// One writer at a time, on any thread; only <see cref="PipeWriter.CancelPendingFlush"/> and <see cref="Interrupt"/> may come
/// from others. What a cancelled flush has left over is sent by the next one.
/// </remarks>
internal sealed class EpollOutput : PipeWriter
{
    private readonly EpollConnection _connection;
    private readonly PinnedBlockPool _blocks;
    private readonly Parking<Flush, FlushResult> _parking;
    private BlockChain _chain; // from the first byte that is not sent to the last one written
    private long _unsent;

    private bool _isFileToCome; // behind what is flushed now: it goes into the same packets
    private Wait _wait; // what the pending operation waits for
    private FilePace _pace; // of the file that is being taken
    private bool _isRoomSignalled; // the event came to this operation while it was parked
    private bool _isCompleted;
    private bool _isClientGone;
    private long _bytesSent;

    public EpollOutput(EpollConnection connection, PinnedBlockPool blocks)
    {
        _connection = connection;
        _blocks = blocks;
        _parking = new Parking<Flush, FlushResult>(new Flush(this));
    }

    public override bool CanGetUnflushedBytes => true;

    /// <summary>What is written and not sent yet.</summary>
    public override long UnflushedBytes => _unsent;

    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>True while a flush is parked, or is just being taken up by a waker.</summary>
    public bool IsParked => _parking.IsParked;

    /// <summary>True while a flush has no result yet, or its caller has not taken it: a waker may still be at work here.</summary>
    public bool IsPending => _parking.IsPending;

    private bool IsWritable => !_isCompleted && !IsPending;

    private enum Wait : byte
    {
        UntilSent, ForRoom, UntilTaken,
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _chain.Free;
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _chain.FreeSpan;
    }

    public override void Advance(int bytes)
    {
        ThrowIfNotWritable();
        if ((uint)bytes > (uint)_chain.Room)
        {
            ThrowNoRoom(bytes);
        }

        _chain.Advance(bytes);
        _unsent += bytes;
    }

    /// <summary>Writes bytes by sending them, later, from where they lie.</summary>
    public void Append(PinnedBytes bytes)
    {
        ThrowIfNotWritable();
        var block = _blocks.Borrow(bytes);
        _chain.Append(block);
        _chain.Advance(block.Capacity); // nothing can be written behind it: the next bytes get a block of their own
        _unsent += block.Capacity;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfNotWritable();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<FlushResult>(cancellationToken);
        }

        if (TryComplete())
        {
            return new ValueTask<FlushResult>(TakeResult());
        }

        return _parking.StartAsync(cancellationToken);
    }

    /// <summary>Sends what is written if one call takes all of it, as nearly always. False: <see cref="FlushAsync"/> must see to it.</summary>
    public bool TryFlush()
    {
        if (!IsWritable || _isClientGone || _connection.IsAborted || _parking.IsCancelRequested)
        {
            return false;
        }

        if (_unsent == 0)
        {
            Discard();
            return true;
        }

        return _chain.SendTo(_connection.Number, isMoreToCome: false) is >= 0 and var sent && TryConsumeAll(sent);
    }

    /// <summary>Sends all that is written, for <see cref="TrySendFile"/> to go on behind it. False: the client is gone.</summary>
    public async ValueTask<bool> FlushBeforeFileAsync(CancellationToken cancellationToken)
    {
        _isFileToCome = true;
        try
        {
            var isCompleted = false;
            while (_unsent > 0 && !isCompleted) // a flush that is cancelled leaves something
            {
                isCompleted = (await FlushAsync(cancellationToken).ConfigureAwait(false)).IsCompleted;
            }

            return !isCompleted;
        }
        finally
        {
            _isFileToCome = false;
        }
    }

    /// <summary>
    /// Sends a part of a file behind what was flushed, as far as the system takes it: 0 at the file's end, -1 when it takes no
    /// more now (then <see cref="WaitForRoomAsync"/>), or when the client is gone.
    /// </summary>
    /// <exception cref="IOException">The file could not be read.</exception>
    public int TrySendFile(SafeFileHandle file, long offset, int count)
    {
        while (!_connection.IsAborted && !_isClientGone)
        {
            var sent = Libc.SendFile(_connection.Number, file, offset, count);
            switch (sent)
            {
                case >= 0:
                    Volatile.Write(ref _bytesSent, _bytesSent + sent);
                    return sent;
                case -Errno.EAGAIN when !_parking.TryClear():
                    return -1;
                case -Errno.EAGAIN or -Errno.EINTR:
                    break;
                case -Errno.EIO or -Errno.EINVAL:
                    throw new IOException($"The file could not be sent: error {-sent}.");
                default:
                    _isClientGone = true;
                    _connection.SignalClosed();
                    break;
            }
        }

        _isClientGone = true;
        return -1;
    }

    /// <summary>Waits until the system takes more, as a flush does whose bytes it has not taken.</summary>
    public ValueTask<FlushResult> WaitForRoomAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _wait = Wait.ForRoom;
        _isRoomSignalled = false;
        return FlushAsync(cancellationToken);
    }

    /// <summary>
    /// Waits until the client has acknowledged everything. Until then, a program that writes to the file changes bytes that are on their
    /// way.
    /// </summary>
    public ValueTask<FlushResult> WaitUntilTakenAsync(long bytes, long started, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _wait = Wait.UntilTaken;
        _pace = new FilePace(bytes, started);
        return FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => _parking.Cancel();

    /// <summary>
    /// Nothing more will be written. Sends what the system takes at once; what it does not is lost with the connection, so
    /// flush before, or end with <see cref="PipeWriter.CompleteAsync"/>, which does. An exception aborts the connection.
    /// </summary>
    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted || IsPending)
        {
            return;
        }

        if (exception is not null)
        {
            // What was sent is not the whole: a reset tells the client so.
            _connection.Abort();
        }
        else if (_unsent > 0)
        {
            TrySend();
        }

        _isCompleted = true;
        Discard();
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (exception is null && !_isCompleted)
        {
            while (_unsent > 0)
            {
                await FlushAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }

        Complete(exception);
    }

    /// <summary>Wakes a parked flush that has reason to end. From any thread.</summary>
    public void Interrupt() => _parking.Interrupt();

    /// <summary>The descriptor has become writable. On the event loop.</summary>
    public void OnWritable() => _parking.Signal();

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset()
    {
        Discard();
        _parking.Reset();
        _isFileToCome = _isCompleted = _isClientGone = false;
        _wait = Wait.UntilSent;
        _bytesSent = 0;
    }

    private void MakeRoom(int bytes)
    {
        ThrowIfNotWritable();
        if (_chain.Room < Math.Max(1, bytes) || bytes < 0)
        {
            AddBlock(bytes);
        }
    }

    private void AddBlock(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes, "sizeHint");
        _chain.Append(_chain.Head is null && bytes <= PinnedBlockPool.SmallBytes
            ? _blocks.RentSmall()
            : _blocks.Rent(Math.Max(bytes, _chain.Head is null ? PinnedBlockPool.SmallBytes : PinnedBlockPool.LargeBytes)));
    }

    private bool TryComplete()
    {
        var isDone = _wait switch
        {
            Wait.ForRoom => HasRoom(),
            Wait.UntilTaken => HasTakenAll(),
            _ => TrySend(),
        };
        return isDone || _parking.IsCancelRequested;
    }

    // The system cannot be asked whether it has room: it has when an event has come since it last took no more.
    private bool HasRoom()
    {
        _isClientGone |= _connection.IsAborted;
        return _isClientGone || _isRoomSignalled || _parking.TryClear();
    }

    private bool HasTakenAll()
    {
        _ = _parking.TryClear(); // cleared before the system is asked: a later event is for the next look
        _isClientGone |= _connection.IsAborted;
        if (_isClientGone || Libc.UnsentBytes(_connection.Number) is not (> 0 and var underWay))
        {
            return true;
        }

        _connection.LookAgain(_pace.MillisecondsFor(underWay));
        return false;
    }

    private FlushResult TakeResult()
    {
        _wait = Wait.UntilSent;
        var isCanceled = _parking.TakeCancelRequest();
        return new FlushResult(isCanceled, isCompleted: _isClientGone);
    }

    // Sends until all is sent, true, or until the system takes no more. A client that is gone takes everything.
    private bool TrySend()
    {
        if (_connection.IsAborted)
        {
            _isClientGone = true;
        }

        while (_unsent > 0 && !_isClientGone)
        {
            var sent = _chain.SendTo(_connection.Number, _isFileToCome);
            if (sent >= 0)
            {
                TryConsumeAll(sent);
            }
            else if (sent == -Errno.EAGAIN)
            {
                // The event for the room to come may be here already; one that is older costs a call for nothing.
                if (!_parking.TryClear())
                {
                    return false;
                }
            }
            else if (sent != -Errno.EINTR)
            {
                _isClientGone = true;
                _connection.SignalClosed();
            }
        }

        // Also when nothing was written into a block that was asked for: an idle connection holds no memory.
        Discard();
        return true;
    }

    // What the system has taken is counted and let go of; true when that was all.
    private bool TryConsumeAll(int sent)
    {
        Volatile.Write(ref _bytesSent, _bytesSent + sent);
        _unsent -= sent;
        if (_unsent == 0)
        {
            _chain.Return();
            return true;
        }

        _chain.Drop(sent);
        return false;
    }

    private void Discard()
    {
        _unsent = 0;
        _chain.Return();
    }

    private void ThrowIfNotWritable()
    {
        if (!IsWritable)
        {
            ThrowNotWritable();
        }
    }

    private void ThrowNoRoom(int bytes) => throw new ArgumentOutOfRangeException(
        nameof(bytes), bytes, $"There is room for {_chain.Room} bytes, and negative ones do not exist.");

    private void ThrowNotWritable() => throw new InvalidOperationException(
        _isCompleted ? "Writing is not allowed after the writer was completed." : "A flush is in progress: await it before writing on.");

    /// <summary>The flush as its parking sees it.</summary>
    private readonly struct Flush(EpollOutput output) : IParkedOperation<FlushResult>
    {
        public bool IsAborted => output._connection.IsAborted;

        public bool TryComplete() => output.TryComplete();

        public FlushResult TakeResult() => output.TakeResult();

        public void OnSignal() => output._isRoomSignalled = true;

        public bool TryGoOn(ReceiveBlock? loop) => false;

        public void OnCanceled() => output._wait = Wait.UntilSent;

        public void OnParking() => output._connection.Watch(); // and keeps what is not sent yet

        public bool EndTurn() => false; // a flush has all the time that its client takes

        public void Yield() => throw new InvalidOperationException("A flush has no turn to end.");
    }
}
