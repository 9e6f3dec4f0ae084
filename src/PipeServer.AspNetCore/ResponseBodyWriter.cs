using System.Buffers;
using System.IO.Pipelines;

namespace PipeServer.AspNetCore;

/// <summary>
/// The response's body. What is written before the response starts is held here, so that the Content-Length that goes with it can still be set; from then on
/// it goes to the server as it is written.
/// </summary>
internal sealed class ResponseBodyWriter(ResponseFeatures features) : PipeWriter
{
    private const int MostKept = 16 * 1024;

    private PipeWriter? _inner;
    private ArrayBufferWriter<byte>? _held;
    private bool _isHeldLeased; // memory of it was asked for, and not yet advanced over
    private bool _isCompleted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => Held + (features.HasStarted ? Inner.UnflushedBytes : 0);

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

    /// <summary>The response has started: what was held goes to the server.</summary>
    public void Release()
    {
        if (_held is { WrittenCount: > 0 } held)
        {
            Inner.Write(held.WrittenSpan);
            held.ResetWrittenCount();
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ThrowIfCompleted();
        return features.HasStarted ? Inner.GetMemory(sizeHint) : GetHeld().GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        ThrowIfCompleted();
        return features.HasStarted ? Inner.GetSpan(sizeHint) : GetHeld().GetSpan(sizeHint);
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
        if (features.HasStarted)
        {
            Release();
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var inner = Inner;
        if (_isCompleted)
        {
            return new(new FlushResult(isCanceled: false, isCompleted: true));
        }

        return features.HasStarted ? inner.FlushAsync(cancellationToken) : StartAndFlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        return features.HasStarted ? WriteStartedAsync(source, cancellationToken) : StartAndWriteAsync(source, cancellationToken);
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

    private async ValueTask<FlushResult> StartAndFlushAsync(CancellationToken cancellationToken)
    {
        await features.StartAsync().ConfigureAwait(false);
        return await Inner.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<FlushResult> WriteStartedAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        Inner.Write(source.Span);
        return Inner.FlushAsync(cancellationToken);
    }

    private async ValueTask<FlushResult> StartAndWriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        await features.StartAsync().ConfigureAwait(false);
        return await WriteStartedAsync(source, cancellationToken).ConfigureAwait(false);
    }

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Writing is not allowed after writer was completed.");
        }
    }
}
