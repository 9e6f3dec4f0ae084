using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;

namespace PipeServer.AspNetCore;

/// <summary>
/// The response's body. What is written before the response starts is held here, so that the Content-Length that goes with it can still be set; and until
/// the first flush where there is one, so that a body that is too long can still be answered by 500. All else goes to the server as it is written.
/// </summary>
internal sealed class ResponseBodyWriter(ResponseFeatures features) : PipeWriter
{
    private const int MostKept = 16 * 1024;

    private PipeWriter? _inner;
    private ArrayBufferWriter<byte>? _held;
    private bool _isHeldLeased; // memory of it was asked for, and not yet advanced over
    private bool _isHolding;
    private bool _isCompleted;
    private long? _promised;
    private long _written;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => (_held?.WrittenCount ?? 0) + (_isHolding ? 0 : Inner.UnflushedBytes);

    /// <summary>Begins with a response.</summary>
    public void Begin(PipeWriter inner)
    {
        (_inner, _isCompleted, _isHeldLeased, _isHolding) = (inner, false, false, true);
        (_promised, _written) = (null, 0);
    }

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

    /// <summary>The response has started: its length, if it has one, does not change any more.</summary>
    /// <exception cref="InvalidOperationException">More than that was written.</exception>
    public void Start(long? promised)
    {
        _promised = features.Request.Method == "HEAD" ? null : promised;
        ThrowIfTooLong(0);
        if (promised is null)
        {
            Release();
        }
    }

    /// <summary>What was held goes to the server, and so does what is written from now on.</summary>
    public void Release()
    {
        _isHolding = false;
        if (_held is { WrittenCount: > 0 } held)
        {
            Inner.Write(held.WrittenSpan);
            held.ResetWrittenCount();
        }
    }

    /// <summary>Counts what comes by another way.</summary>
    /// <exception cref="InvalidOperationException">It is more than was promised.</exception>
    public void Count(long bytes)
    {
        ThrowIfTooLong(bytes);
        _written += bytes;
    }

    /// <summary>The application has ended: nothing is held any more.</summary>
    /// <exception cref="InvalidOperationException">It has promised more than it has written, and nothing is sent yet.</exception>
    public void Finish()
    {
        var response = features.Response;
        if (_promised is { } length && _written < length && !response.HasStarted && MayHaveBody(response.StatusCode))
        {
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"Response Content-Length mismatch: too few bytes written ({_written} of {length})."));
        }

        Release();
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ThrowIfCompleted();
        return _isHolding ? GetHeld().GetMemory(sizeHint) : Inner.GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        ThrowIfCompleted();
        return _isHolding ? GetHeld().GetSpan(sizeHint) : Inner.GetSpan(sizeHint);
    }

    public override void Advance(int bytes)
    {
        ThrowIfTooLong(bytes);
        if (_isHeldLeased)
        {
            _isHeldLeased = false;
            _held!.Advance(bytes);
            if (!_isHolding)
            {
                Release();
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

        if (!features.HasStarted)
        {
            return StartAndFlushAsync(cancellationToken);
        }

        if (_isHolding)
        {
            Release();
        }

        return inner.FlushAsync(cancellationToken);
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
        Release();
        return await Inner.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<FlushResult> WriteStartedAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        Count(source.Length);
        if (_isHolding)
        {
            Release();
        }

        Inner.Write(source.Span);
        return Inner.FlushAsync(cancellationToken);
    }

    private async ValueTask<FlushResult> StartAndWriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        await features.StartAsync().ConfigureAwait(false);
        return await WriteStartedAsync(source, cancellationToken).ConfigureAwait(false);
    }

    private void ThrowIfTooLong(long bytes)
    {
        if (_written + bytes > _promised)
        {
            throw new InvalidOperationException(
                string.Create(CultureInfo.InvariantCulture, $"Response Content-Length mismatch: too many bytes written ({_written + bytes} of {_promised})."));
        }
    }

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("Writing is not allowed after writer was completed.");
        }
    }
}
