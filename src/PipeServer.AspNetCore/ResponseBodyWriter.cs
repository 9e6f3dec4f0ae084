using System.Buffers;
using System.IO.Pipelines;

namespace PipeServer.AspNetCore;

/// <summary>
/// The response's body. What is written before the response starts is held here, so that the Content-Length that goes with it can still be set; from then on
/// it goes to the server as it is written, but while a flush is owed (<see cref="DeferredFlush"/>).
/// </summary>
internal sealed class ResponseBodyWriter(ResponseFeatures features) : PipeWriter
{
    private const int MostKept = 16 * 1024;
    private const int MostPutOff = 16 * 1024; // unsent bytes with which a flush still waits

    private readonly DeferredFlush _deferred = new();
    private PipeWriter? _inner;
    private ArrayBufferWriter<byte>? _held;
    private bool _isHeldLeased; // memory of it was asked for, and not yet advanced over
    private bool _isCompleted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => Held + (features.HasStarted && !_deferred.IsOwed ? Inner.UnflushedBytes : 0);

    /// <summary>A flush of the application's has been put off.</summary>
    public bool IsFlushOwed => _deferred.IsOwed;


    /// <summary>What is held, in bytes.</summary>
    public int Held => _held?.WrittenCount ?? 0;

    /// <summary>The application has said that nothing more comes, and that nothing is wrong.</summary>
    public bool IsCompleted => _isCompleted;

    /// <summary>Begins with a response.</summary>
    public void Begin(PipeWriter inner)
    {
        _held?.ResetWrittenCount();
        (_inner, _isCompleted, _isHeldLeased) = (inner, false, false);
    }

    /// <summary>Nobody writes any more.</summary>
    public void End()
    {
        (_inner, _isHeldLeased) = (null, false);
        if (_held is { Capacity: > MostKept })
        {
            _held = null;
        }

        _held?.ResetWrittenCount();
    }

    /// <summary>The application's synchronous part begins: until it ends, a flush may be put off.</summary>
    public void BeginSynchronousPart() => _deferred.Begin(Inner);

    /// <summary>The synchronous part has ended, and maybe the application with it.</summary>
    public void EndSynchronousPart(bool isEnd)
    {
        if (isEnd)
        {
            _deferred.End();
        }
        else
        {
            _deferred.EndSynchronousPart();
        }
    }

    /// <summary>No flush is put off from here on, and what was goes with what the caller does next.</summary>
    public void LeaveDeferral() => _deferred.Leave();

    /// <summary>Sends what was put off, as the application is about to wait.</summary>
    public void SendOwed() => _deferred.Send();

    /// <summary>The application has ended: all that it has written is the server's when this has completed.</summary>
    public ValueTask SettleAsync()
    {
        if (_deferred.TryTakePending(out var pending))
        {
            return ReleaseAfterAsync(pending);
        }

        if (features.HasStarted)
        {
            Release();
        }

        return default;
    }

    /// <summary>The response has started: what was held goes to the server.</summary>
    public void Release()
    {
        if (_held is { WrittenCount: > 0 } held)
        {
            try
            {
                Inner.Write(held.WrittenSpan);
            }
            finally
            {
                held.ResetWrittenCount(); // what the server refuses, as it is longer than was promised, goes nowhere
            }
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ThrowIfCompleted();
        return IsDirect() ? Inner.GetMemory(sizeHint) : GetHeld().GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        ThrowIfCompleted();
        return IsDirect() ? Inner.GetSpan(sizeHint) : GetHeld().GetSpan(sizeHint);
    }

    public override void Advance(int bytes)
    {
        if (!_isHeldLeased)
        {
            Inner.Advance(bytes);
            return;
        }

        _isHeldLeased = false;
        _held!.Advance(bytes);
        if (features.HasStarted && _deferred.IsIdle)
        {
            Release();
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        _ = Inner;
        if (_isCompleted)
        {
            return new(new FlushResult(isCanceled: false, isCompleted: true));
        }

        if (features.HasStarted)
        {
            return FlushStartedAsync(cancellationToken);
        }

        var start = features.StartAsync();
        return start.IsCompletedSuccessfully ? FlushStartedAsync(cancellationToken) : FlushAfterAsync(start, cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        if (!features.HasStarted)
        {
            var start = features.StartAsync();
            if (!start.IsCompletedSuccessfully)
            {
                return StartAndWriteAsync(start, source, cancellationToken);
            }
        }

        Put(source.Span);
        return FlushStartedAsync(cancellationToken);
    }

    public override void CancelPendingFlush() => Inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        _isCompleted = true;
        if (exception is not null)
        {
            features.Fail(exception);
        }
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (exception is null && !_isCompleted)
        {
            _deferred.Leave();
            if (!features.HasStarted)
            {
                // The whole body is here: with its length the client need not wait for the application to end.
                features.SetLengthIfNone(Held);
            }

            await features.CompleteResponseAsync().ConfigureAwait(false);
        }

        Complete(exception);
    }

    private PipeWriter Inner => _inner ?? throw new ObjectDisposedException(nameof(ResponseBodyWriter), "The request has ended.");

    private ArrayBufferWriter<byte> GetHeld()
    {
        _ = Inner; // who writes behind the end of a request must not write into the next one
        _isHeldLeased = true;
        return _held ??= new ArrayBufferWriter<byte>(1024);
    }

    // Whether what is written now may go to the server as it is written.
    private bool IsDirect()
    {
        if (!features.HasStarted)
        {
            return false;
        }

        _isHeldLeased = false; // memory that was asked for before, and not used
        _deferred.BeforeWrite();
        return Held == 0 && _deferred.IsIdle;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= MostPutOff)
        {
            _deferred.Leave(); // without a copy, if nothing is under way
        }

        if (IsDirect())
        {
            Inner.Write(bytes);
            return;
        }

        GetHeld().Write(bytes);
        _isHeldLeased = false;
    }

    private ValueTask<FlushResult> FlushStartedAsync(CancellationToken cancellationToken)
    {
        if (!cancellationToken.IsCancellationRequested && _deferred.TryTake())
        {
            var mayWait = false;
            try
            {
                Release();
                mayWait = Inner.UnflushedBytes < MostPutOff;
            }
            finally
            {
                _deferred.Give(mayWait);
            }

            if (mayWait)
            {
                return default;
            }
        }

        if (_deferred.TryTakePending(out var pending))
        {
            return FlushAfterAsync(pending, cancellationToken);
        }

        Release();
        return Inner.FlushAsync(cancellationToken);
    }

    private async ValueTask<FlushResult> FlushAfterAsync(Task earlier, CancellationToken cancellationToken)
    {
        await earlier.ConfigureAwait(false);
        return await FlushStartedAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<FlushResult> StartAndWriteAsync(Task start, ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        await start.ConfigureAwait(false);
        Put(source.Span);
        return await FlushStartedAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask ReleaseAfterAsync(Task pending)
    {
        await pending.ConfigureAwait(false);
        Release();
    }

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Writing is not allowed after writer was completed.");
        }
    }
}
