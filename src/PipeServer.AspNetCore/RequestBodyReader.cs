using System.IO.Pipelines;
using FrameworkBadRequest = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace PipeServer.AspNetCore;

/// <summary>The request's body as the server reads it, with the exceptions that ASP.NET Core knows.</summary>
internal sealed class RequestBodyReader(RequestFeatures features) : PipeReader
{
    private PipeReader? _inner;
    private bool _isCompleted;

    /// <summary>The application has begun to read it.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>The application has learnt that the body is malformed, too large, too slow or cut short.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Begins with a request.</summary>
    public void Begin(PipeReader inner) => (_inner, HasBegun, HasFailed, _isCompleted) = (inner, false, false, false);

    /// <summary>Nobody reads any more.</summary>
    public void End() => _inner = null;

    public override bool TryRead(out ReadResult result)
    {
        var inner = Readable();
        try
        {
            return inner.TryRead(out result);
        }
        catch (BadHttpRequestException exception)
        {
            throw Translated(exception);
        }
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var inner = Readable();
            if (features.IsFlushOwed)
            {
                if (!cancellationToken.IsCancellationRequested && inner.TryRead(out var result))
                {
                    return new ValueTask<ReadResult>(result);
                }

                features.SendOwedFlush(); // the client may wait for it before it goes on
            }

            var read = inner.ReadAsync(cancellationToken);
            return read.IsCompletedSuccessfully ? read : TranslateAsync(read);
        }
        catch (BadHttpRequestException exception)
        {
            throw Translated(exception);
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => Inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => Inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => Inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        if (!_isCompleted && _inner is { } inner)
        {
            _isCompleted = true;
            inner.Complete(exception);
        }
    }

    private PipeReader Inner => _inner ?? throw new ObjectDisposedException(nameof(RequestBodyReader), "The request has ended.");

    private PipeReader Readable()
    {
        var inner = Inner;
        if (_isCompleted)
        {
            throw new InvalidOperationException("Reading is not allowed after reader was completed.");
        }

        HasBegun = true;
        return inner;
    }

    private async ValueTask<ReadResult> TranslateAsync(ValueTask<ReadResult> read)
    {
        try
        {
            return await read.ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception)
        {
            throw Translated(exception);
        }
    }

    private FrameworkBadRequest Translated(BadHttpRequestException exception)
    {
        HasFailed = true;
        return new(exception.Message, exception.StatusCode, exception);
    }
}
