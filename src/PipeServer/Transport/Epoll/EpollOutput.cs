using System.Diagnostics;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// What the client gets, as a <see cref="PipeWriter"/> straight over the descriptor: one <c>send</c> per flush. What the
/// system does not take at once is sent on by the event loop, and the flush waits until it has taken all of it.
/// </summary>
/// <remarks>
/// One writer at a time, on any thread; only <see cref="PipeWriter.CancelPendingFlush"/> and <see cref="Interrupt"/> may come
/// from others. What a cancelled flush has left over is sent by the next one.
/// </remarks>
internal sealed class EpollOutput : PipeWriter, IValueTaskSource<FlushResult>
{
    // A client that pauses, and then goes on, waits for no longer than this for the last piece of its file.
    private const int MaxWaitMilliseconds = 50;
    private const int MinWaitMilliseconds = 2;

    private readonly EpollConnection _connection;
    private readonly PinnedBlockPool _blocks;
    private ManualResetValueTaskSourceCore<FlushResult> _source;
    private Readiness _writable;

    // The chain from the first byte that is not sent to the last one written; null when nothing is held.
    private PinnedBlock? _head;
    private PinnedBlock? _tail;
    private int _headStart;
    private int _tailEnd;
    private long _unsent;

    private bool _isFileToCome; // behind what is flushed now: it goes into the same packets
    private Wait _wait; // what the pending operation waits for
    private long _fileBytes; // sent of a file
    private long _fileStarted; // since then
    private bool _isRoomSignalled; // the event came to this operation while it was parked
    private volatile bool _isPending; // from FlushAsync until its caller has taken the result
    private volatile bool _isParked; // from the moment somebody waits until a waker has done its work and only tells the result
    private bool _hasWaiter; // the pending flush's ValueTask is awaited: from then on it is not its caller's
    private bool _isCompleted;
    private bool _isClientGone;
    private int _cancelRequested;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;
    private long _bytesSent;

    public EpollOutput(EpollConnection connection, PinnedBlockPool blocks)
    {
        _connection = connection;
        _blocks = blocks;
    }

    public override bool CanGetUnflushedBytes => true;

    /// <summary>What is written and not sent yet.</summary>
    public override long UnflushedBytes => _unsent;

    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>True while a flush is parked, or is just being taken up by a waker.</summary>
    public bool IsParked => _isParked;

    /// <summary>True while a flush has no result yet, or its caller has not taken it: a waker may still be at work here.</summary>
    public bool IsPending => _isPending;

    private enum Wait : byte
    {
        UntilSent,
        ForRoom,
        UntilTaken,
    }

    private bool IsInterrupted =>
        Volatile.Read(ref _cancelRequested) != 0 || _connection.IsAborted || _token.IsCancellationRequested;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        ThrowIfNotWritable();
        if (_tail is null)
        {
            _head = _tail = _blocks.Rent(Math.Max(sizeHint, PinnedBlockPool.SmallBytes));
            _headStart = _tailEnd = 0;
        }
        else if (_tail.Capacity - _tailEnd < Math.Max(1, sizeHint))
        {
            var next = _blocks.Rent(Math.Max(sizeHint, PinnedBlockPool.LargeBytes));
            _tail.Append(next, _tailEnd);
            _tail = next;
            _tailEnd = 0;
        }

