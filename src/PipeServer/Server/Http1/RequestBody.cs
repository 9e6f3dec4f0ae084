using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>
/// The body of the current request as a <see cref="PipeReader"/>: slices of the connection's input for a body with
/// Content-Length, a pipe of decoded bytes for a chunked one. Reads never go beyond the body.
/// </summary>
internal sealed class RequestBody : PipeReader
{
    // A body that its handler did not want is read on, so that the connection can be kept, unless a new connection is cheaper for
    // both sides than the rest of the body.
    private const int MaxDrainBytes = 64 * 1024;

    private readonly Http1Exchange _exchange;
    private readonly Connection _connection;
    private readonly ChunkedDecoder _decoder = new();
    private readonly RequestLimits _limits;
    private readonly long _maxBytes;

    // Chunked only. Filled on demand by whoever reads, one input buffer at a time, so it needs no threshold of its own.
    private Pipe? _decoded;

    private BodyFraming _framing;
    private long _remaining; // Content-Length: bytes of the body that are not consumed
    private long _decodedBytes; // chunked: bytes of the body that came out of the decoder
    private ReadOnlySequence<byte> _current; // Content-Length: what the last read returned
    private bool _wholeRestSeen; // Content-Length: the last read returned all that remains
    private bool _readPending;
    private bool _isMoreBehind; // Content-Length: the last read saw something behind the body
    private bool _isWaiting; // a read of the handler's is waiting for the connection's input
    private bool _detached;
    private bool _cancelRequested;
    private long _discarded; // chunked: bytes of the body that nobody wanted
    private bool _isTooLongToDrain;
    private ChunkedDecoder? _preview;
    private long _received; // Content-Length: how much of the body has been seen
    private long _waited; // milliseconds spent waiting for the body
    private bool _wasTooSlow; // and has had its final beat
    private RequestError _error; // chunked: why it cannot be read on

    public RequestBody(Http1Exchange exchange)
    {
        _exchange = exchange;
        _connection = exchange.Connection;
        _limits = _connection.Server.Limits;
        _maxBytes = _connection.Server.Options.MaxRequestBodyBytes;
    }

    /// <summary>The fields behind a chunked body.</summary>
    public HeaderFields Trailers => _decoder.Trailers.Fields;

    /// <summary>True when every byte of the body has been taken from the connection's input.</summary>
    public bool IsFullyRead => !_framing.HasBody || (_framing.IsChunked ? _decoder.IsComplete : _remaining == 0);

    /// <summary>True while the client may be waiting for <c>100 Continue</c>.</summary>
    public bool ContinuePending { get; private set; }

    private long Received => _framing.IsChunked ? _decodedBytes : _received;

    /// <summary>True once the handler has asked for the body.</summary>
    public bool IsTouched { get; private set; }

    /// <summary>True when more of the body is known to be unread than is worth discarding.</summary>
    public bool IsTooLongToDrain => _framing.IsChunked ? _isTooLongToDrain : _remaining > MaxDrainBytes;

    /// <summary>True when the input holds something behind the body already, as far as that can be told.</summary>
    public bool IsMoreBehind()
    {
        if (_readPending)
        {
            return _isMoreBehind;
        }

        // Where a chunked body ends, nobody knows before it has been read.
        if (!_framing.HasBody || _isWaiting || (_framing.IsChunked && !IsFullyRead) || !_connection.Input.TryRead(out var input))
        {
            return false;
        }

        _connection.Input.AdvanceTo(input.Buffer.Start);
        return input.Buffer.Length > _remaining;
    }

