using System.Buffers;
using System.IO.Pipelines;
using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>
/// A chunked body (RFC 9112 §7.1): what has arrived goes through the decoder into a pipe, from whose other end the handler reads.
/// </summary>
internal sealed class ChunkedBody(Http1Exchange exchange) : FramedBody
{
    private ConnectionRules _rules = exchange.Server.Rules;
    private readonly ChunkedDecoder _decoder = new();
    private ChunkedDecoder? _previewDecoder;

    // Filled on demand by the reader, one buffer of the input at a time, so it needs no threshold of its own.
    private Pipe? _decoded;
    private long _length; // bytes of the body that came out of the decoder
    private long _discarded; // those of them that were discarded unread
    private bool _isTooLongToDrain;
    private RequestError _error;

    /// <summary>The fields behind the body (RFC 9112 §7.1.2).</summary>
    public HeaderFields Trailers => _decoder.Trailers.Fields;

    public override bool IsFullyRead => _decoder.IsComplete;

    public override long ReceivedBytes => _length;

    public override bool IsTooLongToDrain => _isTooLongToDrain;

    // What its handler reads of it.
    private long Limit => exchange.ExistingExtras?.MaxBodyBytes ?? _rules.MaxRequestBodyBytes;

    // The same where its handler does not read: a limit that it has lowered is not broken by what it has not asked for.
    private long UnreadLimit => Math.Max(Limit, _rules.MaxRequestBodyBytes);

    // All that has arrived went through the decoder, and it wants more.
    private bool WantsMore => !_decoder.IsComplete && !_isTooLongToDrain && _error == RequestError.None;

    public override void Start(long contentLength)
    {
        Clear();
        _rules = exchange.Connection.Rules;
        _length = _discarded = 0;
        _isTooLongToDrain = false;
        _error = RequestError.None;
        _decoded ??= new Pipe(new PipeOptions(
            readerScheduler: PipeScheduler.Inline,
            writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: 0,
            useSynchronizationContext: false));
    }

    /// <summary>Forgets the last body, and its trailers.</summary>
    public void Clear() => _decoder.Reset();

    /// <summary>Between two requests: forgets the trailers, and gives back what they have needed.</summary>
    public void ReleaseTrailers()
    {
        _decoder.Trailers.Release();
        _previewDecoder?.Trailers.Release();
    }

    public override bool TryReadBuffered(bool isCanceled, out ReadResult result)
    {
        if (isCanceled)
        {
            _decoded!.Reader.CancelPendingRead();
        }

        return _decoded!.Reader.TryRead(out result);
    }

    public override bool TryTake(in ReadResult input, bool isCanceled, out ReadResult result)
    {
        var writer = _decoded!.Writer;
        _error = Decode(_decoder, input.Buffer, writer, Limit, stopBeyond: long.MaxValue, ref _length, out var taken);
        var consumed = input.Buffer.GetPosition(taken);
        exchange.Connection.Input.AdvanceTo(consumed, _error == RequestError.None && _decoder.IsComplete ? consumed : input.Buffer.End);
        if (_error != RequestError.None)
        {
            throw new BadHttpRequestException(_error);
        }

        if (_decoder.IsComplete)
        {
            writer.Complete();
        }
        else if (input.IsCompleted)
        {
            throw new BadHttpRequestException(RequestError.UnexpectedEnd);
        }
        else
        {
#pragma warning disable CA2012 // Without a threshold a flush never waits.
            _ = writer.FlushAsync();
#pragma warning restore CA2012
        }

        return TryReadBuffered(isCanceled, out result);
    }

    // What is malformed needs no wait either.
    public override bool HasArrived(in ReadOnlySequence<byte> buffer) =>
        Preview(buffer) != RequestError.None || _previewDecoder!.IsComplete;

    public override bool HasNews(in ReadOnlySequence<byte> buffer) => !buffer.IsEmpty;

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _decoded!.Reader.AdvanceTo(consumed, examined);

    public override void Release()
    {
        _decoded!.Reader.Complete();
        _decoded.Writer.Complete();
        _decoded.Reset();
    }

    /// <summary>The handler will read no more, and gets an exception if it does.</summary>
    public void CompleteReader() => _decoded!.Reader.Complete();

    public override bool TryDiscard(in ReadResult input)
    {
        var before = _length;
        _error = Decode(_decoder, input.Buffer, sink: null, UnreadLimit, stopBeyond: _length + MaxDrainBytes - _discarded, ref _length, out var taken);
        _discarded += _length - before;
        _isTooLongToDrain = _decoder.AnnouncedBytes > MaxDrainBytes - _discarded;
        var consumed = input.Buffer.GetPosition(taken);
        exchange.Connection.Input.AdvanceTo(consumed, WantsMore ? input.Buffer.End : consumed);
        return _error == RequestError.None;
    }

    // The end of a chunked body is not known before it has been read.
    public override bool IsMoreBehind(PipeReader input)
    {
        if (!IsFullyRead || !input.TryRead(out var read))
        {
            return false;
        }

        var isMoreBehind = !read.Buffer.IsEmpty;
        PutBack(input, read);
        return isMoreBehind;
    }

    public override RequestError DiscardArrived(PipeReader input)
    {
        while (WantsMore && input.TryRead(out var read))
        {
            _ = TryDiscard(read);
            if (read.IsCompleted)
            {
                break;
            }
        }

        return _error;
    }

    public override RequestError Preview(in ReadOnlySequence<byte> buffer)
    {
        _previewDecoder ??= new ChunkedDecoder();
        _previewDecoder.Reset();
        var length = 0L;
        return Decode(_previewDecoder, buffer, sink: null, UnreadLimit, stopBeyond: long.MaxValue, ref length, out _);
    }

    /// <summary>The one loop over chunks.</summary>
    /// <param name="decoder">Goes on where it stopped.</param>
    /// <param name="buffer">What follows the bytes that it has had.</param>
    /// <param name="sink">What gets the body's bytes, or null: they are only counted.</param>
    /// <param name="limit">What the body may have at most.</param>
    /// <param name="stopBeyond">Stops when the body is known to be longer.</param>
    /// <param name="length">The body's bytes so far.</param>
    /// <param name="taken">How much of the buffer is done with.</param>
    private RequestError Decode(
        ChunkedDecoder decoder, in ReadOnlySequence<byte> buffer, PipeWriter? sink, long limit, long stopBeyond, ref long length, out long taken)
    {
        taken = 0;
        foreach (var memory in buffer)
        {
            var span = memory.Span;
            while (!span.IsEmpty && !decoder.IsComplete)
            {
                var status = decoder.Decode(span, in _rules.Head, out var consumed, out var data);
                taken += consumed;
                span = span[consumed..];
                if (status == ChunkedStatus.Invalid)
                {
                    return decoder.Error;
                }

                // Judged by the size that a chunk announces: a body that is too large is refused before all of it has come.
                length += data.Length;
                if (decoder.AnnouncedBytes > limit - length)
                {
                    return RequestError.BodyTooLarge;
                }

                if (decoder.AnnouncedBytes > stopBeyond - length)
                {
                    return RequestError.None;
                }

                if (!data.IsEmpty)
                {
                    sink?.Write(data);
                }
            }
        }

        return RequestError.None;
    }
}