        return _tail.Slice(_tailEnd);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ThrowIfNotWritable();
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _tail is null ? 0 : _tail.Capacity - _tailEnd);
        _tailEnd += bytes;
        _unsent += bytes;
    }

    /// <summary>Writes bytes by sending them, later, from where they lie.</summary>
    public void Append(PinnedBytes bytes)
    {
        ThrowIfNotWritable();
        var block = _blocks.Borrow(bytes);
        if (_tail is null)
        {
            _head = block;
            _headStart = 0;
        }
        else
        {
            _tail.Append(block, _tailEnd);
        }

        _tail = block;
        _tailEnd = block.Capacity; // nothing can be written behind it: the next bytes get a block of their own
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

        _token = cancellationToken;
        _isPending = true;
        _hasWaiter = false;
        _source.Reset();
        return new ValueTask<FlushResult>(this, _source.Version);
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
                case -Errno.EAGAIN when !_writable.TryClear():
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
    /// Waits until the client has acknowledged everything. What is under way of a file is the file's own memory: who writes to
    /// the file changes it. The system has no event for that moment, so it is asked when, at the pace so far, it should have come.
    /// </summary>
    public ValueTask<FlushResult> WaitUntilTakenAsync(long bytes, long started, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _wait = Wait.UntilTaken;
        (_fileBytes, _fileStarted) = (bytes, started);
        return FlushAsync(cancellationToken);
    }

    public override void CancelPendingFlush()
    {
        Interlocked.Exchange(ref _cancelRequested, 1);
        Interrupt();
    }

    /// <summary>
    /// Nothing more will be written. Sends what the system takes at once; what it does not is lost with the connection, so
    /// flush before, or end with <see cref="PipeWriter.CompleteAsync"/>, which does. An exception aborts the connection.
    /// </summary>
    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted || _isPending)
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

    /// <inheritdoc/>
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
    public void Interrupt()
    {
        if (IsInterrupted && _writable.TryUnpark())
        {
            GoOn();
        }
    }

    /// <summary>The descriptor has become writable. On the event loop.</summary>
    public void OnWritable()
    {
        if (_writable.Signal())
        {
            _isRoomSignalled = true;
            GoOn();
        }
    }

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset()
    {
        Discard();
        _writable.Reset();
        _isFileToCome = _isPending = _isParked = _isCompleted = _isClientGone = false;
        _wait = Wait.UntilSent;
        _token = default;
        _bytesSent = 0;
        _source.Reset(); // lets go of the last writer, and makes its ValueTask invalid
        Volatile.Write(ref _cancelRequested, 0);
    }

    FlushResult IValueTaskSource<FlushResult>.GetResult(short token)
    {
        if (token == _source.Version)
        {
            _isPending = false;
        }

        return _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<FlushResult>.GetStatus(short token)
    {
        // Before somebody waits, the flush is its caller's: there may be room in the meantime.
        if (_isPending && !_hasWaiter && _source.GetStatus(token) == ValueTaskSourceStatus.Pending && (_writable.IsReady || IsInterrupted))
        {
            TryFinish();
        }

        return _source.GetStatus(token);
    }

    // As in EpollInput: parks only once there is somebody to wake.
    void IValueTaskSource<FlushResult>.OnCompleted(
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
            _registration = _token.UnsafeRegister(static output => ((EpollOutput)output!).Interrupt(), this);
        }

        Park();
    }

    private void Park()
    {
        do
        {
            // A cancellation or an abort that came before this move found nobody to wake.
            if (_writable.TryPark() && !(IsInterrupted && _writable.TryUnpark()))
            {
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

    // For the owner of a parked flush: completes it if all is sent, or if it has another reason to end.
    private bool TryFinish()
    {
        var isCanceled = _token.IsCancellationRequested;
        if (!isCanceled && !TryComplete())
        {
            return false;
        }

        var result = isCanceled ? default : TakeResult();
        _registration.Unregister();
        _registration = default;
        _isParked = false; // from here on only the result is told: a disposal need not wait for this thread
        if (isCanceled)
        {
            _wait = Wait.UntilSent;
            _source.SetException(new OperationCanceledException(_token));
        }
        else
        {
            _source.SetResult(result);
        }

        return true;
    }

    private bool TryComplete()
    {
        var isDone = _wait switch
        {
            Wait.ForRoom => HasRoom(),
            Wait.UntilTaken => HasTakenAll(),
            _ => TrySend(),
        };
        return isDone || Volatile.Read(ref _cancelRequested) != 0;
    }

    // For what nobody can ask the system: an event has come since it last said no.
    private bool HasRoom()
    {
        _isClientGone |= _connection.IsAborted;
        return _isClientGone || _isRoomSignalled || _writable.TryClear();
    }

    private bool HasTakenAll()
    {
        _ = _writable.TryClear(); // before the look: what comes after it is for the next
        _isClientGone |= _connection.IsAborted;
        if (_isClientGone || Libc.UnsentBytes(_connection.Number) is not (> 0 and var underWay))
        {
            return true;
        }

        var taken = Math.Max(1, _fileBytes - underWay);
        var milliseconds = Stopwatch.GetElapsedTime(_fileStarted).TotalMilliseconds * underWay / taken;
        _connection.LookAgain((int)Math.Clamp(milliseconds, MinWaitMilliseconds, MaxWaitMilliseconds));
        return false;
    }

    private FlushResult TakeResult()
    {
        _wait = Wait.UntilSent;
        var isCanceled = Volatile.Read(ref _cancelRequested) != 0 && Interlocked.Exchange(ref _cancelRequested, 0) != 0;
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
            var sent = _head == _tail ? SendOne() : SendMany();
            if (sent >= 0)
            {
                Volatile.Write(ref _bytesSent, _bytesSent + sent);
                Consume(sent);
            }
            else if (sent == -Errno.EAGAIN)
            {
                // The event for the room to come may be here already; one that is older costs a call for nothing.
                if (!_writable.TryClear())
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

    // SAFETY: the block is pinned and this writer's alone, and the bytes between the two marks were written.
    private unsafe int SendOne() => Libc.Send(_connection.Number, _head!.Start + _headStart, _tailEnd - _headStart, _isFileToCome);

    // SAFETY: as in SendOne, for every block of the chain; the pieces live on this stack frame for the whole call.
    private unsafe int SendMany()
    {
        var pieces = stackalloc Libc.Piece[Libc.MaxPieces];
        var count = 0;
        for (var block = _head; block is not null && count < Libc.MaxPieces; block = block.NextBlock)
        {
            var start = block == _head ? _headStart : 0;
            var end = block == _tail ? _tailEnd : block.Memory.Length;
            pieces[count++] = new Libc.Piece { Start = block.Start + start, Length = (nuint)(end - start) };
        }

        return Libc.SendMessage(_connection.Number, pieces, count, _isFileToCome);
    }

    private void Consume(int sent)
    {
        _unsent -= sent;
        if (_unsent == 0)
        {
            ReturnBlocks();
            return;
        }

        while (_head != _tail && sent >= _head!.Memory.Length - _headStart)
        {
            sent -= _head.Memory.Length - _headStart;
            var block = _head;
            _head = block.NextBlock;
            _headStart = 0;
            block.Return();
        }

        _headStart += sent;
    }

    private void Discard()
    {
        _unsent = 0;
        ReturnBlocks();
    }

    private void ReturnBlocks()
    {
        while (_head is { } block)
        {
            _head = block.NextBlock;
            block.Return();
        }

        _tail = null;
        _headStart = _tailEnd = 0;
    }

    private void ThrowIfNotWritable()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Writing is not allowed after the writer was completed.");
        }

        if (_isPending)
        {
            throw new InvalidOperationException("A flush is in progress: await it before writing on.");
        }
    }
}
