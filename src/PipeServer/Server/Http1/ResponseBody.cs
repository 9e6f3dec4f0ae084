using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using PipeServer.Http;
using PipeServer.Transport;

namespace PipeServer.Server.Http1;

/// <summary>
/// The body of the current response as a <see cref="PipeWriter"/>. Decides, at the moment the head must be written, how the
/// body is framed, and keeps the handler to it.
/// </summary>
internal sealed class ResponseBody(Http1Exchange exchange) : ResponseWriter
{
    private readonly Http1Output _output = exchange.Output;
    private Mode _mode;
    private HeldBytes _held = new();
    private long _written;
    private long? _contentLength;
    private ChunkWriter _chunks;
    private bool _isCompleted;

    private enum Mode : byte
    {
        /// <summary>Nothing is sent; the body is held back until its length is known or the handler flushes.</summary>
        Buffering,

        /// <summary>The body goes out as it is: with Content-Length, or until the connection ends.</summary>
        Plain,

        /// <summary>The body goes out in chunks.</summary>
        Chunked,

        /// <summary>The head is out and stands for itself: HEAD, or a status that has no body.</summary>
        Discarding,

        /// <summary>The connection is the handler's, and there is no body.</summary>
        Switched,
    }

    public override bool HasBufferedBytes => _mode == Mode.Buffering && _held.Length > 0;

    private HttpResponse Response => exchange.Response;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _mode == Mode.Buffering
        ? _held.Length
        : _output.Writer.UnflushedBytes + _chunks.Length;

    public override void Reset()
    {
        _mode = Mode.Buffering;
        HasStarted = false;
        _written = 0;
        _contentLength = null;
        _chunks = default;
        _isCompleted = false;
        Fault = null;
        _held.Clear();
    }

    /// <summary>Gives the buffer back.</summary>
    public void Release()
    {
        Reset();
        _held.Release();
    }

    /// <summary>
    /// Ends the response after its handler: writes what is missing. Returns null, or what is wrong with a response that
    /// cannot be ended any more.
    /// </summary>
    public override string? Finish()
    {
        if (_mode == Mode.Buffering && Response.ContentLength is null && !exchange.IsHeadRequest && StatusLine.AllowsBody(Response.StatusCode)
            && exchange.AreFieldsOrdinary(out var lines))
        {
            (HasStarted, _mode) = (true, Mode.Plain);
            exchange.WriteWhole(lines, _held.Span);
            _held.Clear();
            return null;
        }

        return FinishOther();
    }

    // Apart, so that the ordinary answer pays for no variable of the others.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private string? FinishOther()
    {
        if (_mode == Mode.Buffering)
        {
            if (Response.ContentLength is { } promised && promised != _held.Length && !exchange.IsHeadRequest
                && StatusLine.AllowsBody(Response.StatusCode))
            {
                return $"the handler promised {promised} bytes and wrote {_held.Length}";
            }

            Start(handlerHasEnded: true);
        }

        if (_mode == Mode.Chunked)
        {
            _chunks.Close(_output);
            _output.Writer.Write(ChunkedEncoder.LastChunk);
        }

        return _mode == Mode.Plain && _contentLength is { } length && _written != length
            ? $"the handler promised {length} bytes and wrote {_written}"
            : null;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        ThrowIfCompleted();
        if (_mode == Mode.Buffering && Response.ContentLength is not null)
        {
            Start(handlerHasEnded: false);
        }

        switch (_mode)
        {
            case Mode.Plain:
                return _output.Writer.GetMemory(sizeHint);
            case Mode.Chunked:
                return _chunks.GetMemory(_output, sizeHint);
            default:
                return _held.GetMemory(Math.Max(1, sizeHint));
        }
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (_mode != Mode.Buffering || _isCompleted || Response.ContentLength is not null)
        {
            this.Write(bytes);
            return;
        }

        _held.Append(bytes);
        _written += bytes.Length;
    }

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ThrowIfCompleted();
        if (HasStarted && _contentLength is { } length && _written + bytes > length)
        {
            throw LongerThan(length, bytes);
        }

        _written += bytes;
        switch (_mode)
        {
            case Mode.Buffering:
                _held.Advance(bytes);
                break;
            case Mode.Plain:
                _output.Writer.Advance(bytes);
                break;
            case Mode.Chunked:
                _chunks.Advance(bytes);
                break;
            default:
                ThrowIfStatusHasNoBody(bytes);
                break;
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        if (_mode == Mode.Buffering)
        {
            Start(handlerHasEnded: false);
        }

        _chunks.Close(_output);
        return _output.FlushForHandlerAsync(exchange, cancellationToken);
    }

    /// <summary>Starts and ends the response with one that is encoded already.</summary>
    public override void Send(PreparedResponse prepared)
    {
        ThrowIfCompleted();
        exchange.RequestBody.ThrowIfArrivedIsMalformed();
        _contentLength = _written = prepared.Body.Length;
        _mode = exchange.IsHeadRequest || !StatusLine.AllowsBody(prepared.StatusCode) ? Mode.Discarding : Mode.Plain;
        HasStarted = true;
        if (exchange.IsOrdinary(prepared))
        {
            exchange.WritePrepared(prepared, withBody: _mode == Mode.Plain);
            if (prepared.Pinned is null)
            {
                return;
            }
        }
        else
        {
            exchange.WriteResponseHead(ResponseFraming.None, 0, handlerHasEnded: false, prepared);
        }

        if (_mode == Mode.Plain)
        {
            _output.WriteBody(prepared);
        }
    }

