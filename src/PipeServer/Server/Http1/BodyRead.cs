using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>
/// The read of a body that has to wait for its client: sets the deadline, waits, judges the client's pace, and tells the result.
/// </summary>
/// <remarks>
/// Not an async method: its state machine would go back to another thread's pool than it came from, which cost 20 to 140 bytes a
/// request through workers. One object serves all reads of its exchange, one at a time.
/// </remarks>
internal sealed class BodyRead : IValueTaskSource<ReadResult>, IThreadPoolWorkItem
{
    private readonly Http1Exchange _exchange;
    private readonly RequestBody _body;
    private readonly Action _onInput;
    private ManualResetValueTaskSourceCore<ReadResult> _source;
    private ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter _reading;
    private CancellationToken _token;
    private long _started; // of the wait in progress, by the heartbeat's clock
    private long _waited; // milliseconds spent waiting for the body so far
    private int _isQueued; // 1: the thread pool is to go on with it
    private long _before = -1; // of an encrypted connection, what had come of it when the body was first waited for
    private long _atStart; // what had come when the wait in progress began
    private bool _isPending; // from StartAsync until the caller has taken the result
    private bool _isTimedOut;
    private bool _isFinalBeat;
    private bool _wasTooSlow; // the client was too slow, and has had its final beat

    public BodyRead(Http1Exchange exchange, RequestBody body)
    {
        _exchange = exchange;
        _body = body;
        _onInput = OnInput;
    }

    /// <summary>True while it waits for the connection's input.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>True from its start until its caller has taken the result.</summary>
    public bool IsPending => _isPending;

    /// <summary>True from its start until it has a result, so that the connection's input is not to be read by anybody else.</summary>
    public bool IsAtWork => _isPending && _source.GetStatus(_source.Version) == ValueTaskSourceStatus.Pending;

    private ConnectionDeadlines Deadlines => _exchange.Connection.Deadlines;

    /// <summary>Makes it ready for a new body.</summary>
    public void Reset()
    {
        _waited = 0;
        _before = -1;
        _wasTooSlow = _isPending = false; // a handler need not have taken the result of its last read
    }

    /// <summary>Starts a read that has found nothing to return at once.</summary>
    /// <exception cref="InvalidOperationException">Another one is in progress.</exception>
    public ValueTask<ReadResult> StartAsync(CancellationToken cancellationToken)
    {
        if (_isPending)
        {
            throw new InvalidOperationException("A read of the body is in progress: await it before the next.");
        }

        _isPending = true;
        _isFinalBeat = false;
        _token = cancellationToken;
        _source.Reset();
        var version = _source.Version;
        Wait();
        return new ValueTask<ReadResult>(this, version);
    }

    /// <summary>On the thread pool: a handler that may block goes on here.</summary>
    public void Execute()
    {
        if (Interlocked.Exchange(ref _isQueued, 0) != 0)
        {
            GoOn();
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

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Wait()
    {
        do
        {
            _started = Deadlines.Now;
            if (_isFinalBeat)
            {
                Deadlines.GrantFinalBeat();
            }
            else
            {
                Deadlines.SetBodyRead(_atStart = Counted(), _waited, _exchange.MinBodyDataRate);
            }

            IsWaiting = true;
            try
            {
#pragma warning disable CA2012 // Consumed once: by TryEnd, when it has completed.
                _reading = _exchange.Connection.Input.ReadAsync(_token).ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
            }
#pragma warning disable CA1031 // Every exception goes to the code that awaits the read.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                EndWait();
                _source.SetException(exception);
                return;
            }

            if (!_reading.IsCompleted)
            {
                _reading.UnsafeOnCompleted(_onInput);
                return;
            }

            EndWait();
        }
        while (!TryEnd());
    }

    private void OnInput()
    {
        EndWait();
        if (!_exchange.MustLeaveTransportThread)
        {
            GoOn();
            return;
        }

        Volatile.Write(ref _isQueued, 1);
        try
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        catch (OutOfMemoryException exception)
        {
            // The system gives the pool no thread. The item stays in its queue all the same, for a thread that may come one day: it finds nothing
            // to do then, or takes the place of a later one.
            if (Interlocked.Exchange(ref _isQueued, 0) != 0)
            {
                _source.SetException(exception);
            }
        }
    }

    private void GoOn()
    {
        if (!TryEnd())
        {
            Wait();
        }
    }

    private void EndWait()
    {
        IsWaiting = false;
        _isTimedOut = Deadlines.EndRead();
        _waited += Deadlines.Now - _started;
    }

    // False when there is nothing to tell yet, so that the wait goes on.
    private bool TryEnd()
    {
        ReadResult result;
        try
        {
#pragma warning disable VSTHRD002 // Completed, so it does not block.
            var input = _reading.GetResult();
#pragma warning restore VSTHRD002
            if (_exchange.Connection.HasEnded)
            {
                throw new IOException("The connection has ended."); // its handler has left the read behind
            }

            if (_isTimedOut && !_body.HasNews(input.Buffer))
            {
                _exchange.Connection.Input.AdvanceTo(input.Buffer.Start, input.Buffer.End);
                if (!HasComeFurther())
                {
                    GrantFinalBeat();
                }

                return false;
            }

            if (!_body.TryTake(input, out result))
            {
                return false;
            }
        }
#pragma warning disable CA1031 // Every exception goes to the code that awaits the read.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _source.SetException(exception);
            return true;
        }

        _source.SetResult(result);
        return true;
    }

    // Of an encrypted connection nothing can be read before its record has come as a whole, which of a slow client may take a minute: it is judged by
    // what comes over the wire.
    private long Counted()
    {
        if (!_exchange.Connection.IsTls)
        {
            return _body.ReceivedBytes;
        }

        var received = _exchange.Connection.Transport.BytesReceived;
        _before = _before < 0 ? received : _before;
        return Math.Max(_body.ReceivedBytes, received - _before);
    }

    private bool HasComeFurther() =>
        _exchange.Connection.IsTls && Counted() is var counted && counted > _atStart && !IsTooSlow(counted);

    private bool IsTooSlow(long bytes) => ConnectionDeadlines.IsTooSlow(_waited, bytes, _exchange.MinBodyDataRate);

    // Only once for a client that is too slow, or one byte at a time would keep the read alive for ever.
    private void GrantFinalBeat()
    {
        var isTooSlow = IsTooSlow(Counted());
        if (_isFinalBeat || (isTooSlow && _wasTooSlow))
        {
            throw new BadHttpRequestException(RequestError.BodyTimeout);
        }

        _wasTooSlow = isTooSlow;
        _isFinalBeat = true;
    }
}