    public void Start(BodyFraming framing, bool continuePending)
    {
        if (framing.IsChunked || _framing.IsChunked)
        {
            _decoder.Reset(); // and with it the last body's trailers
        }

        _framing = framing;
        _remaining = framing.ContentLength;
        _decodedBytes = _received = _waited = 0;
        _current = default;
        _wholeRestSeen = _readPending = _isWaiting = _wasTooSlow = _detached = _cancelRequested = false;
        ContinuePending = continuePending;
        _error = RequestError.None;
        _discarded = 0;
        IsTouched = _isTooLongToDrain = false;
        if (framing.IsChunked)
        {
            _decoded ??= new Pipe(new PipeOptions(
                readerScheduler: PipeScheduler.Inline,
                writerScheduler: PipeScheduler.Inline,
                pauseWriterThreshold: 0,
                useSynchronizationContext: false));
        }
    }

    /// <summary>Ends the handler's use of the body, and gives back what it still held.</summary>
    public void Detach()
    {
        if (_detached)
        {
            return;
        }

        if (_framing.IsChunked && _decoded is not null)
        {
            _decoded.Reader.Complete();
            _decoded.Writer.Complete();
            _decoded.Reset();
        }
        else if (_readPending)
        {
            _connection.Input.AdvanceTo(_current.Start);
        }

        _readPending = false;
        _detached = true;
        _current = default;
    }

    /// <summary>
    /// Discards what has arrived of a chunked body, after <see cref="Detach"/>, without waiting for more: a body that is
    /// malformed as far as it is here makes its request one, whether the handler has looked at it or not.
    /// </summary>
    public RequestError DiscardArrived()
    {
        while (_framing.IsChunked && !_decoder.IsComplete && _error == RequestError.None && !_isTooLongToDrain
            && _connection.Input.TryRead(out var read))
        {
            TryDecode(read.Buffer, decoded: null, out var consumed);
            _connection.Input.AdvanceTo(consumed, IsDecodedSoFar ? read.Buffer.End : consumed);
            if (read.IsCompleted)
            {
                break;
            }
        }

        return _error;
    }

    /// <summary>Looks at what has arrived of a chunked body that nobody has read from yet, and leaves it where it is.</summary>
    /// <exception cref="BadHttpRequestException">It is malformed already.</exception>
    public void ThrowIfArrivedIsMalformed()
    {
        if (!_framing.IsChunked || IsTouched || _detached || !_connection.Input.TryRead(out var read))
        {
            return;
        }

        _preview ??= new ChunkedDecoder();
        _preview.Reset();
        var isOver = false;
        var length = 0L;
        foreach (var memory in read.Buffer)
        {
            var span = memory.Span;
            while (!span.IsEmpty && !isOver && _preview.Error == RequestError.None && !_preview.IsComplete)
            {
                _preview.Decode(span, _limits, out var taken, out var data);
                length += data.Length;
                isOver = _preview.AnnouncedBytes > _maxBytes - length;
                span = span[taken..];
            }
        }

        _connection.Input.AdvanceTo(read.Buffer.Start);
        if (read.IsCanceled)
        {
            _connection.Input.CancelPendingRead(); // it was meant for the handler's next read
        }

        if (isOver || _preview.Error != RequestError.None)
        {
            throw new BadHttpRequestException(isOver ? RequestError.BodyTooLarge : _preview.Error);
        }
    }