    /// <summary>The same with a body that is fetched first; false, with nothing written, when its source does not have it.</summary>
    public override bool TrySend(PreparedResponse prepared, IBodySource source)
    {
        ThrowIfCompleted();
        exchange.RequestBody.ThrowIfArrivedIsMalformed();
        var hasBody = !exchange.IsHeadRequest && StatusLine.AllowsBody(prepared.StatusCode);
        if (!hasBody)
        {
            exchange.WriteResponseHead(ResponseFraming.None, 0, handlerHasEnded: false, prepared);
        }
        else if (!(exchange.IsOrdinary(prepared) ? exchange.TryWritePrepared(prepared, source) : TryWriteByCopy(prepared, source)))
        {
            return false;
        }

        _contentLength = _written = prepared.BodyLength;
        _mode = hasBody ? Mode.Plain : Mode.Discarding;
        HasStarted = true;
        return true;
    }

    /// <summary>Sends a part of a file; see <see cref="HttpResponse.SendFileAsync"/>.</summary>
    public override async ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        if (_mode == Mode.Buffering)
        {
            Start(handlerHasEnded: false);
        }

        if (_mode == Mode.Discarding)
        {
            return count;
        }

        if (_mode == Mode.Chunked)
        {
            return await FileCopy.ToWriterAsync(this, file, offset, count, cancellationToken).ConfigureAwait(false);
        }

        if (_contentLength is { } length && _written + count > length)
        {
            throw LongerThan(length, count);
        }

        var sent = await _output.SendFileForHandlerAsync(exchange, file, offset, count, cancellationToken).ConfigureAwait(false);
        _written += sent;
        return sent;
    }

    public override async ValueTask<IDuplexPipe> SwitchAsync(int statusCode)
    {
        ThrowIfCompleted();
        if (HasStarted || _held.Length > 0 || !exchange.RequestBody.IsFullyRead)
        {
            throw new InvalidOperationException("The connection can be handed over before the response is begun, and after the request's body is read.");
        }

        _mode = Mode.Switched;
        _isCompleted = HasStarted = true;
        var pipe = await exchange.SwitchAsync(statusCode).ConfigureAwait(false);
        await _output.FlushForHandlerAsync(exchange, CancellationToken.None).ConfigureAwait(false);
        return pipe;
    }

    public override void CancelPendingFlush() => _output.Writer.CancelPendingFlush();

    /// <summary>Nothing more will be written. The response itself ends with the handler.</summary>
    public override void Complete(Exception? exception = null)
    {
        _isCompleted = true;
        Fault ??= exception;
    }

    // How long the head is going to be is not known here, and so not where the body's place is.
    private bool TryWriteByCopy(PreparedResponse prepared, IBodySource source)
    {
        var array = ArrayPool<byte>.Shared.Rent(prepared.BodyLength);
        try
        {
            var body = array.AsSpan(0, prepared.BodyLength);
            if (!source.TryRead(body))
            {
                return false;
            }

            exchange.WriteResponseHead(ResponseFraming.None, 0, handlerHasEnded: false, prepared);
            _output.Writer.Write(body);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    // The one decision on framing: RFC 9112 §6.
    private void Start(bool handlerHasEnded)
    {
        if (!handlerHasEnded)
        {
            exchange.RequestBody.ThrowIfArrivedIsMalformed();
        }

        var status = Response.StatusCode;
        var framing = ResponseFraming.None;
        _contentLength = Response.ContentLength;
        if (!StatusLine.AllowsBody(status))
        {
            ThrowIfStatusHasNoBody(_held.Length);
            // A 304 may tell the length that the 200 would have had; a 205 must say that it has none; a 204 says nothing.
            _contentLength = status switch { 205 => 0, 304 => _contentLength, _ => null };
            framing = _contentLength is null ? ResponseFraming.None : ResponseFraming.ContentLength;
            _mode = Mode.Discarding;
        }
        else
        {
            if (handlerHasEnded)
            {
                _contentLength ??= _held.Length;
            }

            if (_contentLength is not null)
            {
                (framing, _mode) = (ResponseFraming.ContentLength, Mode.Plain);
            }
            else if (exchange.IsHttp10)
            {
                // No chunks in 1.0: the end of the connection is the end of the body.
                _mode = Mode.Plain;
                exchange.CloseAfterResponse();
            }
            else
            {
                (framing, _mode) = (ResponseFraming.Chunked, Mode.Chunked);
            }

            if (exchange.IsHeadRequest)
            {
                _mode = Mode.Discarding;
            }
        }

        HasStarted = true;
        exchange.WriteResponseHead(framing, _contentLength ?? 0, handlerHasEnded);
        if (_mode is Mode.Plain or Mode.Chunked && _held.Length > 0)
        {
            // Written before; _written has them already.
            if (_mode == Mode.Plain)
            {
                _output.Writer.Write(_held.Span);
            }
            else
            {
                _held.Span.CopyTo(_chunks.GetMemory(_output, _held.Length).Span);
                _chunks.Advance(_held.Length);
            }
        }

        _held.Clear();
    }

    private void ThrowIfStatusHasNoBody(long bytes)
    {
        if (bytes > 0 && !StatusLine.AllowsBody(Response.StatusCode))
        {
            throw new InvalidOperationException($"A response with status {Response.StatusCode} has no body.");
        }
    }

    private InvalidOperationException LongerThan(long contentLength, long bytes) =>
        new($"The response's ContentLength is {contentLength}; the handler is writing {_written + bytes} bytes.");

    private void ThrowIfCompleted()
    {
        if (_isCompleted)
        {
            throw new InvalidOperationException("The response body has been completed; nothing more can be written.");
        }
    }
}
