using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>
/// The body of the current request as the <see cref="PipeReader"/> that its handler gets, whatever frames it. Reads never go beyond
/// the body. What reads a body is made with the first one.
/// </summary>
internal sealed class RequestBody : PipeReader, IRequestBody
{
    // For the rest of a body that its handler did not read: the next request must not wait for it for long.
    private static readonly TimeSpan UnreadBodyTimeout = TimeSpan.FromSeconds(5);

    private readonly Http1Exchange _exchange;
    private LengthBody? _lengthBody;
    private ChunkedBody? _chunkedBody;
    private BodyRead? _read;
    private FramedBody? _body; // null: the request has none
    private bool _isArrived; // the body lies in the input in one piece, behind its head
    private bool _isDetached;
    private bool _isCancelRequested;

    public RequestBody(Http1Exchange exchange) => _exchange = exchange;

    /// <inheritdoc/>
    public HeaderFields Trailers => Chunked.Trailers;

    private LengthBody Length => _lengthBody ??= new LengthBody(_exchange);

    private ChunkedBody Chunked => _chunkedBody ??= new ChunkedBody(_exchange);

    /// <summary>True when every byte of the body has been taken from the connection's input.</summary>
    public bool IsFullyRead => _body is null || _body.IsFullyRead;

    /// <summary>How many bytes of the body have arrived.</summary>
    public long ReceivedBytes => _body?.ReceivedBytes ?? 0;

    /// <summary>How many bytes lie in the input behind the head of the request in progress that are its body; see <see cref="StartArrived"/>.</summary>
    public long BytesBehindHead => _isArrived ? _exchange.Head.Framing.ContentLength : 0;

    /// <summary>True while the client may be waiting for <c>100 Continue</c>.</summary>
    public bool ContinuePending { get; private set; }

    /// <summary>True while a read waits for the connection's input.</summary>
    public bool IsWaiting => _read is { IsWaiting: true };

    /// <summary>True once a handler has ended without the result of its last read: what it has begun goes on with it, or may.</summary>
    public bool IsReadLeft { get; private set; }

    /// <summary>True while that read goes on: the connection's input cannot be read.</summary>
    public bool IsReadAtWork => IsReadLeft && _read is { IsAtWork: true };

    /// <summary>True once the handler has asked for the body.</summary>
    public bool IsTouched { get; private set; }

    /// <summary>True when more of the body is known to be unread than is worth discarding.</summary>
    public bool IsTooLongToDrain => _body is { IsTooLongToDrain: true };

    /// <summary>True when the input holds something behind the body already, as far as that can be told.</summary>
    public bool IsMoreBehind() => _body is not null && !_isArrived && !IsWaiting && _body.IsMoreBehind(_exchange.Connection.Input);

    /// <summary>True when all of a body that nobody has read from yet has arrived, so that reading it will not wait.</summary>
    public bool HasArrived()
    {
        if (_body is null || !_exchange.Connection.Input.TryRead(out var read))
        {
            return IsFullyRead;
        }

        var hasArrived = read.IsCompleted || _body.HasArrived(read.Buffer);
        FramedBody.PutBack(_exchange.Connection.Input, read);
        return hasArrived;
    }

    /// <summary>Starts a new request, which has no body as far as is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StartEmpty()
    {
        if (_body is not null)
        {
            Start(BodyFraming.None, continuePending: false);
            return;
        }

        ContinuePending = IsTouched = _isDetached = _isCancelRequested = false;
    }

    /// <summary>Starts the body of a new request.</summary>
    public void Start(BodyFraming framing, bool continuePending)
    {
        ContinuePending = continuePending;
        IsTouched = _isDetached = _isCancelRequested = false;
        if (_body is not null || framing.HasBody)
        {
            if (_body is ChunkedBody chunked)
            {
                chunked.Clear(); // its trailers were another request's
            }

            _body = framing.IsChunked ? Chunked : framing.HasBody ? Length : null;
            _body?.Start(framing.ContentLength);
            _read?.Reset();
        }
    }

    /// <summary>
    /// Starts the body of a new request, all of which has arrived behind its head. It stays in the input with the head, which whoever goes on with
    /// the request passes over together with it: <see cref="BytesBehindHead"/>.
    /// </summary>
    public void StartArrived(byte[] array, int start, int length)
    {
        _isArrived = true;
        Length.StartArrived(array, start, length);
        _body = _lengthBody;
        _read?.Reset();
    }

    /// <summary>The request has been answered: a body that lies in the input is not to be read any more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndArrived()
    {
        if (_isArrived)
        {
            _isArrived = false;
            _isDetached = true;
            _lengthBody!.EndArrived();
        }
    }

    /// <summary>Between two requests: gives back what the trailers of the last one have needed.</summary>
    public void Release()
    {
        EndArrived(); // of a connection that has been cut
        _chunkedBody?.ReleaseTrailers();
    }