    /// <summary>
    /// Reads and discards what is left of the body, after <see cref="Detach"/>, so that the next request starts where it
    /// should. False when that is more than it is worth, or the body turns out malformed or slow.
    /// </summary>
    public async ValueTask<bool> TryDrainAsync(TimeSpan timeout)
    {
        var input = _connection.Input;
        _connection.Deadlines.SetRead(timeout);
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

                if (result.IsCanceled && _connection.Deadlines.IsReadExpired)
                {
                    input.AdvanceTo(result.Buffer.Start);
                    return false;
                }

                if (_framing.IsChunked)
                {
                    var valid = TryDecode(result.Buffer, decoded: null, out var consumed);
                    input.AdvanceTo(consumed, IsDecodedSoFar ? result.Buffer.End : consumed);
                    if (!valid)
                    {
                        return false;
                    }
                }
                else
                {
                    var length = Math.Min(result.Buffer.Length, _remaining);
                    _remaining -= length;
                    input.AdvanceTo(result.Buffer.GetPosition(length));
                }

                if (result.IsCompleted && !IsFullyRead)
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            _connection.Deadlines.EndRead();
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        ThrowIfDetached();
        IsTouched = true;
        if (!_framing.HasBody || (!_framing.IsChunked && _remaining == 0))
        {
            result = new ReadResult(default, TakeCancelRequest(), isCompleted: true);
            return true;
        }

        if (_framing.IsChunked)
        {
            if (_decoded!.Reader.TryRead(out result))
            {
                return true;
            }

            return _connection.Input.TryRead(out var input) && TryDecodeForReader(input, out result);
        }

        if (_connection.Input.TryRead(out var read))
        {
            return TrySlice(read, out result);
        }

        result = default;
        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var isFinalBeat = false;
        while (true)
        {
            if (TryRead(out var result))
            {
                return result;
            }

            if (ContinuePending)
            {
                ContinuePending = false;
                await _exchange.SendContinueAsync().ConfigureAwait(false);
            }

            var started = _connection.Deadlines.Now;
            if (isFinalBeat)
            {
                _connection.Deadlines.GrantFinalBeat();
            }
            else
            {
                _connection.Deadlines.SetBodyRead(Received, _waited);
            }

            ReadResult input;
            bool isTimedOut;
            _isWaiting = true;
            try
            {
                input = await _connection.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _isWaiting = false;
                isTimedOut = _connection.Deadlines.EndRead();
                _waited += _connection.Deadlines.Now - started;
            }

            if (_exchange.MustLeaveTransportThread)
            {
                await Task.Yield();
            }

            // A chunked body's input is all new; of one with a length only the whole rest is certain to be.
            var hasNews = _framing.IsChunked ? !input.Buffer.IsEmpty : input.Buffer.Length >= _remaining;
            if (isTimedOut && !hasNews)
            {
                _connection.Input.AdvanceTo(input.Buffer.Start, input.Buffer.End);
                var isTooSlow = _connection.Deadlines.IsTooSlow(_waited, Received);
                if (isFinalBeat || (isTooSlow && _wasTooSlow))
                {
                    throw new BadHttpRequestException(RequestError.BodyTimeout);
                }

                // As for a head: a process that was paused finds the time over, and the body still on its way. Once for one that
                // is too slow, or a byte at a time would do for ever.
                _wasTooSlow = isTooSlow;
                isFinalBeat = true;
                continue;
            }

            if (_framing.IsChunked ? TryDecodeForReader(input, out result) : TrySlice(input, out result))
            {
                return result;
            }
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_framing.IsChunked)
        {
            _decoded!.Reader.AdvanceTo(consumed, examined);
            return;
        }

        if (!_readPending)
        {
            return; // the empty result of a body that is none, or has been read to its end
        }

        _readPending = false;
        _remaining -= _current.Slice(0, consumed).Length;
        _current = default;
        // All that is left of the body is here, so no further byte may be waited for: the next read returns at once.
        _connection.Input.AdvanceTo(consumed, _wholeRestSeen ? consumed : examined);
    }

    public override void CancelPendingRead()
    {
        _cancelRequested = true;
        _connection.Input.CancelPendingRead();
    }

