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
    private ResponseMode _mode;
    private HeldBytes _held = new();
    private long _written;
    private long? _contentLength;
    private ChunkWriter _chunks;
    private bool _isCompleted;
    private SwitchedPipe? _switched; // while the mode says so; there is no response after it

    public override bool HasBufferedBytes => _mode == ResponseMode.Buffering && _held.Length > 0;

    public override long BodyBytesSent => _mode switch
    {
        ResponseMode.Plain or ResponseMode.Chunked => _written,
        ResponseMode.Switched => _switched!.BytesWritten,
        _ => 0,
    };

    /// <summary>How many bytes the handler has got of a connection that it has taken over.</summary>
    public long SwitchedBytesRead => _mode == ResponseMode.Switched ? _switched!.BytesRead : 0;

    public override bool CanUpgrade => UpgradeRules.IsOffered(exchange.Head);

    private HttpResponse Response => exchange.Response;

    private Http1Output Output => exchange.Output;

    // What is written now is held back, whatever it is.
    private bool IsHolding
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _mode == ResponseMode.Buffering && !_isCompleted && Response.ContentLength is null;
    }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _mode == ResponseMode.Buffering
        ? _held.Length
        : Output.Writer.UnflushedBytes + _chunks.Length;

    public override void Reset()
    {
        _mode = ResponseMode.Buffering;
        HasStarted = false;
        _written = 0;
        _contentLength = null;
        _chunks = default;
        _isCompleted = false;
        Fault = null;
        _held.Clear();
    }

    /// <summary>Gives a large buffer back. Until <see cref="Reset"/> nothing can be written.</summary>
    public void Release()
    {
        _isCompleted = true;
        _held.Release();
    }

    /// <summary>
    /// Ends the response after its handler: writes what is missing. Returns null, or what is wrong with a response that
    /// cannot be ended any more.
    /// </summary>
    public override string? Finish()
    {
        if (_mode == ResponseMode.Buffering && Response.ContentLength is null && !exchange.IsHeadRequest && StatusLine.AllowsBody(Response.StatusCode)
            && exchange.AreFieldsOrdinary(out var lines))
        {
            (HasStarted, _mode) = (true, ResponseMode.Plain);
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
        if (_mode == ResponseMode.Buffering)
        {
            if (Response.ContentLength is { } promised && promised != _held.Length && !exchange.IsHeadRequest
                && StatusLine.AllowsBody(Response.StatusCode))
            {
                return $"the handler promised {promised} bytes and wrote {_held.Length}";
            }

            Start(handlerHasEnded: true);
        }

        if (_mode == ResponseMode.Chunked)
        {
            _chunks.Close(Output);
            Output.Writer.Write(ChunkedEncoder.LastChunk);
        }

        if (_mode == ResponseMode.Switched)
        {
            return _switched!.End();
        }

        return _mode == ResponseMode.Plain && _contentLength is { } length && _written != length
            ? $"the handler promised {length} bytes and wrote {_written}"
            : null;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) =>
        IsHolding && sizeHint >= 0 ? _held.GetMemory(Math.Max(1, sizeHint)) : GetOtherMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (!IsHolding)
        {
            this.Write(bytes);
            return;
        }

        _held.Append(bytes);
        _written += bytes.Length;
    }

    public override void Advance(int bytes)
    {
        if (IsHolding && bytes >= 0)
        {
            _written += bytes;
            _held.Advance(bytes);
        }
        else
        {
            AdvanceOther(bytes);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        if (_mode == ResponseMode.Buffering)
        {
            Start(handlerHasEnded: false);
        }

        _chunks.Close(Output);
        return Output.FlushForHandlerAsync(exchange, cancellationToken);
    }

    /// <summary>Starts and ends the response with one that is encoded already.</summary>
    public override void Send(PreparedResponse prepared)
    {
        ThrowIfCompleted();
        exchange.RequestBody.ThrowIfArrivedIsMalformed();
        _contentLength = _written = prepared.Body.Length;
        _mode = exchange.IsHeadRequest || !StatusLine.AllowsBody(prepared.StatusCode) ? ResponseMode.Discarding : ResponseMode.Plain;
        HasStarted = true;
        if (exchange.IsOrdinary(prepared))
        {
            exchange.WritePrepared(prepared, withBody: _mode == ResponseMode.Plain);
            if (prepared.Pinned is null)
            {
                return;
            }
        }
        else
        {
            exchange.WriteResponseHead(ResponseFraming.None, 0, handlerHasEnded: false, prepared);
        }

        if (_mode == ResponseMode.Plain)
        {
            Output.WriteBody(prepared);
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
        else if (!(exchange.IsOrdinary(prepared) ? exchange.TryWritePrepared(prepared, source) : exchange.TryWriteByCopy(prepared, source)))
        {
            return false;
        }

        _contentLength = _written = prepared.BodyLength;
        _mode = hasBody ? ResponseMode.Plain : ResponseMode.Discarding;
        HasStarted = true;
        return true;
    }

    /// <summary>Sends a part of a file; see <see cref="HttpResponse.SendFileAsync"/>.</summary>
    public override async ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        ThrowIfCompleted();
        if (_mode == ResponseMode.Buffering)
        {
            Start(handlerHasEnded: false);
        }

        if (_mode == ResponseMode.Discarding)
        {
            return count;
        }

        if (_mode == ResponseMode.Chunked)
        {
            return await FileCopy.ToWriterAsync(this, file, offset, count, cancellationToken).ConfigureAwait(false);
        }

        if (_contentLength is { } length && _written + count > length)
        {
            throw LongerThan(length, count);
        }

        var sent = await Output.SendFileForHandlerAsync(exchange, file, offset, count, cancellationToken).ConfigureAwait(false);
        _written += sent;
        return sent;
    }

    public override ValueTask<IDuplexPipe> UpgradeAsync()
    {
        if (!CanUpgrade)
        {
            throw new InvalidOperationException(
                "The client has not offered another protocol, which takes HTTP/1.1, a Connection field with the option upgrade, and an Upgrade field; see CanUpgrade.");
        }

        return SwitchAsync(101, isUpgrade: true);
    }

    public override ValueTask<IDuplexPipe> SwitchAsync(int statusCode) => SwitchAsync(statusCode, isUpgrade: false);

    public override void CancelPendingFlush() => Output.Writer.CancelPendingFlush();

    /// <summary>Nothing more will be written. The response itself ends with the handler.</summary>
    public override void Complete(Exception? exception = null)
    {
        _isCompleted = true;
        Fault ??= exception;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Memory<byte> GetOtherMemory(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        ThrowIfCompleted();
        if (_mode == ResponseMode.Buffering && Response.ContentLength is not null)
        {
            Start(handlerHasEnded: false);
        }

        return _mode switch
        {
            ResponseMode.Plain => Output.Writer.GetMemory(sizeHint),
            ResponseMode.Chunked => _chunks.GetMemory(Output, sizeHint),
            _ => _held.GetMemory(Math.Max(1, sizeHint)),
        };
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AdvanceOther(int bytes)
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
            case ResponseMode.Buffering:
                _held.Advance(bytes);
                break;
            case ResponseMode.Plain:
                Output.Writer.Advance(bytes);
                break;
            case ResponseMode.Chunked:
                _chunks.Advance(bytes);
                break;
            default:
                ThrowIfStatusHasNoBody(bytes);
                break;
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
            _mode = ResponseMode.Discarding;
        }
        else
        {
            if (handlerHasEnded)
            {
                _contentLength ??= _held.Length;
            }

            if (_contentLength is not null)
            {
                (framing, _mode) = (ResponseFraming.ContentLength, ResponseMode.Plain);
            }
            else if (exchange.IsHttp10)
            {
                // No chunks in 1.0: the end of the connection is the end of the body.
                _mode = ResponseMode.Plain;
                exchange.CloseAfterResponse();
            }
            else
            {
                (framing, _mode) = (ResponseFraming.Chunked, ResponseMode.Chunked);
            }

            if (exchange.IsHeadRequest)
            {
                _mode = ResponseMode.Discarding;
            }
        }

        HasStarted = true;
        exchange.WriteResponseHead(framing, _contentLength ?? 0, handlerHasEnded);
        if (_mode is ResponseMode.Plain or ResponseMode.Chunked && _held.Length > 0)
        {
            // Written before; _written has them already.
            if (_mode == ResponseMode.Plain)
            {
                Output.Writer.Write(_held.Span);
            }
            else
            {
                _held.Span.CopyTo(_chunks.GetMemory(Output, _held.Length).Span);
                _chunks.Advance(_held.Length);
            }
        }

        _held.Clear();
    }

    private async ValueTask<IDuplexPipe> SwitchAsync(int statusCode, bool isUpgrade)
    {
        ThrowIfCompleted();
        if (HasStarted || _held.Length > 0 || !exchange.RequestBody.IsFullyRead)
        {
            throw new InvalidOperationException("The connection can be handed over before the response is begun, and after the request's body is read.");
        }

        if (isUpgrade && !UpgradeRules.IsAmongOffered(exchange.Head.Fields, Response.Fields))
        {
            throw new InvalidOperationException("The response needs an Upgrade field that names a protocol which the client has offered (RFC 9110 §7.8).");
        }

        var pipe = _switched = new SwitchedPipe(exchange);
        _mode = ResponseMode.Switched;
        _isCompleted = HasStarted = true;
        Response.SetSwitched(statusCode);
        await exchange.Connection.WaitForInputAsync().ConfigureAwait(false);
        pipe.Open(statusCode);
        await Output.FlushForHandlerAsync(exchange, CancellationToken.None).ConfigureAwait(false);
        return pipe;
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
