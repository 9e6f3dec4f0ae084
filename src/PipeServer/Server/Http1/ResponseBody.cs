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
internal sealed class ResponseBody(Http1Exchange exchange) : ResponseStart(exchange)
{
    private ChunkWriter _chunks;

    // What is written now is held back, whatever it is.
    private bool IsHolding
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Mode == ResponseMode.Buffering && !IsCompleted && Response.ContentLength is null;
    }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => !HasStarted
        ? Held.Length
        : Output.Writer.UnflushedBytes + _chunks.Length;

    public override void Reset()
    {
        Mode = ResponseMode.Buffering;
        HasStarted = false;
        Written = 0;
        PromisedLength = null;
        _chunks = default;
        IsCompleted = false;
        Fault = null;
        Held.Clear();
    }

    /// <summary>Gives a large buffer back. Until <see cref="Reset"/> nothing can be written.</summary>
    public void Release()
    {
        IsCompleted = true;
        Held.Release();
    }

    /// <summary>
    /// Ends the response after its handler: writes what is missing. Returns null, or what is wrong with a response that
    /// cannot be ended any more.
    /// </summary>
    public override string? Finish()
    {
        if (Mode == ResponseMode.Buffering && Response.ContentLength is null && !Exchange.IsHeadRequest && StatusLine.AllowsBody(Response.StatusCode)
            && Exchange.AreFieldsOrdinary(out var lines))
        {
            (HasStarted, Mode) = (true, ResponseMode.Plain);
            Exchange.WriteWhole(lines, Held.Span);
            Held.Clear();
            return null;
        }

        return FinishOther();
    }

    // Apart, so that the ordinary answer pays for no variable of the others.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private string? FinishOther()
    {
        if (!HasStarted)
        {
            if (Response.ContentLength is { } promised && promised != Held.Length && !Exchange.IsHeadRequest
                && StatusLine.AllowsBody(Response.StatusCode))
            {
                return Unkept(promised, Held.Length);
            }

            Start(handlerHasEnded: true);
        }

        if (Mode == ResponseMode.Chunked)
        {
            EndChunks();
        }

        if (Mode == ResponseMode.Switched)
        {
            return EndSwitched();
        }

        return Mode == ResponseMode.Plain && PromisedLength is { } length && Written != length ? Unkept(length, Written) : null;
    }

    protected override string? FinishEarly()
    {
        var hasBody = !Exchange.IsHeadRequest && StatusLine.AllowsBody(Response.StatusCode);
        if (hasBody && (HasStarted ? PromisedLength : Response.ContentLength) is { } promised && promised != Written)
        {
            return Unkept(promised, Written);
        }

        if (!HasStarted)
        {
            Start(handlerHasEnded: false, isWhole: true);
        }

        if (Mode == ResponseMode.Chunked)
        {
            EndChunks();
            Mode = ResponseMode.Plain; // nothing follows
        }

        IsCompleted = true;
        return null;
    }

    protected override async ValueTask SendEndAsync(CancellationToken cancellationToken) =>
        await Output.FlushForHandlerAsync(Exchange, cancellationToken).ConfigureAwait(false);

    private void EndChunks()
    {
        _chunks.Close(Output);
        if (Exchange.ExistingExtras is { HasTrailers: true } extras)
        {
            ResponseTrailers.WriteEnd(Output.Writer, extras.Trailers);
        }
        else
        {
            Output.Writer.Write(ChunkedEncoder.LastChunk);
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) =>
        IsHolding && sizeHint >= 0 ? Held.GetMemory(Math.Max(1, sizeHint)) : GetOtherMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        if (!IsHolding)
        {
            this.Write(bytes);
            return;
        }

        Held.Append(bytes);
        Written += bytes.Length;
    }

    public override void Advance(int bytes)
    {
        if (IsHolding && bytes >= 0)
        {
            Written += bytes;
            Held.Advance(bytes);
        }
        else
        {
            AdvanceOther(bytes);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (IsDiscarding)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
        }

        if (!HasStarted)
        {
            if (IsStartDue)
            {
                return StartAndFlushAsync(cancellationToken);
            }

            Start(handlerHasEnded: false);
        }

        _chunks.Close(Output);
        return Output.FlushForHandlerAsync(Exchange, cancellationToken);
    }

    public override void LeaveOrdinaryWay()
    {
        if (Mode == ResponseMode.Buffering)
        {
            Mode = ResponseMode.HoldingBack;
        }
    }

    /// <summary>Sends a part of a file; see <see cref="HttpResponse.SendFileAsync"/>.</summary>
    public override async ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        if (IsDiscarding)
        {
            return 0;
        }

        if (!HasStarted)
        {
            await RunStartingAsync().ConfigureAwait(false);
            StartIfNotStarted();
        }

        if (Mode == ResponseMode.Discarding)
        {
            return count;
        }

        if (Mode == ResponseMode.Chunked)
        {
            return await FileCopy.ToWriterAsync(this, file, offset, count, cancellationToken).ConfigureAwait(false);
        }

        if (PromisedLength is { } length && Written + count > length)
        {
            throw LongerThan(length, Written + count);
        }

        var sent = await Output.SendFileForHandlerAsync(Exchange, file, offset, count, cancellationToken).ConfigureAwait(false);
        Written += sent;
        return sent;
    }

    /// <summary>The response has been sent to its end, or will not be: nothing of it can be written any more.</summary>
    public void End() => (IsCompleted, HasStarted) = (true, true);

    public override void CancelPendingFlush() => Output.Writer.CancelPendingFlush();

    /// <summary>Nothing more will be written. The response itself ends with the handler.</summary>
    public override void Complete(Exception? exception = null)
    {
        IsCompleted = true;
        Fault ??= exception;
    }

    private async ValueTask<FlushResult> StartAndFlushAsync(CancellationToken cancellationToken)
    {
        await RunStartingAsync().ConfigureAwait(false);
        StartIfNotStarted();
        _chunks.Close(Output);
        return await Output.FlushForHandlerAsync(Exchange, cancellationToken).ConfigureAwait(false);
    }

    // A callback that was waited for may have started it.
    private void StartIfNotStarted()
    {
        if (!HasStarted)
        {
            Start(handlerHasEnded: false);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Memory<byte> GetOtherMemory(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        var isDiscarding = IsDiscarding;
        if (!isDiscarding && !HasStarted && Response.ContentLength is not null && !IsStartDue)
        {
            Start(handlerHasEnded: false);
        }

        return Mode switch
        {
            _ when isDiscarding => Held.GetMemory(Math.Max(1, sizeHint)),
            ResponseMode.Plain => Output.Writer.GetMemory(sizeHint),
            ResponseMode.Chunked => _chunks.GetMemory(Output, sizeHint),
            _ => Held.GetMemory(Math.Max(1, sizeHint)),
        };
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AdvanceOther(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (IsDiscarding)
        {
            return;
        }

        if ((HasStarted || Mode == ResponseMode.Prepared ? PromisedLength : Response.ContentLength) is { } length && Written + bytes > length)
        {
            throw LongerThan(length, Written + bytes);
        }

        Written += bytes;
        switch (Mode)
        {
            case ResponseMode.Buffering or ResponseMode.HoldingBack:
                Held.Advance(bytes);
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
    private void Start(bool handlerHasEnded, bool isWhole = false)
    {
        if (!handlerHasEnded)
        {
            Exchange.RequestBody.ThrowIfArrivedIsMalformed();
        }

        if (Mode == ResponseMode.Prepared)
        {
            SendPrepared();
            return;
        }

        var status = Response.StatusCode;
        var framing = ResponseFraming.None;
        PromisedLength = Response.ContentLength;
        if (!StatusLine.AllowsBody(status))
        {
            ThrowIfStatusHasNoBody(Held.Length);
            // A 304 may tell the length that the 200 would have had; a 205 must say that it has none; a 204 says nothing.
            PromisedLength = status switch { 205 => 0, 304 => PromisedLength, _ => null };
            framing = PromisedLength is null ? ResponseFraming.None : ResponseFraming.ContentLength;
            Mode = ResponseMode.Discarding;
        }
        else
        {
            if ((handlerHasEnded || isWhole) && (Exchange.IsHttp10 || Exchange.ExistingExtras is not { HasTrailers: true }))
            {
                PromisedLength ??= Held.Length; // trailers have a place behind chunks only
            }

            if (PromisedLength is not null)
            {
                (framing, Mode) = (ResponseFraming.ContentLength, ResponseMode.Plain);
            }
            else if (Exchange.IsHttp10)
            {
                // No chunks in 1.0: the end of the connection is the end of the body.
                Mode = ResponseMode.Plain;
                Exchange.CloseAfterResponse();
            }
            else
            {
                (framing, Mode) = (ResponseFraming.Chunked, ResponseMode.Chunked);
            }

            if (Exchange.IsHeadRequest)
            {
                Mode = ResponseMode.Discarding;
            }
        }

        HasStarted = true;
        Exchange.WriteResponseHead(framing, PromisedLength ?? 0, handlerHasEnded);
        if (Mode is ResponseMode.Plain or ResponseMode.Chunked && Held.Length > 0)
        {
            // Written before; Written has them already.
            if (Mode == ResponseMode.Plain)
            {
                Output.Writer.Write(Held.Span);
            }
            else
            {
                Held.Span.CopyTo(_chunks.GetMemory(Output, Held.Length).Span);
                _chunks.Advance(Held.Length);
            }
        }

        Held.Clear();
    }
}