    /// <summary>The handler will read no more; what is left is discarded when it ends.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (_framing.IsChunked)
        {
            _decoded!.Reader.Complete();
        }
        else if (_readPending)
        {
            _readPending = false;
            _connection.Input.AdvanceTo(_current.Start);
        }
    }

    // Content-Length: cuts a read of the connection's input at the end of the body.
    private bool TrySlice(in ReadResult input, out ReadResult result)
    {
        var buffer = input.Buffer;
        _wholeRestSeen = buffer.Length >= _remaining;
        _isMoreBehind = buffer.Length > _remaining;
        if (_wholeRestSeen)
        {
            buffer = buffer.Slice(0, _remaining);
        }
        else if (input.IsCompleted)
        {
            _connection.Input.AdvanceTo(input.Buffer.Start);
            throw new BadHttpRequestException(RequestError.UnexpectedEnd);
        }

        var isCanceled = input.IsCanceled && TakeCancelRequest();
        if (input.IsCanceled && !isCanceled && buffer.IsEmpty)
        {
            // Woken by the server, not by the handler: wait on.
            _connection.Input.AdvanceTo(input.Buffer.Start);
            result = default;
            return false;
        }

        ContinuePending &= buffer.IsEmpty;
        _received = Math.Max(_received, _framing.ContentLength - _remaining + buffer.Length);
        _current = buffer;
        _readPending = true;
        result = new ReadResult(buffer, isCanceled, _wholeRestSeen);
        return true;
    }

    // Chunked: all that has arrived went through the decoder, and it wants more.
    private bool IsDecodedSoFar => !_decoder.IsComplete && !_isTooLongToDrain && _error == RequestError.None;

    // Chunked: moves what has arrived through the decoder, then reads from its other end.
    private bool TryDecodeForReader(in ReadResult input, out ReadResult result)
    {
        ContinuePending &= input.Buffer.IsEmpty;
        var writer = _decoded!.Writer;
        var valid = TryDecode(input.Buffer, writer, out var consumed);
        _connection.Input.AdvanceTo(consumed, valid && _decoder.IsComplete ? consumed : input.Buffer.End);
        if (!valid)
        {
            throw new BadHttpRequestException(_error);
        }

        if (input.IsCompleted && !_decoder.IsComplete)
        {
            throw new BadHttpRequestException(RequestError.UnexpectedEnd);
        }

        if (_decoder.IsComplete)
        {
            writer.Complete();
        }
        else
        {
#pragma warning disable CA2012 // Without a threshold a flush never waits.
            _ = writer.FlushAsync();
#pragma warning restore CA2012
        }

        if (input.IsCanceled && TakeCancelRequest())
        {
            _decoded.Reader.CancelPendingRead();
        }

        return _decoded.Reader.TryRead(out result);
    }

    private bool TryDecode(ReadOnlySequence<byte> buffer, PipeWriter? decoded, out SequencePosition consumed)
    {
        var length = 0L;
        foreach (var memory in buffer)
        {
            var span = memory.Span;
            while (!span.IsEmpty && !_decoder.IsComplete)
            {
                var status = _decoder.Decode(span, _limits, out var taken, out var data);
                length += taken;
                span = span[taken..];
                if (status == ChunkedStatus.Invalid)
                {
                    _error = _decoder.Error;
                }
                else
                {
                    // By what a chunk announces: nobody has to send it to be refused.
                    _decodedBytes += data.Length;
                    _error = _decoder.AnnouncedBytes > _maxBytes - _decodedBytes ? RequestError.BodyTooLarge : RequestError.None;
                }

                if (_error != RequestError.None)
                {
                    consumed = buffer.GetPosition(length);
                    return false;
                }

                if (decoded is null)
                {
                    _discarded += data.Length;
                    _isTooLongToDrain = _decoder.AnnouncedBytes > MaxDrainBytes - _discarded;
                    if (_isTooLongToDrain)
                    {
                        consumed = buffer.GetPosition(length);
                        return true;
                    }
                }

                if (!data.IsEmpty)
                {
                    decoded?.Write(data);
                }
            }
        }

        consumed = buffer.GetPosition(length);
        return true;
    }

    private bool TakeCancelRequest()
    {
        var requested = _cancelRequested;
        _cancelRequested = false;
        return requested;
    }

    private void ThrowIfDetached()
    {
        if (_detached)
        {
            throw new InvalidOperationException("The request has ended; its body must not be read any more.");
        }
    }
}