    /// <summary>Ends the handler's use of the body, and gives back what it still held.</summary>
    public void Detach()
    {
        if (!_isDetached)
        {
            _isDetached = true;
            IsReadLeft |= _read is { IsPending: true };
            _body?.Release();
        }
    }

    /// <summary>
    /// Discards what has arrived of a chunked body, after <see cref="Detach"/>, without waiting for more: if what is here is malformed, so
    /// is the request, whether the handler has looked at the body or not.
    /// </summary>
    public RequestError DiscardArrived() =>
        IsReadAtWork ? RequestError.None : _body?.DiscardArrived(_exchange.Connection.Input) ?? RequestError.None;

    /// <summary>Looks at what has arrived of a chunked body that nobody has read from yet, and leaves it where it is.</summary>
    /// <exception cref="BadHttpRequestException">It is malformed already.</exception>
    public void ThrowIfArrivedIsMalformed()
    {
        if (_body is not ChunkedBody chunked || IsTouched || _isDetached || !_exchange.Connection.Input.TryRead(out var read))
        {
            return;
        }

        var error = chunked.Preview(read.Buffer);
        FramedBody.PutBack(_exchange.Connection.Input, read);
        if (error != RequestError.None)
        {
            throw new BadHttpRequestException(error);
        }
    }

    /// <summary>
    /// Reads and discards what is left of the body, after <see cref="Detach"/>, so that the next request starts where it
    /// should. False when that is more than it is worth, or the body turns out malformed or slow.
    /// </summary>
    public async ValueTask<bool> TryDrainAsync()
    {
        var input = _exchange.Connection.Input;
        _exchange.Connection.Deadlines.SetRead(UnreadBodyTimeout);
        try
        {
            while (!IsFullyRead)
            {
                if (IsTooLongToDrain)
                {
                    return false;
                }

                if (!input.TryRead(out var result))
                {
                    // The rest may take its time, and the response must not wait for it.
                    await _exchange.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                    result = await input.ReadAsync().ConfigureAwait(false);
                }

                if (result.IsCanceled && _exchange.Connection.Deadlines.IsReadExpired)
                {
                    input.AdvanceTo(result.Buffer.Start);
                    return false;
                }

                if (!_body!.TryDiscard(result) || (result.IsCompleted && !IsFullyRead))
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            _exchange.Connection.Deadlines.EndRead();
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_isDetached)
        {
            throw new InvalidOperationException("The request has ended; its body must not be read any more.");
        }

        if (!IsTouched)
        {
            ThrowIfTooLong();
            IsTouched = true;
        }

        if (_body is null)
        {
            result = new ReadResult(default, TakeCancelRequest(), isCompleted: true);
            return true;
        }

        if (_body.TryReadBuffered(isCanceled: _body.IsAtHand && TakeCancelRequest(), out result))
        {
            return true;
        }

        return _exchange.Connection.Input.TryRead(out var input) && TryTake(input, out result);
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            if (TryRead(out var result))
            {
                return new ValueTask<ReadResult>(result);
            }
        }
        catch (IOException exception)
        {
            return ValueTask.FromException<ReadResult>(exception);
        }

        _read ??= new BodyRead(_exchange, this);
        return ContinuePending ? ReadAfterContinueAsync(_read, cancellationToken) : _read.StartAsync(cancellationToken);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _body?.AdvanceTo(consumed, examined);

    public override void CancelPendingRead()
    {
        _isCancelRequested = true;
        _exchange.Connection.Input.CancelPendingRead();
    }

    /// <summary>The handler will read no more; what is left is discarded when it ends.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (_body is ChunkedBody chunked)
        {
            chunked.CompleteReader();
        }
        else
        {
            _body?.Release();
        }
    }

    /// <summary>True when a buffer of the connection's input certainly has bytes that no earlier read has returned.</summary>
    public bool HasNews(in ReadOnlySequence<byte> buffer) => _body!.HasNews(buffer);

    /// <summary>Takes a read of the connection's input; false when it holds nothing for the handler.</summary>
    /// <exception cref="BadHttpRequestException">The body is malformed, too large or cut short.</exception>
    public bool TryTake(in ReadResult input, out ReadResult result)
    {
        ContinuePending &= input.Buffer.IsEmpty;
        return _body!.TryTake(input, input.IsCanceled && TakeCancelRequest(), out result);
    }

    // Its length was within the server's limit, or the request's, when it began; the handler may have set a lower one since.
    private void ThrowIfTooLong()
    {
        if (_exchange.ExistingExtras?.MaxBodyBytes < _exchange.Head.Framing.ContentLength)
        {
            throw new BadHttpRequestException(RequestError.BodyTooLarge);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadAfterContinueAsync(BodyRead read, CancellationToken cancellationToken)
    {
        ContinuePending = false;
        await _exchange.SendContinueAsync().ConfigureAwait(false);
        return await read.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    private bool TakeCancelRequest()
    {
        var isRequested = _isCancelRequested;
        _isCancelRequested = false;
        return isRequested;
    }
}
