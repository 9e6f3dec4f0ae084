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
    private bool _isHeldLeased; // memory was asked for before the start, and not yet advanced over
    private bool _isCompleted;
    private long _written;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => (_held?.WrittenCount ?? 0) + (features.HasStarted ? Inner.UnflushedBytes : 0);

    /// <summary>Begins with a response.</summary>
    public void Begin(PipeWriter inner) => (_inner, _isCompleted, _isHeldLeased, _written) = (inner, false, false, 0);

    /// <summary>Nobody writes any more.</summary>
    public void End()
    {
        _inner = null;
        if (_held is { Capacity: > MostKept })
        {
            _held = null;
        }

        _held?.ResetWrittenCount();
    }

    /// <summary>The response has started: what was held goes to the server.</summary>
    public void Start()
    {
        if (_held is { WrittenCount: > 0 } held)
        {
            Inner.Write(held.WrittenSpan);
            held.ResetWrittenCount();
        }
    }

    /// <summary>Counts what did not come by way of this.</summary>
    public void Count(long bytes) => _written += bytes;

    /// <exception cref="InvalidOperationException">The application has promised more than it has written, and nothing is sent yet.</exception>
    public void CheckLength(long? promised)
    {
        var response = features.Response;
        if (promised is { } length && _written < length && !response.HasStarted && features.Request.Method != "HEAD" && MayHaveBody(response.StatusCode))
        {
            throw new InvalidOperationException($"Response Content-Length mismatch: too few bytes written ({_written} of {length}).");
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
        if (_isHeldLeased)
        {
            _isHeldLeased = false;
            _held!.Advance(bytes);
            if (features.HasStarted)
            {
                Start();
            }
        }
        else
        {
            Inner.Advance(bytes);
        }

        _written += bytes;
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
                features.SetLengthIfNone(_held?.WrittenCount ?? 0);
            }

            await FlushAsync().ConfigureAwait(false);
        }

        Complete(exception);
    }

    private PipeWriter Inner => _inner ?? throw new ObjectDisposedException(nameof(ResponseBodyWriter), "The request has ended.");

    private static bool MayHaveBody(int statusCode) => statusCode is not (204 or 205 or 304);

    private ArrayBufferWriter<byte> GetHeld()
    {
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
        _written += source.Length;
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
